import type { RequestContext } from '../pipeline/context.ts'
import { bytesAnswer, jsonAnswer, textAnswer, type Answer } from '../server/answer.ts'
import { pathNotFound } from '@kapell/openapi/meta/status'
import { plainNotFound } from './dispatch.ts'
import { gzipText } from './gzip.ts'
import type { Health } from './health.ts'
import { notAcceptableObject, routerTakes } from './negotiate.ts'
import { methodNotAllowed } from './route.ts'
import { statusz } from './statusz.ts'

export interface NonResourceOptions {
  version: Record<string, string>
  metricsText: () => string
  health: Health
  /** When the process started. */
  startedAt: Date
  /** May throw. */
  discovery: (context: RequestContext) => Promise<Answer> | Answer | undefined
  openapi: (context: RequestContext) => Promise<Answer | undefined>
  /** The paths that `/` lists. */
  paths: () => string[]
  /** Documents with fixed bytes: the issuer's discovery and keys. */
  documents: Readonly<Record<string, () => { type: string; value: unknown }>>
  isGroup: (name: string) => boolean
  /** Plain texts, for people. */
  texts: Readonly<Record<string, () => string>>
}

/** `/api`, and the paths of versions, are behind the router of their group; `/apis` and groups are not. */
const routed = /^\/api(\/[^/]+)?$|^\/apis\/([^/]+)\/[^/]+$/

/** Everything that is not a resource: version, health, metrics, discovery, documents. */
export function createNonResource(options: NonResourceOptions): (context: RequestContext) => Promise<Answer> {
  /** What is at a path, asked for with GET and a type of answer that it has. */
  const routedAnswer = (context: RequestContext, path: string): Promise<Answer> | Answer | undefined => {
    if (routed.test(path)) {
      const answer = options.discovery(context)
      if (answer !== undefined && context.method !== 'GET') throw methodNotAllowed()
      return answer
    }
    const document = Object.hasOwn(options.documents, path) ? options.documents[path] : undefined
    if (document === undefined && path !== '/version') return undefined
    const { type, value } = document?.() ?? { type: 'application/json', value: options.version }
    if (context.method !== 'GET') throw methodNotAllowed()
    if (!routerTakes(context.header('accept'), [type])) throw notAcceptableObject([type])
    // People read the version: it is always written over several lines.
    const bytes = new TextEncoder().encode(JSON.stringify(value, null, document === undefined ? 2 : undefined))
    const answer = bytesAnswer(200, type, bytes)
    if (document !== undefined) answer.headers['cache-control'] = 'public, max-age=3600'
    return answer
  }
  const metrics = (context: RequestContext, text: string): Answer => {
    const bytes = new TextEncoder().encode(text)
    const answer = bytesAnswer(200, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores', bytes)
    answer.headers['process-start-time-unix'] = String(Math.floor(options.startedAt.getTime() / 1000))
    return gzipText(context, { ...answer, body: bytes })
  }
  return async (context) => {
    const { path } = context
    const bare = path.replace(/\/$/, '')
    if (path === '/metrics') return metrics(context, options.metricsText())
    if (path === '/metrics/slis') return metrics(context, options.health.metricsText())
    if (path === '/statusz') return statusz(context, options.startedAt)
    if (path === '/') return jsonAnswer(200, { paths: options.paths() })
    const text = Object.hasOwn(options.texts, path) ? options.texts[path] : undefined
    if (text !== undefined) return textAnswer(200, text())
    const found =
      (await routedAnswer(context, bare)) ??
      (await options.discovery(context)) ??
      (await options.health.answer(context)) ??
      (await options.openapi(context))
    if (found !== undefined) return found
    const [, core, group] = routed.exec(bare) ?? []
    if (core !== undefined || (group !== undefined && options.isGroup(group))) throw pathNotFound()
    return plainNotFound()
  }
}
