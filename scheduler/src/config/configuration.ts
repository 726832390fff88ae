import type { PluginArgs } from '../plugins/index.ts'

/** What a `KubeSchedulerConfiguration` comes to. Source: "Scheduler Configuration", kubescheduler.config.k8s.io/v1. */
export interface SchedulerConfiguration {
  profiles: readonly Profile[]
  /** 1 to 100: so many of all nodes are enough to choose among. 0, the default: all are looked at. */
  percentageOfNodesToScore: number
  podInitialBackoffSeconds: number
  podMaxBackoffSeconds: number
  extenders: readonly ExtenderConfiguration[]
}

/** Pods that name this scheduler are placed by these plug-ins. */
export interface Profile {
  schedulerName: string
  percentageOfNodesToScore?: number
  plugins: Partial<Record<PluginPoint, PluginSet>>
  args: PluginArgs
}

export interface PluginSet {
  enabled: readonly { name: string; weight?: number }[]
  /** '*' is all. */
  disabled: readonly string[]
}

export const pluginPoints = [
  'multiPoint',
  'preEnqueue',
  'queueSort',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const
export type PluginPoint = (typeof pluginPoints)[number]

/** A process that has a say by HTTP. Source: "Scheduler Configuration", Extender. */
export interface ExtenderConfiguration {
  urlPrefix: string
  filterVerb: string
  prioritizeVerb: string
  bindVerb: string
  preemptVerb: string
  /** What its scores, 0 to 10, count. */
  weight: number
  httpTimeoutMs: number
  /** Gets names of nodes instead of whole nodes. */
  nodeCacheCapable: boolean
  /** Asked only for pods that request one of these; empty: for all. */
  managedResources: readonly { name: string; ignoredByScheduler: boolean }[]
  /** A pod is placed even when it does not answer. */
  ignorable: boolean
}

export const defaultConfiguration: SchedulerConfiguration = {
  profiles: [{ schedulerName: 'default-scheduler', plugins: {}, args: {} }],
  percentageOfNodesToScore: 0,
  podInitialBackoffSeconds: 1,
  podMaxBackoffSeconds: 10,
  extenders: [],
}
