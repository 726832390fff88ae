import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApiServer, type ApiServer, type ApiServerOptions } from '@kapell/apiserver/main'
import type { UserInfo } from '@kapell/apiserver/authentication/user'
import type { ApiRequest, Transport } from '@kapell/openapi/wire/transport'

export const admin: UserInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] }
export const nobody: UserInfo = { username: 'system:anonymous', groups: ['system:unauthenticated'] }

export interface Json {
  [name: string]: unknown
}

/** An answer, read whole. */
export interface Read {
  status: number
  headers: Record<string, string>
  text: string
  /** The body, when it is JSON. */
  json: Json & {
    kind?: string
    reason?: string
    message?: string
    metadata?: { [name: string]: unknown; resourceVersion?: string; name?: string; uid?: string }
    items?: (Json & { metadata: { name: string; [name: string]: unknown } })[]
  }
}

export type Ask = (
  method: ApiRequest['method'],
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Read>

export function asker(transport: Transport): Ask {
  return async (method, path, body, headers = {}) => {
    const answer = await transport({
      method,
      path,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined
        ? {}
        : { body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)) }),
    })
    const text = new TextDecoder().decode(await answer.bytes())
    const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Read['json']
    return { status: answer.status, headers: answer.headers, text, json }
  }
}

export interface TestServer {
  api: ApiServer
  ask: Ask
  directory: string
  /** Stops the server; the directory stays. */
  stop(): Promise<void>
  /** Stops the server and removes its directory. */
  close(): Promise<void>
}

/** A server of its own in a fresh directory, or on one that an earlier server left. */
export async function startTestServer(
  options: Partial<ApiServerOptions> & { directory?: string } = {},
): Promise<TestServer> {
  const { directory = await mkdtemp(join(tmpdir(), 'kapell-api-')), ...more } = options
  const api = await startApiServer({
    dataDir: directory,
    storage: { type: 'embedded', directory: join(directory, 'store') },
    listen: false,
    ...more,
  })
  return {
    api,
    ask: asker(api.transport(admin)),
    directory,
    stop: () => api.close(),
    close: async () => {
      await api.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Reads the frames of a watch one by one. */
export async function* watchFrames(
  transport: Transport,
  path: string,
  signal?: AbortSignal,
  headers: Record<string, string> = {},
): AsyncIterable<{ type: string; object: Read['json'] }> {
  const answer = await transport({ method: 'GET', path, headers, ...(signal === undefined ? {} : { signal }) })
  const decoder = new TextDecoder()
  let pending = ''
  for await (const chunk of answer.stream()) {
    pending += decoder.decode(chunk, { stream: true })
    const lines = pending.split('\n')
    pending = lines.pop() ?? ''
    for (const line of lines) yield JSON.parse(line) as { type: string; object: Read['json'] }
  }
}

export async function take<T>(source: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  if (count === 0) return taken
  for await (const one of source) {
    taken.push(one)
    if (taken.length === count) break
  }
  return taken
}

export const configMap = (name: string, more: Json = {}, metadata: Json = {}): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  ...more,
})
