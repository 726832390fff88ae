import type { NodeInfo } from '../framework/node-info.ts'
import type { Nominations } from '../framework/nominations.ts'
import type { Verdict } from '../framework/plugin.ts'
import type { PodInfo } from '../framework/pod-info.ts'
import { noRejections, rejectionsOf } from '../framework/rejections.ts'
import type { Framework, Placement } from '../framework/runtime.ts'
import { bestOf } from '../framework/scoring.ts'
import type { Snapshot } from '../framework/snapshot.ts'
import type { Extender } from './client.ts'

/**
 * As {@link Framework.place}, with extenders having their say: each gets the nodes that those before it let pass. The
 * cluster goes on changing while they think, so that the node they end with is looked at once more.
 * @throws when an extender that may not be ignored fails.
 */
export async function placeWithExtenders(parts: {
  framework: Framework
  extenders: readonly Extender[]
  pod: PodInfo
  snapshot: Snapshot
  nominations: Nominations
  pickAmong: (count: number) => number
}): Promise<Placement> {
  const { framework, extenders, pod, snapshot, nominations, pickAmong } = parts
  const found = framework.find(pod, snapshot, nominations)
  const { state } = found
  if (found.feasible.length === 0) return found
  const refused = new Map<NodeInfo, Verdict>()
  let feasible = found.feasible
  for (const extender of extenders) {
    if (extender.filter === undefined || feasible.length === 0) continue
    const said = await ignoring(extender, () => extender.filter?.(pod, feasible))
    if (said === undefined) continue
    const passed = new Set(said.passed)
    for (const node of feasible)
      if (!passed.has(node.name)) refused.set(node, refusal(extender, said.failed.get(node.name)))
    feasible = feasible.filter((node) => passed.has(node.name))
  }
  if (feasible.length === 0) return { rejected: rejectionsOf(refused), state }
  const totals = framework.totals(pod, snapshot, { ...found, feasible })
  for (const extender of extenders) {
    const scores = await ignoring(extender, () => extender.prioritize?.(pod, feasible))
    feasible.forEach((node, i) => (totals[i] = (totals[i] ?? 0) + (scores?.get(node.name) ?? 0)))
  }
  const best = feasible[bestOf(totals, pickAmong)]
  const now = best === undefined ? undefined : snapshot.get(best.name)
  if (now === undefined) return { rejected: rejectionsOf(refused), state }
  const verdict = framework.verdictOn(pod, now, snapshot)
  return verdict === undefined
    ? { nodeName: now.name, rejected: noRejections, state }
    : { rejected: rejectionsOf(refused.set(now, verdict)), state }
}

async function ignoring<T>(extender: Extender, ask: () => Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (extender.ignorable) return undefined
    throw error
  }
}

function refusal(extender: Extender, why: { reason: string; resolvable: boolean } | undefined): Verdict {
  const code = why?.resolvable === false ? 'unresolvable' : 'unschedulable'
  return { code, plugin: extender.name, reasons: [why?.reason ?? `node(s) refused by extender ${extender.name}`] }
}
