import { createHash } from 'node:crypto'
import { spliceSwagger } from '@kapell/openapi/documents/custom-resources-v2'
import { encodeOpenApiV2 } from '@kapell/openapi/documents/openapi-v2-protobuf'
import type { CustomDocuments } from '../endpoints/openapi.ts'
import { withoutCollisions, type RemoteDocuments, type Swagger } from './remote-documents.ts'

const hashOf = (content: string | Uint8Array): string =>
  createHash('sha512').update(content).digest('hex').toUpperCase()

const once = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined
  return () => (made ??= { value: make() }).value
}

/** The hash in "/openapi/v3/apis/g/v1?hash=ABC"; whole URLs without one name themselves. */
const hashIn = (url: string): string => new URLSearchParams(url.split('?')[1] ?? '').get('hash') ?? hashOf(url)

/** The documents with those of remote servers among them; made anew when either changed. */
export function createDocuments(
  custom: () => CustomDocuments,
  remote: { readonly generation: number; documents(): ReadonlyMap<string, RemoteDocuments> },
): () => CustomDocuments {
  let made: { of: CustomDocuments; generation: number; documents: CustomDocuments } | undefined
  return () => {
    const of = custom()
    const { generation } = remote
    if (made?.of !== of || made.generation !== generation) {
      made = { of, generation, documents: merged(of, remote.documents()) }
    }
    return made.documents
  }
}

function merged(of: CustomDocuments, remote: ReadonlyMap<string, RemoteDocuments>): CustomDocuments {
  if (remote.size === 0) return of
  const v3 = new Map(of.v3)
  for (const [name, { v3: url }] of remote) {
    // The document itself is asked of its server, before any request comes here.
    if (url !== undefined) v3.set(name, { hash: hashIn(url), bytes: () => new Uint8Array() })
  }
  const parts = [...remote.values()].flatMap(({ v2 }) => (v2 === undefined ? [] : [v2]))
  if (parts.length === 0) return { v2: of.v2, v3 }
  const more = once((): Swagger => {
    const { definitions } = JSON.parse(Buffer.from(of.v2.json().bytes).toString('utf8')) as Swagger
    const all: Swagger = { paths: {}, definitions: {} }
    for (const part of parts) {
      const fit = withoutCollisions(part, definitions)
      Object.assign(all.paths, fit.paths)
      Object.assign(all.definitions, fit.definitions)
    }
    return all
  })
  return {
    v3,
    v2: {
      json: once(() => {
        const bytes = spliceSwagger(of.v2.json().bytes, more())
        return { bytes, hash: hashOf(bytes) }
      }),
      protobuf: once(() => {
        // Messages written one after the other are one message: their maps are joined.
        const bytes = Buffer.concat([of.v2.protobuf().bytes, encodeOpenApiV2({ ...more() })])
        return { bytes, hash: hashOf(bytes) }
      }),
    },
  }
}
