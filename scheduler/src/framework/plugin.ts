import type { V1Pod } from '@kapell/openapi/types'
import type { CycleState } from './cycle-state.ts'
import type { NodeInfo } from './node-info.ts'
import type { PodInfo } from './pod-info.ts'
import type { Rejected } from './rejections.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * The extension points of a scheduling cycle, by upstream's names and in their order. A plug-in is a plain object with
 * those it takes part in. Source: "Scheduling Framework".
 */
export interface Plugin {
  readonly name: string
  /**
   * Set when `filter` and `score` look at nothing but the pod's signature and the one node (no cycle state): their
   * answers are kept until the node changes. Such plug-ins' filters run before all others. `normalize` must make equal
   * numbers of equal ones.
   */
  readonly local?: true
  /** Undefined: the pod may enter the queue. */
  preEnqueue?: (pod: V1Pod) => Verdict | undefined
  /** Returning 'skip' leaves this plug-in's filter out of the cycle. */
  preFilter?: (state: CycleState, pod: PodInfo, snapshot: Snapshot) => PreFilterResult | Verdict | 'skip' | undefined
  filter?: (state: CycleState, pod: PodInfo, node: NodeInfo) => Verdict | undefined
  /** Nothing fitted: make room, or say why that is impossible. */
  postFilter?: (state: CycleState, pod: PodInfo, snapshot: Snapshot, rejected: Rejected) => PostFilterResult
  /** Returning 'skip' leaves this plug-in's score out of the cycle. */
  preScore?: (state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot) => 'skip' | undefined
  /** 0 to 100, or anything when `normalize` follows. */
  score?: (state: CycleState, pod: PodInfo, node: NodeInfo) => number
  /** Brings scores, in the order of the nodes, into 0 to 100. */
  normalize?: (state: CycleState, pod: PodInfo, scores: number[], nodes: readonly NodeInfo[]) => void
  /** The pod goes to this node: what that takes is taken at once, before the next pod's cycle. */
  reserve?: (state: CycleState, pod: PodInfo, nodeName: string) => Verdict | undefined
  /** It does not go there after all. Called for every plug-in, whether its `reserve` was reached or not. */
  unreserve?: (state: CycleState, pod: PodInfo, nodeName: string) => void
  /** Holds the binding back until it resolves; a verdict, or a rejection, gives the node up. Undefined: nothing to wait for. */
  permit?: (state: CycleState, pod: PodInfo, nodeName: string) => Promise<Verdict | void> | undefined
  /** What must be done before the pod is bound. Undefined: nothing. */
  preBind?: (state: CycleState, pod: PodInfo, nodeName: string) => Promise<Verdict | void> | undefined
  /** For people: what exactly it refused the node for, and so what would have to change. */
  details?: (pod: PodInfo, node: NodeInfo) => readonly string[]
  /** Which changes in the cluster may make a pod fit that this plug-in rejected. */
  queueingHints?: readonly QueueingHint[]
}

/** Why a pod cannot go somewhere. */
export interface Verdict {
  /** 'unresolvable': removing pods from the node would not help. 'error': nobody can say, and the cycle ends. */
  code: 'unschedulable' | 'unresolvable' | 'error'
  plugin: string
  reasons: readonly string[]
}

export interface PreFilterResult {
  /** Only these nodes can fit. */
  nodeNames: ReadonlySet<string>
}

export interface PostFilterResult {
  nominatedNodeName?: string
  /** What makes room, there or in general; begun at once, and not waited for. */
  makingRoom?: Promise<void>
  /** How many pods have to go for it. */
  victims?: number
  /** It failed, and nobody else is asked. */
  isFinal?: true
  /** Others have to be asked first: this is what it comes to. */
  later?: Promise<PostFilterResult>
  /** Appended to the event's text. */
  message: string
}

/** A kind of change, and whether a given one is worth another try. */
export interface QueueingHint {
  event: ClusterEvent
  /** Absent: always. */
  isUseful?: (pod: V1Pod, before: unknown, after: unknown) => boolean
}

type Kind =
  | 'PersistentVolumeClaim'
  | 'PersistentVolume'
  | 'StorageClass'
  | 'CSINode'
  | 'CSIDriver'
  | 'CSIStorageCapacity'
  | 'ResourceClaim'
  | 'ResourceSlice'
  | 'DeviceClass'

export type ClusterEvent =
  | 'NodeAdd'
  | 'NodeUpdate'
  | 'NodeDelete'
  | 'AssignedPodAdd'
  | 'AssignedPodUpdate'
  | 'AssignedPodDelete'
  | 'PodUpdate'
  | `${Kind}${'Add' | 'Update'}`
  | 'ResourceClaimDelete'

export function unschedulable(plugin: string, ...reasons: string[]): Verdict {
  return { code: 'unschedulable', plugin, reasons }
}

export function unresolvable(plugin: string, ...reasons: string[]): Verdict {
  return { code: 'unresolvable', plugin, reasons }
}

/** A plug-in could not say whether the pod fits; the message is upstream's. */
export class PluginError extends Error {}

export function isVerdict(value: PreFilterResult | Verdict | 'skip' | undefined): value is Verdict {
  return typeof value === 'object' && 'code' in value
}

export const maxNodeScore = 100
