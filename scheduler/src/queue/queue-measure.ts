export interface QueueMeasure {
  /** A pod entered a queue; `event`: why, by upstream's names. */
  incoming(queue: 'active' | 'backoff' | 'unschedulable', event: string): void
  /** A plug-in was asked whether an event is of use. */
  hint?: (plugin: string, event: string, useful: boolean, seconds: number) => void
}

/** Pods that wait, of which profile, and which plug-ins refused them. */
export type PendingPods = Iterable<{ profile: string; rejectedBy: Iterable<string> }>
