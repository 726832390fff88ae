import { createHash } from 'node:crypto'
import { openApiV2ProtobufType, openApiV3Document, openApiV3Hashes, openApiV3Index } from '@kapell/openapi/documents'
import type { RequestContext } from '../pipeline/context.ts'
import type { ResourceTable } from '../registry/resource-table.ts'
import { bytesAnswer, jsonBytes, noCache, type Answer } from '../server/answer.ts'
import { gzipDocument } from './gzip.ts'

const year = 'public, max-age=31536000, immutable'

function tagged(
  context: RequestContext,
  type: string,
  bytes: Uint8Array,
  hash: string,
  more: Record<string, string> = {},
): Answer | Promise<Answer> {
  const headers = { etag: `"${hash}"`, vary: 'Accept', ...more }
  if (context.header('if-none-match') === headers.etag) return { status: 304, headers }
  const answer = bytesAnswer(200, type, bytes)
  return gzipDocument(context, { ...answer, headers: { ...answer.headers, ...headers }, body: bytes })
}

interface Tagged {
  bytes: Uint8Array
  hash: string
}

/** The documents as custom resources make them; each is made when it is asked for. */
export interface CustomDocuments {
  /** Everything, built-in resources included. */
  v2: { json: () => Tagged; protobuf: () => Tagged }
  /** Those of custom resources only, by name. */
  v3: ReadonlyMap<string, { hash: string; bytes: () => Uint8Array }>
}

const hashOf = (bytes: Uint8Array): string => createHash('sha512').update(bytes).digest('hex').toUpperCase()

/** Serves /openapi/v2 and /openapi/v3; undefined for other paths. Source: "The Kubernetes API", "OpenAPI interface definition". */
export function createOpenApi(options: {
  table: ResourceTable
  custom: () => CustomDocuments
}): (context: RequestContext) => Promise<Answer | undefined> {
  const { custom } = options
  const serves = (name: string): boolean => {
    const [, group, version] = /^apis\/([^/]+)(?:\/([^/]+))?$/.exec(name) ?? []
    if (group === undefined) return true
    const versions = options.table.versionsOf(group)
    return version === undefined ? versions.length > 0 : versions.includes(version)
  }
  let made: { of: CustomDocuments; generation: number; index: Tagged } | undefined
  const index = (): Tagged => {
    const documents = custom()
    const { generation } = options.table
    if (made?.of !== documents || made.generation !== generation) {
      const more = Object.fromEntries([...documents.v3].map(([name, { hash }]) => [name, hash]))
      const isServed = (name: string): boolean => Object.hasOwn(more, name) || serves(name)
      const bytes = jsonBytes(openApiV3Index({ serves: isServed, more }))
      made = { of: documents, generation, index: { bytes, hash: hashOf(bytes) } }
    }
    return made.index
  }
  return async (context) => {
    const path = context.path.replace(/\/$/, '')
    if (path === '/openapi/v2') {
      const accept = context.header('accept') ?? ''
      if (accept.includes(openApiV2ProtobufType)) {
        const { bytes, hash } = custom().v2.protobuf()
        return tagged(context, openApiV2ProtobufType.replace('@', '.'), bytes, hash)
      }
      const json = accept === '' || /application\/json|\*\/\*|application\/\*/.test(accept)
      if (!json) return { status: 406, headers: { vary: 'Accept', 'cache-control': noCache } }
      const { bytes, hash } = custom().v2.json()
      return tagged(context, 'application/json', bytes, hash)
    }
    if (path === '/openapi/v3') {
      const { bytes, hash } = index()
      return tagged(context, 'application/json', bytes, hash)
    }
    if (!path.startsWith('/openapi/v3/')) return undefined
    const name = path.slice('/openapi/v3/'.length)
    const made = custom().v3.get(name)
    const bytes = made?.bytes() ?? (serves(name) ? openApiV3Document(name) : undefined)
    if (bytes === undefined) return { status: 404, headers: {} }
    const hash = made?.hash ?? openApiV3Hashes()[name] ?? hashOf(bytes)
    const asked = context.query.get('hash')
    if (asked !== null && asked !== '' && asked !== hash) {
      return { status: 301, headers: { location: `/openapi/v3/${name}?hash=${hash}`, 'cache-control': 'no-cache' } }
    }
    return tagged(context, 'application/json', bytes, hash, asked === null ? {} : { 'cache-control': year })
  }
}
