/**
 * The other end of `end-to-end.ts`, in a process of its own: `node … end-to-end-server.js '{…}'`. Holds the streams that
 * the job names, prints one line of JSON and runs until its standard input ends.
 */
import { readFileSync } from 'node:fs'
import { createCertificate, fragmentsFromFile, startSimulator } from 'kvs-fragments/simulator'
import { inputNamed } from './inputs/store.js'
import type { FragmentInput, StreamOptions } from 'kvs-fragments/simulator'
import type { ServerFacts, ServerJob, StreamFacts } from './end-to-end.js'

const job = JSON.parse(process.argv[2]) as ServerJob
const stored = inputNamed(job.input)
const once = fragmentsFromFile(readFileSync(stored.path))

/** The input over and over; the simulator numbers the fragments anew, and holds each Cluster once. */
function stream(name: string, megabytes: number): StreamOptions & StreamFacts {
  const repeats = Math.ceil((megabytes * 1e6) / stored.expected.bytes)
  const fragments: FragmentInput[] = []
  for (let i = 0; i < repeats; i += 1) {
    fragments.push(
      ...once.map(({ preamble, cluster, trailer }) => ({ preamble, cluster, trailer })),
    )
  }
  return { name, fragments, repeats }
}

const streams = job.streams.map(({ name, megabytes }) => stream(name, megabytes))
const certificate = job.protocol === 'https' ? createCertificate() : undefined
const simulator = await startSimulator({
  streams,
  limits: { idleEndMs: 0, getMediaPerSecond: Infinity, getDataEndpointPerSecond: Infinity },
  ...(certificate && { tls: certificate }),
})
const facts: ServerFacts = {
  endpoint: simulator.endpoint,
  certificate: certificate?.cert,
  streams: streams.map(({ name, repeats }) => ({ name, repeats })),
}
console.log(JSON.stringify(facts))
process.stdin.resume().on('end', () => void simulator.close())
