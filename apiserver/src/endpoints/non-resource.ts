import type { RequestContext } from '../pipeline/context.ts'
import { bytesAnswer, jsonAnswer, textAnswer, type Answer } from '../server/answer.ts'
import { negotiateForm, notAcceptableObject, type MediaType } from './negotiate.ts'
import { methodNotAllowed, plainNotFound } from './dispatch.ts'

export interface NonResourceOptions {
  version: Record<string, string>
  metricsText: () => string
  health: (context: RequestContext) => Promise<Answer | undefined>
  discovery: (context: RequestContext) => Promise<Answer> | Answer | undefined
  openapi: (context: RequestContext) => Promise<Answer | undefined>
  /** The paths that `/` lists. */
  paths: () => string[]
  /** Documents with fixed bytes: the issuer's discovery and keys. */
  documents: Readonly<Record<string, () => unknown>>
  /** Plain texts, for people. */
  texts: Readonly<Record<string, () => string>>
}

/** Everything that is not a resource: version, health, metrics, discovery, documents. */
export function createNonResource(options: NonResourceOptions): (context: RequestContext) => Promise<Answer> {
  return async (context) => {
    const { path, method } = context
    if (method !== 'GET' && method !== 'HEAD') {
      if (path.startsWith('/api')) throw methodNotAllowed()
      return plainNotFound()
    }
    if (path === '/version' || path === '/version/') {
      const offered: MediaType[] = ['application/json']
      const form = negotiateForm(context.header('accept'), { offered, transform: false })
      if (form === undefined) throw notAcceptableObject(offered)
      return jsonAnswer(200, options.version)
    }
    if (path === '/metrics') {
      const text = new TextEncoder().encode(options.metricsText())
      return bytesAnswer(200, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores', text)
    }
    if (path === '/') return jsonAnswer(200, { paths: options.paths() })
    const document = Object.hasOwn(options.documents, path) ? options.documents[path] : undefined
    if (document !== undefined) return jsonAnswer(200, document())
    const text = Object.hasOwn(options.texts, path) ? options.texts[path] : undefined
    if (text !== undefined) return textAnswer(200, text())
    return (
      (await options.discovery(context)) ??
      (await options.health(context)) ??
      (await options.openapi(context)) ??
      plainNotFound()
    )
  }
}
