import type { Verdict } from './plugin.ts'

/**
 * The text of a FailedScheduling event and of the PodScheduled condition: how many nodes there are, and each reason
 * with the number of nodes it holds for. Clients and people grep for these.
 */
export function fitErrorMessage(
  nodeCount: number,
  rejected: ReadonlyMap<string, Verdict>,
  more: { preFilter?: string; postFilter?: string } = {},
): string {
  const counts = new Map<string, number>()
  for (const verdict of rejected.values())
    for (const reason of verdict.reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const reasons = [...counts].map(([reason, count]) => `${count} ${reason}`).sort()
  const why = more.preFilter ?? reasons.join(', ')
  const head = `0/${nodeCount} nodes are available:`
  const body = why === '' ? '' : ` ${why}.`
  const tail = more.postFilter === undefined || more.postFilter === '' ? '' : ` ${more.postFilter}`
  return `${head}${body}${tail}`
}
