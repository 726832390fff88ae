import type { NodeInfo } from './node-info.ts'

/**
 * The nodes a cycle looks at. It is a live view of the cache, not a copy: a cycle is synchronous up to its decision,
 * so nothing can change under its feet, and 5,000 nodes cost nothing to "copy".
 */
export interface Snapshot {
  readonly nodes: readonly NodeInfo[]
  get(name: string): NodeInfo | undefined
}
