import type { TLSSocket } from 'node:tls'
import type { IncomingMessage } from 'node:http'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { HttpError } from './http-error.ts'

export interface Caller {
  name: string
  groups: string[]
}

/** As a SubjectAccessReview has it and as people read it. */
export interface AccessQuestion {
  attributes: object
  text: string
  subresource?: string
}

export interface GuardOptions {
  client: ApiClient
  clock: Clock
  /** What a request asks for; of several, one that is allowed is enough. */
  attributesOf: (verb: string, path: string) => AccessQuestion | AccessQuestion[]
}

/** Who may speak to this server. */
export interface Guard {
  /** Throws 401 or 403. */
  check(request: IncomingMessage, path: string): Promise<Caller>
}

const allowedMs = 5 * 60_000
const deniedMs = 30_000
const maxCached = 1000

/**
 * Callers show a certificate of the cluster's CA or a token that the API server knows; whether they may is asked of the
 * API server. Source: docs, "Kubelet authentication/authorization".
 */
export function createGuard({ client, clock, attributesOf }: GuardOptions): Guard {
  const decisions = new Map<string, { allowed: boolean; reason: string; untilMs: number }>()
  const tokens = new Map<string, { caller: Caller | undefined; untilMs: number }>()

  const byToken = async (token: string): Promise<Caller | undefined> => {
    const now = clock.now().getTime()
    const known = tokens.get(token)
    if (known !== undefined && known.untilMs > now) return known.caller
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } }
    const answer = (await client.raw('POST', '/apis/authentication.k8s.io/v1/tokenreviews', review)) as {
      status?: { authenticated?: boolean; user?: { username?: string; groups?: string[] } }
    }
    const { authenticated = false, user } = answer.status ?? {}
    const caller = authenticated ? { name: user?.username ?? '', groups: user?.groups ?? [] } : undefined
    if (tokens.size >= maxCached) tokens.clear()
    tokens.set(token, { caller, untilMs: now + 2 * 60_000 })
    return caller
  }

  const authenticate = async (request: IncomingMessage): Promise<Caller> => {
    const socket = request.socket as TLSSocket
    if (socket.authorized) {
      const { subject } = socket.getPeerCertificate()
      if (subject?.CN !== undefined) return { name: [subject.CN].flat().join(','), groups: [subject.O ?? []].flat() }
    }
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    const caller = token === undefined ? undefined : await byToken(token)
    if (caller === undefined) throw new HttpError(401, 'Unauthorized')
    return caller
  }

  const authorize = async (caller: Caller, verb: string, path: string): Promise<void> => {
    if (caller.groups.includes('system:masters')) return
    const all = [attributesOf(verb, path)].flat()
    for (const [index, one] of all.entries()) {
      const { allowed } = await decide(caller, verb, one)
      if (allowed) return
      if (index === all.length - 1) {
        const text = all.length === 1 ? one.text : nodeText(all)
        throw new HttpError(403, `Forbidden (user=${caller.name}, verb=${verb}, ${text})`)
      }
    }
  }

  const decide = async (
    caller: Caller,
    verb: string,
    { attributes, text }: AccessQuestion,
  ): Promise<{ allowed: boolean }> => {
    const key = JSON.stringify([caller, verb, text])
    const now = clock.now().getTime()
    let decision = decisions.get(key)
    if (decision === undefined || decision.untilMs <= now) {
      const review = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: caller.name,
          groups: caller.groups,
          ...attributes,
        },
      }
      const answer = (await client.raw('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', review)) as {
        status?: { allowed?: boolean; reason?: string }
      }
      const allowed = answer.status?.allowed === true
      decision = { allowed, reason: answer.status?.reason ?? '', untilMs: now + (allowed ? allowedMs : deniedMs) }
      if (decisions.size >= maxCached) decisions.clear()
      decisions.set(key, decision)
    }
    return decision
  }

  return {
    check: async (request, path) => {
      const caller = await authenticate(request)
      await authorize(caller, verbOf(request.method ?? 'GET'), path)
      return caller
    },
  }
}

/** Requests to a node's agent are access to subresources of that node; what has one of its own may be read by "proxy", too. */
export function nodeAttributes(nodeName: string): GuardOptions['attributesOf'] {
  return (verb, path) =>
    subresourcesOf(path).map((subresource) => ({
      attributes: {
        resourceAttributes: { verb, group: '', version: 'v1', resource: 'nodes', subresource, name: nodeName },
      },
      text: `resource=nodes, subresource(s)=[${subresource}]`,
      subresource,
    }))
}

const nodeText = (all: readonly AccessQuestion[]): string =>
  `resource=nodes, subresource(s)=[${all.map(({ subresource = '' }) => subresource).join(' ')}]`

function verbOf(method: string): string {
  const verbs: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }
  return verbs[method] ?? 'get'
}

/** Source: docs, "Kubelet authorization": the table of paths, with the finer ones of enhancement 2862. */
function subresourcesOf(path: string): string[] {
  const first = path.split('/')[1] ?? ''
  const known: Record<string, string[]> = {
    stats: ['stats'],
    metrics: ['metrics'],
    logs: ['log'],
    checkpoint: ['checkpoint'],
    healthz: ['healthz', 'proxy'],
    pods: ['pods', 'proxy'],
    runningpods: ['pods', 'proxy'],
    configz: ['configz', 'proxy'],
  }
  return known[first] ?? ['proxy']
}
