import type { V1Node, V1Pod, V1Taint } from '@kapell/openapi/types'
import { unresolvable, maxNodeScore, type Plugin } from '../framework/plugin.ts'
import { largest } from '../framework/scoring.ts'
import { suitsNow } from './node-changes.ts'
import { tolerates } from './tolerations.ts'

const untolerated = (pod: V1Pod, node: V1Node): V1Taint | undefined =>
  node.spec?.taints?.find(
    (taint) =>
      (taint.effect === 'NoSchedule' || taint.effect === 'NoExecute') && !tolerates(pod.spec?.tolerations, taint),
  )
const becameTolerable = suitsNow((pod, node) => untolerated(pod, node) === undefined)

/** Keeps pods off tainted nodes, and prefers nodes with fewer taints of effect PreferNoSchedule. */
export const taintToleration: Plugin = {
  name: 'TaintToleration',
  local: true,
  filter: (_state, { pod }, { node }) => {
    if (untolerated(pod, node) === undefined) return undefined
    return unresolvable('TaintToleration', 'node(s) had untolerated taint(s)')
  },
  details: ({ pod }, { node }) =>
    (node.spec?.taints ?? [])
      .filter((taint) => taint.effect !== 'PreferNoSchedule' && !tolerates(pod.spec?.tolerations, taint))
      .map(({ key, value = '', effect }) => `not tolerated: ${key}${value === '' ? '' : `=${value}`}:${effect}`),
  score: (_state, { pod }, { node }) => {
    const tolerations = (pod.spec?.tolerations ?? []).filter(
      (t) => (t.effect ?? '') === '' || t.effect === 'PreferNoSchedule',
    )
    return (node.spec?.taints ?? []).filter((t) => t.effect === 'PreferNoSchedule' && !tolerates(tolerations, t)).length
  },
  normalize: (_state, _pod, scores) => invertToMax(scores),
  queueingHints: [
    { event: 'NodeAdd', isUseful: becameTolerable },
    { event: 'NodeUpdate', isUseful: becameTolerable },
  ],
}

/** The smaller the count, the better the score. */
function invertToMax(scores: number[]): void {
  const highest = Math.max(0, largest(scores))
  if (highest === 0) scores.fill(maxNodeScore)
  else
    for (let i = 0; i < scores.length; i++)
      scores[i] = maxNodeScore - Math.floor(((scores[i] ?? 0) * maxNodeScore) / highest)
}
