import type { Verdict } from './plugin.ts'

/**
 * The text of a FailedScheduling event and of the PodScheduled condition: how many nodes there are, and each reason
 * with the number of nodes it holds for. Clients and people grep for these.
 */
export function fitErrorMessage(
  nodeCount: number,
  rejected: Iterable<Verdict>,
  more: { preFilter?: string; postFilter?: string } = {},
): string {
  const reasons = [...countsOf(rejected)].map(([reason, count]) => `${count} ${reason}`).sort()
  const why = more.preFilter ?? reasons.join(', ')
  const head = `0/${nodeCount} nodes are available:`
  const body = why === '' ? '' : ` ${why}.`
  const tail = more.postFilter === undefined || more.postFilter === '' ? '' : ` ${more.postFilter}`
  return `${head}${body}${tail}`
}

/** Neighbours mostly say the same: the map is asked when that changes. */
function countsOf(rejected: Iterable<Verdict>): Map<string, number> {
  const counts = new Map<string, number>()
  let last = ''
  let run = 0
  const add = (reason: string, times: number): void => {
    if (times > 0) counts.set(reason, (counts.get(reason) ?? 0) + times)
  }
  for (const { reasons } of rejected) {
    const [first = ''] = reasons
    if (reasons.length === 1 && first === last) run++
    else {
      add(last, run)
      run = 0
      if (reasons.length === 1) [last, run] = [first, 1]
      else for (const reason of reasons) add(reason, 1)
    }
  }
  add(last, run)
  return counts
}
