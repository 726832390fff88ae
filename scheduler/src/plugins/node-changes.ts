import type { V1Node, V1Pod } from '@kapell/openapi/types'
import type { QueueingHint } from '../framework/plugin.ts'

/**
 * What of a node changed. Signs of life change nodes all the time: a pod that was refused is tried again only when the
 * part changed that it was refused for. Source: KEP-4247.
 */
type IsUseful = NonNullable<QueueingHint['isUseful']>

export const labelsChange: IsUseful = (_pod, before, after) => differ(before, after, ({ metadata }) => metadata?.labels)
export const taintsChange: IsUseful = (_pod, before, after) => differ(before, after, ({ spec }) => spec?.taints)
export const allocatableChanges: IsUseful = (_pod, before, after) =>
  differ(before, after, ({ status }) => status?.allocatable)

/** Of a node that is new, or changed, so that `suits` holds now. */
export function suitsNow(suits: (pod: V1Pod, node: V1Node) => boolean): IsUseful {
  return (pod, before, after) => suits(pod, after as V1Node) && (before === undefined || !suits(pod, before as V1Node))
}

function differ(before: unknown, after: unknown, part: (node: V1Node) => unknown): boolean {
  return JSON.stringify(part(before as V1Node)) !== JSON.stringify(part(after as V1Node))
}
