import { printable } from './printable.js'

/**
 * What to do about an in-band error.
 *
 * - `resume`: wait with back-off and open a new session after the last complete fragment.
 * - `resume-point-lost`: the fragment to resume from is gone; a new session must start somewhere else, with a gap.
 * - `fail`: stop. The stream's key must be repaired first; a new session would meet the same error.
 */
export type ServiceErrorAction = 'resume' | 'resume-point-lost' | 'fail'

/** One row of {@link SERVICE_ERRORS}. */
export interface ServiceErrorDefinition {
  /** The text of ERROR_CODE, and the value of {@link ServiceError.code} when the service sent an ID only. */
  readonly code: string
  /** What happened, in the words of the AWS documentation. */
  readonly meaning: string
  /** What to do by default. */
  readonly action: ServiceErrorAction
  /** What a person can do about it: one sentence, the second half of {@link ServiceError.message}. */
  readonly remedy: string
}

const RESUME_REMEDY = 'Open a new session after the last complete fragment, with back-off.'
const LOST_REMEDY =
  'The fragment has expired or was never stored: start from EARLIEST or NOW and expect a gap.'

/**
 * The in-band errors that are known, by AWS_KINESISVIDEO_ERROR_ID. They arrive as tags in a response of HTTP status 200.
 *
 * IDs and meanings are those of the GetMedia page, except 3000, which is not documented: GetMediaForFragmentList sends it
 * with the code FRAGMENT_NOT_FOUND (aws/aws-sdk-js issue 3217). The GetMedia page gives no code texts. Those of 4500 to
 * 4506 and 5000 are the names the PutMedia page has for the same errors; WRITE_ERROR and REQUESTED_FRAGMENT_NOT_FOUND are
 * this package's own. What the service really sends goes before the table.
 *
 * @see https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_dataplane_GetMedia.html
 * @see https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_dataplane_PutMedia.html
 */
export const SERVICE_ERRORS: ReadonlyMap<number, ServiceErrorDefinition> = new Map([
  [3000, row('FRAGMENT_NOT_FOUND', 'Fragment not found', 'resume-point-lost', LOST_REMEDY)],
  [3002, row('WRITE_ERROR', 'Error writing to the stream', 'resume', RESUME_REMEDY)],
  [
    4000,
    row(
      'REQUESTED_FRAGMENT_NOT_FOUND',
      'Requested fragment is not found',
      'resume-point-lost',
      LOST_REMEDY,
    ),
  ],
  [
    4500,
    row(
      'KMS_KEY_ACCESS_DENIED',
      "Access denied for the stream's KMS key",
      'fail',
      'Allow kms:Decrypt on the key of the stream to the caller.',
    ),
  ],
  [
    4501,
    row(
      'KMS_KEY_DISABLED',
      "Stream's KMS key is disabled",
      'fail',
      'Enable the key of the stream again.',
    ),
  ],
  [
    4502,
    row(
      'KMS_KEY_VALIDATION_ERROR',
      "Validation error on the stream's KMS key",
      'fail',
      'Check the key of the stream with DescribeStream and kms:DescribeKey.',
    ),
  ],
  [
    4503,
    row(
      'KMS_KEY_UNAVAILABLE',
      'KMS key specified in the stream is unavailable',
      'resume',
      RESUME_REMEDY,
    ),
  ],
  [
    4504,
    row(
      'KMS_KEY_INVALID_USAGE',
      'Invalid usage of the KMS key specified in the stream',
      'fail',
      'Give the stream a symmetric key whose usage is ENCRYPT_DECRYPT.',
    ),
  ],
  [
    4505,
    row(
      'KMS_KEY_INVALID_STATE',
      'Invalid state of the KMS key specified in the stream',
      'fail',
      'Bring the key of the stream back to the state Enabled.',
    ),
  ],
  [
    4506,
    row(
      'KMS_KEY_NOT_FOUND',
      'Unable to find the KMS key specified in the stream',
      'fail',
      'Cancel the deletion of the key; what it encrypted cannot be read without it.',
    ),
  ],
  [5000, row('INTERNAL_ERROR', 'Internal error', 'resume', RESUME_REMEDY)],
])

function row(
  code: string,
  meaning: string,
  action: ServiceErrorAction,
  remedy: string,
): ServiceErrorDefinition {
  return { code, meaning, action, remedy }
}

const UNKNOWN_ERROR: ServiceErrorDefinition = {
  code: 'UNKNOWN',
  meaning: 'An error that is not in the AWS documentation',
  action: 'resume',
  remedy: RESUME_REMEDY,
}

/** The facts a {@link ServiceError} is made of. */
export interface ServiceErrorFacts {
  /** The ERROR_ID; `undefined` when none, or none that is a number, was sent. */
  readonly id: number | undefined
  /** The ERROR_CODE; `undefined` when none was sent. */
  readonly code: string | undefined
  /** The fragment the error names; `undefined` when it names none. */
  readonly fragmentNumber: string | undefined
  /** What the service said in words, for the message; nothing by default. */
  readonly sentence?: string | undefined
}

/**
 * An error that the service reported inside the stream. It says nothing about the bytes around it: fragments before it
 * are whole, and the service closes the response after it.
 *
 * The message is the cause, then the remedy. Where the service sent a sentence for a code, as EXCEPTION_MESSAGE may be, the
 * sentence stands in the message. Remote text in it, and in `code` and `fragmentNumber`, is cut to 128 UTF-16 units and
 * stripped of control and formatting characters: safe for a log and a terminal.
 */
export class ServiceError extends Error {
  /** AWS_KINESISVIDEO_ERROR_ID; `undefined` when none, or none that is a number, was sent. */
  readonly id: number | undefined
  /**
   * AWS_KINESISVIDEO_ERROR_CODE; the code of {@link SERVICE_ERRORS} when none, or a sentence, was sent; `UNKNOWN` for an
   * unknown ID.
   */
  readonly code: string
  /** The fragment the error names, as text; `undefined` when it names none. */
  readonly fragmentNumber: string | undefined
  /** Whether a new session can succeed without a change of the stream or its key: `action` is not `fail`. */
  readonly retryable: boolean
  /** What to do by default. An ID or code that is not known gives `resume`. */
  readonly action: ServiceErrorAction

  constructor(facts: ServiceErrorFacts) {
    const sentCode = facts.code === undefined ? '' : printable(facts.code)
    const definition = findDefinition(facts.id, sentCode)
    const code = sentCode === '' ? definition.code : sentCode
    const fragmentNumber =
      facts.fragmentNumber === undefined ? undefined : printable(facts.fragmentNumber)
    const where = fragmentNumber === undefined ? '' : ` at fragment ${fragmentNumber}`
    const id = facts.id === undefined ? '' : ` ${facts.id}`
    const sentence = facts.sentence === undefined ? '' : ` ("${printable(facts.sentence)}")`
    super(
      `Kinesis Video Streams reported error${id} ${code}${where}: ${definition.meaning}${sentence}. ${definition.remedy}`,
    )
    this.name = 'ServiceError'
    this.id = facts.id
    this.code = code
    this.fragmentNumber = fragmentNumber
    this.action = definition.action
    this.retryable = definition.action !== 'fail'
  }
}

/**
 * Makes a {@link ServiceError} out of the texts of the error tags, whichever of them were sent: ERROR_ID and ERROR_CODE,
 * or EXCEPTION_ERROR_CODE and EXCEPTION_MESSAGE of GetMediaForFragmentList. Total: any texts give an error, none throws.
 *
 * A number counts as the ID and any other text as the code, in whichever tag they stand, but a text of several words is a
 * sentence for the message; a code that came alone is looked up in {@link SERVICE_ERRORS} by its text.
 */
export function createServiceError(
  idText: string | undefined,
  codeText: string | undefined,
  fragmentNumber: string | undefined,
): ServiceError {
  const id = readId(idText) ?? readId(codeText)
  let code: string | undefined
  let sentence: string | undefined
  // The code tag first: what the ID tag holds, when it is no number, counts where that one says nothing.
  for (const text of [codeText, idText]) {
    const said = printable(text ?? '').trim()
    if (said === '' || readId(said) !== undefined) continue
    if (/\s/.test(said)) sentence ??= said
    else code ??= said
  }
  return new ServiceError({ id, code, fragmentNumber, sentence })
}

// Nine digits: always a safe integer. Documented IDs have four.
function readId(text: string | undefined): number | undefined {
  const digits = /^\s{0,8}(\d{1,9})\s{0,8}$/.exec(text ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}

function findDefinition(id: number | undefined, code: string): ServiceErrorDefinition {
  if (id !== undefined) return SERVICE_ERRORS.get(id) ?? UNKNOWN_ERROR
  for (const definition of SERVICE_ERRORS.values()) {
    if (definition.code === code) return definition
  }
  return UNKNOWN_ERROR
}
