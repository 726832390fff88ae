import { deepEqual } from '../registry/deep-equal.ts'
import { remoteUserHeaders } from '../authentication/remote-user.ts'
import type { Place } from './locate.ts'
import type { RemoteClient } from './remote-client.ts'
import type { RemoteService } from './remote-service.ts'

/** What a remote server's OpenAPI documents tell of its version. */
export interface RemoteDocuments {
  /** The relative URL of the OpenAPI 3 document, with its hash; undefined when there is none. */
  v3: string | undefined
  v2: Swagger | undefined
}

export interface Swagger {
  paths: Record<string, unknown>
  definitions: Record<string, unknown>
}

const timeoutMs = 30_000
const user = { username: 'system:aggregator', groups: [] }
const marker = '#/definitions/'

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Calls back for every object that holds a reference to a definition. */
function eachReference(value: unknown, see: (holder: Record<string, unknown>, name: string) => void): void {
  if (Array.isArray(value)) for (const one of value) eachReference(one, see)
  else if (isObject(value)) {
    const ref = value['$ref']
    if (typeof ref === 'string' && ref.startsWith(marker)) see(value, ref.slice(marker.length))
    for (const one of Object.values(value)) eachReference(one, see)
  }
}

/** The part of a document that is about paths below a prefix, with the definitions that these lead to. */
export function partOf(document: unknown, prefix: string): Swagger {
  const { paths, definitions } = isObject(document) ? document : {}
  const all = isObject(definitions) ? definitions : {}
  const out: Swagger = { paths: {}, definitions: {} }
  for (const [path, item] of Object.entries(isObject(paths) ? paths : {})) {
    if (path === prefix || path.startsWith(`${prefix}/`)) out.paths[path] = item
  }
  const waiting: unknown[] = Object.values(out.paths)
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    eachReference(next, (_holder, name) => {
      if (!Object.hasOwn(all, name) || Object.hasOwn(out.definitions, name)) return
      out.definitions[name] = all[name]
      waiting.push(all[name])
    })
  }
  return out
}

/**
 * Definitions of the same name that say something else get another one ("…_v2"), and references follow; `taken` are
 * those there are, and gains the new ones.
 */
export function withoutCollisions(part: Swagger, taken: Record<string, unknown>): Swagger {
  const renamed = new Map<string, string>()
  for (const [name, definition] of Object.entries(part.definitions)) {
    if (!Object.hasOwn(taken, name) || deepEqual(taken[name], definition)) continue
    let turn = 2
    while (Object.hasOwn(taken, `${name}_v${turn}`) || Object.hasOwn(part.definitions, `${name}_v${turn}`)) turn++
    renamed.set(name, `${name}_v${turn}`)
  }
  const copy = structuredClone(part)
  eachReference([copy.paths, Object.values(copy.definitions)], (holder, name) => {
    const other = renamed.get(name)
    if (other !== undefined) holder['$ref'] = `${marker}${other}`
  })
  const definitions: Record<string, unknown> = {}
  for (const [name, definition] of Object.entries(copy.definitions)) {
    const now = renamed.get(name) ?? name
    if (Object.hasOwn(taken, now)) continue
    definitions[now] = definition
    taken[now] = definition
  }
  return { paths: copy.paths, definitions }
}

/** Rejects when the server cannot be asked; documents it does not have are left out. */
export async function fetchDocuments(
  remote: RemoteService,
  place: Place,
  client: RemoteClient,
): Promise<RemoteDocuments> {
  const name = `apis/${remote.group}/${remote.version}`
  const get = async (path: string): Promise<unknown> => {
    const headers = { accept: 'application/json', ...remoteUserHeaders(user) }
    const { status, body } = await client.fetch(remote, place, { path, headers, timeoutMs })
    return status === 200 ? (JSON.parse(body.toString('utf8')) as unknown) : undefined
  }
  const index = (await get('/openapi/v3')) as { paths?: Record<string, { serverRelativeURL?: unknown }> } | undefined
  const url = isObject(index?.paths) ? index.paths[name]?.serverRelativeURL : undefined
  const swagger = await get('/openapi/v2')
  return {
    v3: typeof url === 'string' && url.startsWith('/openapi/v3/') ? url : undefined,
    v2: swagger === undefined ? undefined : partOf(swagger, `/${name}`),
  }
}
