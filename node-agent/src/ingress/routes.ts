import { keyOf } from '@kapell/controllers/machinery/store'
import type { V1Ingress, V1IngressBackend } from '@kapell/openapi/types'

/** A port of a Service, by number or name. */
export interface BackendRef {
  /** Also the proxy's name for it: "namespace_service_port", which no two can share. */
  id: string
  namespace: string
  service: string
  port: string | number
}

/** What of an Ingress cannot be done, told to its user as an event. */
export interface Problem {
  ingress: V1Ingress
  reason: string
  message: string
}

/**
 * Where requests go. Keys are host and path in one, "shop.example/cart"; the host is "*.example" for one label of any
 * text and '' for every host. Values are ids of backends.
 */
export interface RouteTable {
  exact: ReadonlyMap<string, string>
  /** Keys end in "/", so that "/cart" is no prefix of "/carton". */
  prefix: ReadonlyMap<string, string>
  /** By host alone: for requests that no rule matches. */
  defaults: ReadonlyMap<string, string>
  backends: ReadonlyMap<string, BackendRef>
  problems: readonly Problem[]
}

/** Stands for backends that are no Service: whoever is sent there is told that nobody serves. */
export const unserved = 'unserved'

/** Older ones first: what they have claimed stays theirs. */
export function byAge(ingresses: readonly V1Ingress[]): V1Ingress[] {
  const rank = (ingress: V1Ingress): string => `${ingress.metadata?.creationTimestamp ?? ''} ${keyOf(ingress)}`
  return [...ingresses].sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
}

/**
 * The rules of all Ingresses in one table. A more exact host goes before a wildcard and that before none; under one host
 * the longest path goes first, and of two of one length the Exact one. ImplementationSpecific is as Prefix.
 * Source: the API's HTTPIngressPath, and concepts page "Ingress", "Path types".
 */
export function routeTable(ingresses: readonly V1Ingress[]): RouteTable {
  const [exact, prefix, defaults] = [new Map<string, string>(), new Map<string, string>(), new Map<string, string>()]
  const backends = new Map<string, BackendRef>()
  const owners = new Map<string, string>()
  const problems: Problem[] = []

  for (const ingress of byAge(ingresses)) {
    const problem = (reason: string, message: string): void => void problems.push({ ingress, reason, message })
    const target = (backend: V1IngressBackend): string => {
      const ref = backendRef(ingress, backend)
      if (ref === undefined) {
        problem(
          'UnservedBackend',
          `requests can be led to Services only, not to a ${backend.resource?.kind ?? 'resource'}`,
        )
        return unserved
      }
      backends.set(ref.id, ref)
      return ref.id
    }
    const claim = (map: Map<string, string>, key: string, backend: V1IngressBackend, what: string): void => {
      const id = `${what} ${key}`
      const owner = owners.get(id)
      if (owner !== undefined) {
        if (owner !== keyOf(ingress))
          problem('RouteConflict', `${describe(key)} is served as Ingress "${owner}" says, which is older`)
        return
      }
      owners.set(id, keyOf(ingress))
      map.set(key, target(backend))
    }
    const { rules = [], defaultBackend } = ingress.spec ?? {}
    for (const { host = '', http } of rules) {
      for (const { path = '/', pathType, backend } of http?.paths ?? []) {
        if (pathType === 'Exact') claim(exact, `${host}${encoded(path)}`, backend, 'exact')
        else claim(prefix, `${host}${encoded(path).replace(/\/+$/, '')}/`, backend, 'prefix')
      }
    }
    if (defaultBackend === undefined) continue
    // Of an Ingress with rules: for what its hosts are asked beyond them.
    for (const host of new Set(rules.length === 0 ? [''] : rules.map(({ host: of = '' }) => of)))
      claim(defaults, host, defaultBackend, 'default')
  }
  return { exact, prefix, defaults, backends, problems }
}

function backendRef(ingress: V1Ingress, { service }: V1IngressBackend): BackendRef | undefined {
  const port = service?.port?.name ?? service?.port?.number
  if (service === undefined || port === undefined) return undefined
  const namespace = ingress.metadata?.namespace ?? ''
  return { id: `${namespace}_${service.name}_${port}`, namespace, service: service.name, port }
}

/** As it comes in a request: what may not stand there is written in per cent. */
const encoded = (path: string): string =>
  path.replace(/[^\x21-\x7e]+/g, (text) =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )

const describe = (key: string): string =>
  key === '' ? 'the default of every host' : key.startsWith('/') ? `"${key}" of every host` : `"${key}"`
