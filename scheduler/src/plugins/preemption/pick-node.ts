import { startedAt, type Victims } from './victims.ts'

export interface Candidate {
  nodeName: string
  victims: Victims
}

/**
 * Where preemption hurts least: fewest budget violations, then the lowest of the highest victim priorities, then the
 * smallest sum of priorities, then fewest victims, then the most important victims having started latest.
 * Source: "Pod Priority and Preemption".
 */
export function pickNode(candidates: readonly Candidate[]): Candidate | undefined {
  return [...candidates].sort(
    (a, b) =>
      a.victims.violations - b.victims.violations ||
      highestPriority(a) - highestPriority(b) ||
      sumOfPriorities(a) - sumOfPriorities(b) ||
      a.victims.pods.length - b.victims.pods.length ||
      earliestStartOfHighest(b).localeCompare(earliestStartOfHighest(a)),
  )[0]
}

function highestPriority({ victims }: Candidate): number {
  return Math.max(...victims.pods.map((pod) => pod.priority))
}

/** Shifted to be positive, so that many negative priorities do not look like few. */
function sumOfPriorities({ victims }: Candidate): number {
  return victims.pods.reduce((sum, pod) => sum + pod.priority + 2 ** 31, 0)
}

function earliestStartOfHighest(candidate: Candidate): string {
  const highest = highestPriority(candidate)
  const starts = candidate.victims.pods.filter((pod) => pod.priority === highest).map(startedAt)
  return starts.sort()[0] ?? ''
}
