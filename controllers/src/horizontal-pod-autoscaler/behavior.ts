import type { V2HorizontalPodAutoscaler, V2HPAScalingRules } from '@kapell/openapi/types'

/** How fast the size may change. Source: concepts page "Horizontal Pod Autoscaling", "Configurable scaling behavior". */
export interface Rules {
  stabilizationMs: number
  select: 'Max' | 'Min' | 'Disabled'
  policies: { type: string; value: number; periodSeconds: number }[]
}

const upDefault: Rules = {
  stabilizationMs: 0,
  select: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
}
const downDefault: Rules = {
  stabilizationMs: 300_000,
  select: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
}

export function rulesOf({ spec }: V2HorizontalPodAutoscaler): { up: Rules; down: Rules } {
  return { up: merge(spec?.behavior?.scaleUp, upDefault), down: merge(spec?.behavior?.scaleDown, downDefault) }
}

function merge(rules: V2HPAScalingRules | undefined, standard: Rules): Rules {
  const { stabilizationWindowSeconds: seconds, selectPolicy, policies = [] } = rules ?? {}
  return {
    stabilizationMs: seconds === undefined ? standard.stabilizationMs : seconds * 1000,
    select: (selectPolicy as Rules['select'] | undefined) ?? standard.select,
    policies: policies.length === 0 ? standard.policies : policies,
  }
}

export interface ScaleEvent {
  atMs: number
  /** Pods more; fewer when negative. */
  change: number
}
export interface Recommendation {
  atMs: number
  replicas: number
}

/** What is remembered of one autoscaler. */
export interface History {
  recommendations: Recommendation[]
  events: ScaleEvent[]
}

export interface Normalized {
  replicas: number
  /** A condition to tell; the first concerns stabilisation, the second limits. */
  stabilized: 'ScaleUpStabilized' | 'ScaleDownStabilized' | undefined
  limited: 'ScaleUpLimit' | 'ScaleDownLimit' | 'TooManyReplicas' | 'TooFewReplicas' | undefined
}

/** The size to take: held by the recommendations of the window, by the rates, and by the bounds. */
export function normalize(options: {
  wanted: number
  current: number
  min: number
  max: number
  rules: { up: Rules; down: Rules }
  history: History
  nowMs: number
}): Normalized {
  const { wanted, current, min, max, rules, history, nowMs } = options
  const held = stabilize(wanted, current, rules, history, nowMs)
  const stabilized = held === wanted ? undefined : held < wanted ? 'ScaleUpStabilized' : 'ScaleDownStabilized'
  if (held > current) {
    const limit = Math.max(upLimit(current, rules.up, history.events, nowMs), current)
    const allowed = Math.min(max, limit)
    if (held > allowed)
      return { replicas: allowed, stabilized, limited: limit < max ? 'ScaleUpLimit' : 'TooManyReplicas' }
  } else if (held < current) {
    const limit = Math.min(downLimit(current, rules.down, history.events, nowMs), current)
    const allowed = Math.max(min, limit)
    if (held < allowed)
      return { replicas: allowed, stabilized, limited: limit > min ? 'ScaleDownLimit' : 'TooFewReplicas' }
  }
  if (held > max) return { replicas: max, stabilized, limited: 'TooManyReplicas' }
  if (held < min) return { replicas: min, stabilized, limited: 'TooFewReplicas' }
  return { replicas: held, stabilized, limited: undefined }
}

/** Growing waits for the lowest, shrinking for the highest recommendation of its window. */
function stabilize(
  wanted: number,
  current: number,
  { up, down }: { up: Rules; down: Rules },
  history: History,
  nowMs: number,
): number {
  let lowest = wanted
  let highest = wanted
  for (const { atMs, replicas } of history.recommendations) {
    if (nowMs - atMs < up.stabilizationMs) lowest = Math.min(lowest, replicas)
    if (nowMs - atMs < down.stabilizationMs) highest = Math.max(highest, replicas)
  }
  const longest = Math.max(up.stabilizationMs, down.stabilizationMs)
  history.recommendations = history.recommendations.filter(({ atMs }) => nowMs - atMs < longest)
  history.recommendations.push({ atMs: nowMs, replicas: wanted })
  let held = current
  if (held < lowest) held = lowest
  if (held > highest) held = highest
  return held
}

/** Pods by which the size changed in this direction within the period. */
function changed(events: readonly ScaleEvent[], periodSeconds: number, nowMs: number, direction: 1 | -1): number {
  return events
    .filter(({ atMs, change }) => nowMs - atMs < periodSeconds * 1000 && Math.sign(change) === direction)
    .reduce((sum, { change }) => sum + Math.abs(change), 0)
}

function upLimit(current: number, rules: Rules, events: readonly ScaleEvent[], nowMs: number): number {
  if (rules.select === 'Disabled') return current
  const limits = rules.policies.map(({ type, value, periodSeconds }) => {
    const start = current - changed(events, periodSeconds, nowMs, 1) + changed(events, periodSeconds, nowMs, -1)
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100))
  })
  return rules.select === 'Min' ? Math.min(...limits) : Math.max(...limits)
}

function downLimit(current: number, rules: Rules, events: readonly ScaleEvent[], nowMs: number): number {
  if (rules.select === 'Disabled') return current
  const limits = rules.policies.map(({ type, value, periodSeconds }) => {
    const start = current + changed(events, periodSeconds, nowMs, -1) - changed(events, periodSeconds, nowMs, 1)
    return type === 'Pods' ? start - value : Math.floor(start * (1 - value / 100))
  })
  return rules.select === 'Min' ? Math.max(...limits) : Math.min(...limits)
}
