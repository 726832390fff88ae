import type { KubeObject } from '@kapell/openapi/meta/object'
import { badRequest, notFound, serviceUnavailable } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../../pipeline/context.ts'
import type { ObjectAccess } from '../../registry/services.ts'
import type { Answer } from '../../server/answer.ts'
import { agentOf } from './node-location.ts'
import type { AgentTls } from './pod-streams.ts'
import { relayRequest, relayUpgrade, type RelayTarget } from './relay.ts'

/** Requests passed on to a pod, a Service's endpoint or a node's agent. Source: "Access Services Running on Clusters". */

interface Addressed {
  scheme: 'http' | 'https'
  name: string
  port: string
}

/** "name", "name:port" or "scheme:name:port". */
export function parseAddressed(text: string): Addressed | undefined {
  const parts = text.split(':')
  if (parts.length === 1) return { scheme: 'http', name: text, port: '' }
  if (parts.length === 2) return { scheme: 'http', name: parts[0] ?? '', port: parts[1] ?? '' }
  const [scheme = '', name = '', port = ''] = parts
  if (parts.length !== 3 || !['', 'http', 'https'].includes(scheme)) return undefined
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port }
}

function addressed(context: RequestContext, what: string): Addressed {
  const found = parseAddressed(context.info.name)
  if (found === undefined) throw badRequest(`invalid ${what} request ${JSON.stringify(context.info.name)}`)
  return found
}

const proxyPrefix = /^\/api\/v1\/(?:namespaces\/[^/]+\/)?[^/]+\/[^/]+\/proxy/

function pathOf(context: RequestContext): string {
  const path = passedPath(context.path)
  return context.rawQuery === '' ? path : `${path}?${context.rawQuery}`
}

/** What of a path is meant for the target: all that follows "…/NAME/proxy". */
export function passedPath(path: string): string {
  const rest = path.replace(proxyPrefix, '')
  return rest === '' ? '/' : rest
}

function relay(context: RequestContext, target: RelayTarget): Promise<Answer> {
  if (context.upgrade) return relayUpgrade(context, target)
  const linkPrefix = proxyPrefix.exec(context.path)?.[0]
  return relayRequest(context, linkPrefix === undefined ? target : { ...target, linkPrefix })
}

/** Redirect targets and links would lead out of the proxy; a request without a path is sent to its root. */
function rootRedirect(context: RequestContext): Answer | undefined {
  if (!context.path.endsWith('/proxy') || (context.method !== 'GET' && context.method !== 'HEAD') || context.upgrade)
    return undefined
  const query = context.rawQuery === '' ? '' : `?${context.rawQuery}`
  return { status: 301, headers: { location: `${context.path}/${query}` } }
}

interface PodLike extends KubeObject {
  spec?: { containers?: { ports?: { name?: string; containerPort: number }[] }[] }
  status?: { podIP?: string }
}

export async function podProxy(context: RequestContext, objects: ObjectAccess): Promise<Answer> {
  const { scheme, name, port } = addressed(context, 'pod')
  const pods = { group: '', plural: 'pods' }
  const pod = await objects.getLatest<PodLike>(pods, { namespace: context.info.namespace, name })
  if (pod === undefined) throw notFound(pods, name)
  const host = pod.status?.podIP ?? ''
  if (host === '') throw badRequest('address not allowed')
  const redirect = rootRedirect(context)
  if (redirect !== undefined) return redirect
  const ports = (pod.spec?.containers ?? []).flatMap((container) => container.ports ?? [])
  const named = ports.find((one) => one.name === port)?.containerPort
  const number = port === '' ? (ports[0]?.containerPort ?? (scheme === 'https' ? 443 : 80)) : (named ?? Number(port))
  if (!Number.isInteger(number))
    throw badRequest(`no port ${JSON.stringify(port)} found in pod ${JSON.stringify(name)}`)
  return relay(context, {
    secure: scheme === 'https',
    host,
    port: number,
    path: pathOf(context),
    tls: { rejectUnauthorized: false },
  })
}

interface ServiceLike extends KubeObject {
  spec?: { ports?: { name?: string; port: number }[]; type?: string; externalName?: string }
}

interface SliceLike extends KubeObject {
  endpoints?: { addresses: string[]; conditions?: { ready?: boolean } }[]
  ports?: { name?: string; port?: number }[]
}

export async function serviceProxy(context: RequestContext, objects: ObjectAccess): Promise<Answer> {
  const { scheme, name, port } = addressed(context, 'service')
  const { namespace } = context.info
  const services = { group: '', plural: 'services' }
  const service = await objects.getLatest<ServiceLike>(services, { namespace, name })
  if (service === undefined) throw notFound(services, name)
  const redirect = rootRedirect(context)
  if (redirect !== undefined) return redirect
  const ports = service.spec?.ports ?? []
  const wanted =
    port === '' && ports.length === 1
      ? ports[0]
      : ports.find((one) => (one.name ?? '') === port || String(one.port) === port)
  if (wanted === undefined)
    throw serviceUnavailable(`no service port ${JSON.stringify(port)} found for service ${JSON.stringify(name)}`)
  const slices = objects
    .list<SliceLike>({ group: 'discovery.k8s.io', plural: 'endpointslices' }, { namespace })
    .filter((slice) => slice.metadata?.labels?.['kubernetes.io/service-name'] === name)
  const places = slices.flatMap((slice) => {
    const number = (slice.ports ?? []).find((one) => (one.name ?? '') === (wanted.name ?? ''))?.port
    if (number === undefined) return []
    return (slice.endpoints ?? [])
      .filter((endpoint) => endpoint.conditions?.ready !== false)
      .map((endpoint) => ({ host: endpoint.addresses[0] ?? '', port: number }))
  })
  const chosen = places[Math.floor(Math.random() * places.length)]
  if (chosen === undefined) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`)
  return relay(context, {
    secure: scheme === 'https',
    ...chosen,
    path: pathOf(context),
    tls: { rejectUnauthorized: false },
  })
}

export async function nodeProxy(context: RequestContext, objects: ObjectAccess, tls: AgentTls): Promise<Answer> {
  const { name, port } = addressed(context, 'node')
  const nodes = { group: '', plural: 'nodes' }
  const node = await objects.getLatest(nodes, { name })
  if (node === undefined) throw notFound(nodes, name)
  const redirect = rootRedirect(context)
  if (redirect !== undefined) return redirect
  const agent = agentOf(node)
  return relay(context, {
    secure: true,
    host: agent.host,
    port: port === '' ? agent.port : Number(port),
    path: pathOf(context),
    tls,
  })
}
