import type { V1Node } from '@kapell/openapi/types'
import { podRequests } from '@kapell/controllers/machinery/placement/resources'
import type { ExtenderConfiguration } from '../config/configuration.ts'
import type { NodeInfo } from '../framework/node-info.ts'
import type { PodInfo } from '../framework/pod-info.ts'

/** What an extender lets pass, and why not the others. */
export interface ExtenderFilter {
  passed: readonly string[]
  failed: ReadonlyMap<string, { reason: string; resolvable: boolean }>
}

/** A process that has a say in where pods go. Source: "Scheduler Configuration", Extender; its wire format is upstream's. */
export interface Extender {
  readonly name: string
  readonly ignorable: boolean
  isInterested(pod: PodInfo): boolean
  /** Undefined: it does not filter. */
  filter?: (pod: PodInfo, nodes: readonly NodeInfo[]) => Promise<ExtenderFilter>
  /** What each node is worth to it, 0 to 10, times its weight. */
  prioritize?: (pod: PodInfo, nodes: readonly NodeInfo[]) => Promise<ReadonlyMap<string, number>>
  bind?: (pod: PodInfo, nodeName: string) => Promise<void>
}

/** More than this is no answer to a question about nodes. */
const maxAnswerBytes = 64 * 1024 * 1024

export function httpExtender(config: ExtenderConfiguration, signal: AbortSignal): Extender {
  const ask = async (verb: string, body: unknown): Promise<unknown> => {
    const answer = await fetch(`${config.urlPrefix}/${verb}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(config.httpTimeoutMs)]),
    })
    if (!answer.ok) throw new Error(`failed ${verb} with extender at URL ${config.urlPrefix}, code ${answer.status}`)
    const text = await answer.text()
    if (text.length > maxAnswerBytes) throw new Error(`extender at URL ${config.urlPrefix} answers too much`)
    return text.trim() === '' ? undefined : (JSON.parse(text) as unknown)
  }
  const args = (pod: PodInfo, nodes: readonly NodeInfo[]): object => ({
    pod: pod.pod,
    ...(config.nodeCacheCapable
      ? { nodenames: nodes.map(({ name }) => name) }
      : { nodes: { items: nodes.map(({ node }) => node) } }),
  })
  const managed = new Set(config.managedResources.map(({ name }) => name))
  return {
    name: config.urlPrefix,
    ignorable: config.ignorable,
    isInterested: ({ pod }) =>
      managed.size === 0 || [...podRequests(pod).scalar.keys()].some((name) => managed.has(name)),
    ...(config.filterVerb === ''
      ? {}
      : {
          filter: async (pod, nodes) => readFilter(await ask(config.filterVerb, args(pod, nodes)), config),
        }),
    ...(config.prioritizeVerb === ''
      ? {}
      : {
          prioritize: async (pod, nodes) => readScores(await ask(config.prioritizeVerb, args(pod, nodes)), config),
        }),
    ...(config.bindVerb === ''
      ? {}
      : {
          bind: async ({ pod, uid }, nodeName) => {
            const { name, namespace } = pod.metadata ?? {}
            const answer = await ask(config.bindVerb, {
              podName: name,
              podNamespace: namespace,
              podUID: uid,
              node: nodeName,
            })
            const error = (answer as { error?: string } | undefined)?.error ?? ''
            if (error !== '') throw new Error(error)
          },
        }),
  }
}

interface FilterAnswer {
  nodes?: { items?: V1Node[] } | null
  nodenames?: string[] | null
  failedNodes?: Record<string, string> | null
  failedAndUnresolvableNodes?: Record<string, string> | null
  error?: string
}

function readFilter(answer: unknown, { nodeCacheCapable, urlPrefix }: ExtenderConfiguration): ExtenderFilter {
  const { nodes, nodenames, failedNodes, failedAndUnresolvableNodes, error } = (answer ?? {}) as FilterAnswer
  if (error !== undefined && error !== '') throw new Error(error)
  const passed = nodeCacheCapable ? nodenames : nodes?.items?.map((node) => node.metadata?.name ?? '')
  if (passed !== undefined && passed !== null && !Array.isArray(passed))
    throw new Error(`extender at URL ${urlPrefix} answers no list of nodes`)
  const failed = new Map<string, { reason: string; resolvable: boolean }>()
  for (const [name, reason] of Object.entries(failedNodes ?? {})) failed.set(name, { reason, resolvable: true })
  for (const [name, reason] of Object.entries(failedAndUnresolvableNodes ?? {}))
    failed.set(name, { reason, resolvable: false })
  return { passed: passed ?? [], failed }
}

/** Extenders' scores go to 10, the framework's to 100. */
const scale = 10

function readScores(answer: unknown, { weight, urlPrefix }: ExtenderConfiguration): Map<string, number> {
  if (!Array.isArray(answer)) throw new Error(`extender at URL ${urlPrefix} answers no list of priorities`)
  const scores = (answer as { host?: string; score?: number }[]).map(({ host = '', score = 0 }): [string, number] => [
    host,
    score * weight * scale,
  ])
  return new Map(scores)
}
