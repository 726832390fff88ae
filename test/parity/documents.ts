import { createHash } from 'node:crypto'
import { asObject, normalDocument, type Json } from '@kapell/openapi/normal-document'
import type { Send } from './case.ts'

/**
 * What the OpenAPI documents of a server say of the kinds that it serves: the fields of each schema, as `kubectl
 * explain --recursive` walks them, and a hash of everything else that is not prose.
 */
export interface Documents {
  /** By the schema's name: "name* type", where the star marks what is required. */
  fields: Record<string, string[]>
  /** By the document's name ("apis/apps/v1", "v2"): of its normal form. */
  hashes: Record<string, string>
}

async function read(send: Send, path: string): Promise<Json> {
  const headers = { accept: 'application/json' }
  const { code, bytes } = await send({ method: 'GET', path, headers, anonymous: false })
  if (code !== 200) throw new Error(`${path}: ${code}`)
  return JSON.parse(new TextDecoder().decode(bytes)) as Json
}

/** Keys of objects in their order, so that equal documents have equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}

const hashOf = (document: Json): string => {
  // What the server's build is called, and where its keys are told of, is its own affair.
  const { info: _info, ...rest } = normalDocument(document)
  return createHash('sha256')
    .update(JSON.stringify(sorted(rest)))
    .digest('hex')
    .slice(0, 16)
}

function typeOf(schema: Json): string {
  const [only] = (schema['allOf'] ?? []) as Json[]
  const ref = schema['$ref'] ?? only?.['$ref']
  if (typeof ref === 'string') return ref.slice(ref.lastIndexOf('/') + 1)
  if (schema['items'] !== undefined) return `[]${typeOf(asObject(schema['items']))}`
  if (schema['additionalProperties'] !== undefined) return `{}${typeOf(asObject(schema['additionalProperties']))}`
  return [schema['type'] ?? 'any', schema['format'] ?? ''].join(' ').trim()
}

function fieldsOf(schema: Json): string[] {
  const required = new Set((schema['required'] ?? []) as string[])
  return Object.entries(asObject(schema['properties']))
    .map(([name, one]) => `${name}${required.has(name) ? '*' : ''} ${typeOf(asObject(one))}`)
    .sort()
}

export async function readDocuments(send: Send): Promise<Documents> {
  const index = (await read(send, '/openapi/v3')) as { paths: Record<string, { serverRelativeURL: string }> }
  const documents: Documents = { fields: {}, hashes: { v2: hashOf(await read(send, '/openapi/v2')) } }
  for (const name of Object.keys(index.paths).sort()) {
    const document = await read(send, index.paths[name]?.serverRelativeURL ?? '')
    documents.hashes[name] = hashOf(document)
    const schemas = asObject(asObject(document['components'])['schemas'])
    for (const [schema, one] of Object.entries(schemas)) documents.fields[schema] = fieldsOf(asObject(one))
  }
  return documents
}
