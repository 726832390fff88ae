import type { ClusterEvent } from '../framework/plugin.ts'

/** Why a pod enters a queue: a change in the cluster, or what befell the pod itself. By upstream's names. */
export type IncomingEvent =
  | ClusterEvent
  | 'UnschedulablePodAdd'
  | 'UnschedulablePodUpdate'
  | 'ScheduleAttemptFailure'
  | 'BackoffComplete'
  | 'PopFromBackoffQ'
  | 'ForceActivate'
  | 'UnschedulableTimeout'

export interface QueueMeasure {
  incoming(queue: 'active' | 'backoff' | 'unschedulable', event: IncomingEvent): void
}

/** Pods that wait, of which profile, and which plug-ins refused them. */
export type PendingPods = Iterable<{ profile: string; rejectedBy: Iterable<string> }>
