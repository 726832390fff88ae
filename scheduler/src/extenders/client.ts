import { podRequests } from '@kapell/controllers/machinery/placement/resources'
import type { ExtenderConfiguration } from '../config/configuration.ts'
import type { NodeInfo } from '../framework/node-info.ts'
import type { PodInfo } from '../framework/pod-info.ts'
import type { ExtenderVictims, PreemptingExtender } from '../plugins/preemption/ask-extenders.ts'
import { entriesOf, listOf, named, numberOf, textOf } from './wire.ts'

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
  /** Has a say in whom a pod may push out. */
  preempt?: PreemptingExtender['preempt']
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
    Pod: pod.pod,
    Nodes: config.nodeCacheCapable ? null : { metadata: {}, items: nodes.map(({ node }) => node) },
    NodeNames: config.nodeCacheCapable ? nodes.map(({ name }) => name) : null,
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
    ...(config.preemptVerb === ''
      ? {}
      : {
          preempt: async (pod, candidates) =>
            readVictims(await ask(config.preemptVerb, victimsArgs(config, pod, candidates))),
        }),
    ...(config.bindVerb === ''
      ? {}
      : {
          bind: async ({ pod, uid }, nodeName) => {
            const { name, namespace } = pod.metadata ?? {}
            const answer = await ask(config.bindVerb, {
              PodName: name,
              PodNamespace: namespace,
              PodUID: uid,
              Node: nodeName,
            })
            const error = textOf(named(answer, 'error')['error'])
            if (error !== '') throw new Error(error)
          },
        }),
  }
}

function readFilter(answer: unknown, { nodeCacheCapable, urlPrefix }: ExtenderConfiguration): ExtenderFilter {
  const said = named(answer, 'nodes', 'nodeNames', 'failedNodes', 'failedAndUnresolvableNodes', 'error')
  const error = textOf(said['error'])
  if (error !== '') throw new Error(error)
  const list = nodeCacheCapable ? said['nodeNames'] : named(said['nodes'], 'items')['items']
  if (list !== undefined && !Array.isArray(list))
    throw new Error(`extender at URL ${urlPrefix} answers no list of nodes`)
  const nameOf = (one: unknown): string =>
    nodeCacheCapable ? textOf(one) : textOf(named(named(one, 'metadata')['metadata'], 'name')['name'])
  const failed = new Map<string, { reason: string; resolvable: boolean }>()
  for (const [name, reason] of entriesOf(said['failedNodes']))
    failed.set(name, { reason: textOf(reason), resolvable: true })
  for (const [name, reason] of entriesOf(said['failedAndUnresolvableNodes']))
    failed.set(name, { reason: textOf(reason), resolvable: false })
  return { passed: listOf(list).map(nameOf), failed }
}

type Candidates = Parameters<NonNullable<Extender['preempt']>>[1]

function victimsArgs({ nodeCacheCapable }: ExtenderConfiguration, pod: PodInfo, candidates: Candidates): object {
  const of = (write: (pod: PodInfo) => unknown): object =>
    Object.fromEntries(
      [...candidates].map(([name, { pods, violations }]) => [
        name,
        { Pods: pods.map(write), NumPDBViolations: violations },
      ]),
    )
  return {
    Pod: pod.pod,
    NodeNameToVictims: nodeCacheCapable ? null : of((victim) => victim.pod),
    NodeNameToMetaVictims: nodeCacheCapable ? of(({ uid }) => ({ UID: uid })) : null,
  }
}

function readVictims(answer: unknown): Map<string, ExtenderVictims> {
  const nodes = entriesOf(named(answer, 'nodeNameToMetaVictims')['nodeNameToMetaVictims'])
  return new Map(
    nodes.map(([name, victims]): [string, ExtenderVictims] => {
      const { pods, numPDBViolations } = named(victims, 'pods', 'numPDBViolations')
      const uids = listOf(pods).map((pod) => textOf(named(pod, 'uid')['uid']))
      return [name, { uids, violations: numberOf(numPDBViolations) }]
    }),
  )
}

/** Extenders' scores go to 10, the framework's to 100. */
const scale = 10

function readScores(answer: unknown, { weight, urlPrefix }: ExtenderConfiguration): Map<string, number> {
  if (!Array.isArray(answer)) throw new Error(`extender at URL ${urlPrefix} answers no list of priorities`)
  const scores = answer.map((one): [string, number] => {
    const { host, score } = named(one, 'host', 'score')
    return [textOf(host), numberOf(score) * weight * scale]
  })
  return new Map(scores)
}
