// Properties are tried with the same inputs in every run, so that a failure is the change's own and can be repeated.
// `KVS_FRAGMENTS_SEED=12345` searches elsewhere; a failure prints its seed either way.
import fc from 'fast-check'

fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  seed: Number(process.env['KVS_FRAGMENTS_SEED'] ?? 9559),
})
