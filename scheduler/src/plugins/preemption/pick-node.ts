import type { Victims } from './victims.ts'

/**
 * Whether preemption hurts less by removing these: fewest budget violations, then the lowest of the highest victim priorities, then the
 * smallest sum of priorities, then fewest victims, then the most important victims having started latest.
 * Source: "Pod Priority and Preemption".
 */
export function hurtsLess(a: Victims, b: Victims): boolean {
  if (a.violations !== b.violations) return a.violations < b.violations
  if (a.highestPriority !== b.highestPriority) return a.highestPriority < b.highestPriority
  if (a.sumOfPriorities !== b.sumOfPriorities) return a.sumOfPriorities < b.sumOfPriorities
  if (a.pods.length !== b.pods.length) return a.pods.length < b.pods.length
  return a.earliestStart > b.earliestStart
}
