/**
 * Suites that check what users plug in.
 *
 * @packageDocumentation
 */
export { checkpointStoreContract } from './checkpoint-store-contract.js'
export type { CheckpointStoreContractOptions, ContractTest } from './checkpoint-store-contract.js'
