/**
 * A self-signed certificate for the loopback interface, so that the simulator can speak HTTPS
 * without any tool or file: X.509 version 3 (RFC 5280) with an ECDSA key, written in DER.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto'

/** What `SimulatorOptions.tls` takes. */
export interface Certificate {
  /** The private key in PEM. */
  readonly key: string
  /** The certificate in PEM; a client has to be told to trust it (`ca`, `NODE_EXTRA_CA_CERTS`). */
  readonly cert: string
}

const INTEGER = 0x02
const BIT_STRING = 0x03
const OCTET_STRING = 0x04
const UTF8_STRING = 0x0c
const GENERALIZED_TIME = 0x18
const SEQUENCE = 0x30
const SET = 0x31
const CONTEXT_0 = 0xa0
const CONTEXT_3 = 0xa3

// Object identifiers with their tag and length: RFC 5758 §3.2, X.520, RFC 5280 §4.2.1.
const ECDSA_WITH_SHA256 = fromHex('06082a8648ce3d040302')
const COMMON_NAME = fromHex('0603550403')
const SUBJECT_ALT_NAME = fromHex('0603551d11')
const BASIC_CONSTRAINTS = fromHex('0603551d13')
const TRUE = fromHex('0101ff')

/**
 * Makes a new key and a certificate for `127.0.0.1` and `localhost`, valid from 2020 to 2099. For
 * tests only: whoever trusts it trusts whoever has the key.
 */
export function createCertificate(): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const subjectPublicKey = publicKey.export({ type: 'spki', format: 'der' })
  const name = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from('kvs-fragments simulator')))),
  )
  const algorithm = der(SEQUENCE, ECDSA_WITH_SHA256)
  // The first bit of a positive INTEGER must be 0.
  const serial = createHash('sha256').update(subjectPublicKey).digest().subarray(0, 16)
  serial[0]! &= 0x7f
  serial[0]! |= 0x40
  const dns = der(0x82, Buffer.from('localhost'))
  const address = der(0x87, Buffer.of(127, 0, 0, 1))
  const extensions = der(
    SEQUENCE,
    // A certificate that is to be trusted by itself has to be an authority.
    der(SEQUENCE, BASIC_CONSTRAINTS, TRUE, der(OCTET_STRING, der(SEQUENCE, TRUE))),
    der(SEQUENCE, SUBJECT_ALT_NAME, der(OCTET_STRING, der(SEQUENCE, dns, address))),
  )
  const toBeSigned = der(
    SEQUENCE,
    der(CONTEXT_0, der(INTEGER, Buffer.of(2))),
    der(INTEGER, serial),
    algorithm,
    name,
    der(SEQUENCE, time('20200101000000Z'), time('20991231235959Z')),
    name,
    subjectPublicKey,
    der(CONTEXT_3, extensions),
  )
  const signature = sign('sha256', toBeSigned, privateKey)
  const certificate = der(SEQUENCE, toBeSigned, algorithm, der(BIT_STRING, Buffer.of(0), signature))
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem(certificate),
  }
}

/** One value in DER (X.690 §8.1): tag, length, content. */
function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  const { length } = body
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), body])
}

function time(text: string): Buffer {
  return der(GENERALIZED_TIME, Buffer.from(text))
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function fromHex(text: string): Buffer {
  return Buffer.from(text, 'hex')
}
