import type { KubeObject } from '@kapell/openapi/meta/object'
import { badRequest, notFound } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../../pipeline/context.ts'
import { queryFlag } from '../../pipeline/request-info.ts'
import type { ObjectAccess } from '../../registry/services.ts'
import type { Answer } from '../../server/answer.ts'
import { logOptions } from './log-options.ts'
import { agentOf } from './node-location.ts'
import { relayRequest, relayUpgrade, type RelayTarget } from './relay.ts'

/** Streams to and from a pod, which its node's agent serves: log, exec, attach, port-forward. */

export interface AgentTls {
  ca: string
  cert: string
  key: string
}

interface PodLike extends KubeObject {
  spec?: {
    nodeName?: string
    containers?: { name: string }[]
    initContainers?: { name: string }[]
    ephemeralContainers?: { name: string }[]
  }
}

const pods = { group: '', plural: 'pods' }

async function findPod(objects: ObjectAccess, context: RequestContext): Promise<PodLike> {
  const { name, namespace } = context.info
  const pod = await objects.getLatest<PodLike>(pods, { namespace, name })
  if (pod === undefined) throw notFound(pods, name)
  return pod
}

/** The container that is meant: as asked, or the only one. */
function containerOf(pod: PodLike, asked: string): string {
  const name = pod.metadata?.name ?? ''
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {}
  if (asked === '') {
    const only = containers[0]
    if (containers.length === 1 && initContainers.length + ephemeralContainers.length === 0 && only !== undefined)
      return only.name
    const preferred = pod.metadata?.annotations?.['kubectl.kubernetes.io/default-container']
    if (preferred !== undefined && containers.some((c) => c.name === preferred)) return preferred
    const all = [...initContainers, ...containers, ...ephemeralContainers].map((one) => one.name)
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${all.join(' ')}]`)
  }
  const known = [...containers, ...initContainers, ...ephemeralContainers].some((c) => c.name === asked)
  if (!known) throw badRequest(`container ${asked} is not valid for pod ${name}`)
  return asked
}

async function agentTarget(
  objects: ObjectAccess,
  pod: PodLike,
  path: string,
  query: URLSearchParams,
  tls: AgentTls,
): Promise<RelayTarget> {
  const nodeName = pod.spec?.nodeName ?? ''
  const node = await objects.getLatest({ group: '', plural: 'nodes' }, { name: nodeName })
  // The original looks for the node among the pods' names in its answer; clients print it as it is.
  if (node === undefined) throw notFound(pods, nodeName)
  const { host, port } = agentOf(node)
  const text = query.toString()
  return { secure: true, host, port, path: text === '' ? path : `${path}?${text}`, tls, statusFromBody: true }
}

const part = encodeURIComponent

/** GET of a container's log, streamed as the agent reads it. */
export async function podLog(context: RequestContext, objects: ObjectAccess, tls: AgentTls): Promise<Answer> {
  const { query } = context
  const passed = logOptions(query, context.info.name)
  const pod = await findPod(objects, context)
  const name = pod.metadata?.name ?? ''
  const container = containerOf(pod, query.get('container') ?? '')
  if ((pod.spec?.nodeName ?? '') === '') return { status: 204, headers: { 'cache-control': 'no-cache, private' } }
  const path = `/containerLogs/${part(context.info.namespace)}/${part(name)}/${part(container)}`
  const answer = await relayRequest(context, await agentTarget(objects, pod, path, passed, tls))
  return {
    ...answer,
    headers: { ...answer.headers, 'content-type': 'text/plain', 'cache-control': 'no-cache, private' },
  }
}

/** exec and attach name a container, port-forward does not; all are upgrades that the agent answers. */
export async function podStream(
  context: RequestContext,
  objects: ObjectAccess,
  tls: AgentTls,
  kind: 'exec' | 'attach' | 'portForward',
): Promise<Answer> {
  const pod = await findPod(objects, context)
  const { query } = context
  const name = pod.metadata?.name ?? ''
  const segments = [kind, part(context.info.namespace), part(name)]
  const passed = new URLSearchParams()
  if (kind === 'portForward') for (const port of query.getAll('ports')) passed.append('port', port)
  else segments.push(part(containerOf(pod, query.get('container') ?? '')))
  if ((pod.spec?.nodeName ?? '') === '') throw badRequest(`pod ${name} does not have a host assigned`)
  if (kind !== 'portForward') {
    const flags = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' }
    for (const [ours, theirs] of Object.entries(flags)) if (queryFlag(query.get(ours))) passed.set(theirs, '1')
    for (const command of query.getAll('command')) passed.append('command', command)
  }
  const target = await agentTarget(objects, pod, `/${segments.join('/')}`, passed, tls)
  if (!context.upgrade) return relayRequest(context, target)
  return relayUpgrade(context, target)
}
