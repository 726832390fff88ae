import { resources } from '@kapell/apiserver/resources/index'
import { optionalResources } from '@kapell/apiserver/resources/optional'
import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import { apiVersionOf, type GroupVersionKind, type KubeObject } from '@kapell/openapi/meta/object'
import { decodeProtobuf, decodeWatchEvent, encodeProtobuf } from '@kapell/openapi/wire/protobuf'
import type { Transport } from '@kapell/openapi/wire/transport'
import { readCases, recordedFiles } from './files.ts'

/**
 * Every built-in kind makes the round trip in protobuf: what is sent in it is what the same sent in JSON is, and what
 * is read and watched in it is what JSON says. The objects are those that the original took, the richest of each kind.
 */
const protobuf = 'application/vnd.kubernetes.protobuf'
const perKind = 4

function goodObjects(): Map<string, KubeObject[]> {
  const found = new Map<string, Map<string, KubeObject>>()
  for (const { path } of recordedFiles())
    for (const { steps } of Object.values(readCases(path)))
      for (const { request, response } of steps) {
        const body = request.body as KubeObject | undefined
        if (request.method !== 'POST' || response?.code !== 201 || body?.kind === undefined) continue
        const text = JSON.stringify(body).replaceAll('{{ns}}', 'default').replaceAll('{{id}}', 'x1')
        // Only a dry run takes an object that names its version.
        if (text.includes('{{') || body.metadata?.resourceVersion !== undefined) continue
        const key = `${body.apiVersion ?? ''}/${body.kind}`
        found.set(key, (found.get(key) ?? new Map<string, KubeObject>()).set(text, JSON.parse(text) as KubeObject))
      }
  const longest = (texts: Map<string, KubeObject>): KubeObject[] =>
    [...texts]
      .sort(([a], [b]) => b.length - a.length)
      .slice(0, perKind)
      .map(([, object]) => object)
  return new Map([...found].map(([key, texts]) => [key, longest(texts)]))
}

/** Without zero values, which protobuf cannot tell from none, and without what differs between two of a kind. */
function plain(value: unknown, key = ''): unknown {
  if (['uid', 'resourceVersion', 'creationTimestamp', 'time', 'nodePort', 'healthCheckNodePort'].includes(key)) return
  if (typeof value === 'string') {
    return value
      .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uid>')
      .replace(/kube-api-access-\w{5}/g, '<token>')
      .replace(/(?<=_)[a-z0-9]{5}$|(?<=-)[a-z0-9]{5}$/, '<rand5>')
      .replace(/\b10\.96\.\d+\.\d+\b/g, '<ip>')
  }
  if (typeof value !== 'object' || value === null) return value === 0 || value === false ? undefined : value
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((one) => plain(one, key) ?? null)
  // Templates of claims have no field for their kind.
  const isTemplate = key === 'volumeClaimTemplates'
  const entries = Object.entries(value)
    .filter(([name]) => !isTemplate || (name !== 'kind' && name !== 'apiVersion'))
    .map(([name, inner]) => [name, plain(inner, name)] as const)
    .filter(([, inner]) => inner !== undefined && inner !== null && inner !== '')
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** The server itself sets some, later. */
const withoutStatus = (object: unknown): unknown => ({ ...(object as object), status: undefined })

describe('protobuf of every kind', () => {
  let cluster: EmbeddedCluster
  let transport: Transport
  beforeAll(async () => {
    cluster = await startCluster({ controllers: false, scheduler: false, runtimeConfig: 'api/all=true' })
    transport = cluster.transport({ username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] })
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
    await send('POST', '/api/v1/namespaces/default/serviceaccounts', 'application/json', account)
  })
  afterAll(() => cluster.close())

  const encode = (type: string, body: KubeObject, gvk: GroupVersionKind): Uint8Array =>
    type === protobuf ? encodeProtobuf(gvk, body) : new TextEncoder().encode(JSON.stringify(body))

  async function send(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    type: string,
    body?: KubeObject,
    gvk: GroupVersionKind = { group: '', version: 'v1', kind: '' },
  ): Promise<{ code: number; object: Record<string, unknown> }> {
    const headers = { accept: type, ...(body === undefined ? {} : { 'content-type': type }) }
    const answer = await transport({ method, path, headers, ...(body && { body: encode(type, body, gvk) }) })
    const bytes = await answer.bytes()
    const object =
      type === protobuf ? decodeProtobuf(bytes).object : (JSON.parse(new TextDecoder().decode(bytes)) as object)
    return { code: answer.status, object: object as Record<string, unknown> }
  }

  async function firstFrame(path: string): Promise<{ type: string; object: unknown }> {
    const answer = await transport({ method: 'GET', path, headers: { accept: `${protobuf};stream=watch` } })
    let bytes = Buffer.alloc(0)
    for await (const chunk of answer.stream()) {
      bytes = Buffer.concat([bytes, chunk])
      if (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) break
    }
    return decodeWatchEvent(bytes.subarray(4, 4 + bytes.readUInt32BE(0)))
  }

  const good = goodObjects()
  const definitions = [...resources, ...optionalResources]
    .map(({ definition }) => definition)
    .filter((d) => (d.verbs?.includes('create') ?? true) && d.plural !== 'bindings')
  const kinds = definitions.map((d) => ({ ...d, key: `${apiVersionOf(d)}/${d.kind}` }))

  it.each(kinds)('$key: sent, read and watched', async ({ key, group, version, kind, plural, namespaced, verbs }) => {
    const objects = good.get(key) ?? []
    expect(objects.length).toBeGreaterThan(0)
    const gvk = { group, version, kind }
    const root = `${group === '' ? '/api' : '/apis'}/${apiVersionOf(gvk)}`
    const collection = `${root}/${namespaced ? 'namespaces/default/' : ''}${plural}`
    const usable: { object: KubeObject; answer: unknown }[] = []
    for (const object of objects) {
      const inJson = await send('POST', `${collection}?dryRun=All`, 'application/json', object)
      // What depends on other objects of its case is not asked again here.
      if (inJson.code !== 201) continue
      usable.push({ object, answer: inJson.object })
      const inProtobuf = await send('POST', `${collection}?dryRun=All`, protobuf, object, gvk)
      expect(inProtobuf.code).toBe(201)
      expect(plain(inProtobuf.object)).toEqual(plain(inJson.object))
    }
    expect(usable.length).toBeGreaterThan(0)
    if (verbs !== undefined && !verbs.includes('watch')) return
    const first = usable[0]
    if (first === undefined) return
    const made = await send('POST', collection, protobuf, first.object, gvk)
    expect(made).toMatchObject({ code: 201 })
    const name = (made.object['metadata'] as { name: string }).name
    const read = await send('GET', `${collection}/${name}`, 'application/json')
    expect(plain(withoutStatus(read.object))).toEqual(plain(withoutStatus(first.answer)))
    expect(plain((await send('GET', `${collection}/${name}`, protobuf)).object)).toEqual(plain(read.object))
    const frame = await firstFrame(`${collection}?watch=true&fieldSelector=metadata.name%3D${encodeURIComponent(name)}`)
    expect(frame.type).toBe('ADDED')
    expect(plain(frame.object)).toEqual(plain(read.object))
    const list = await send('GET', `${collection}?fieldSelector=metadata.name%3D${encodeURIComponent(name)}`, protobuf)
    const { kind: _kind, apiVersion: _apiVersion, ...item } = read.object
    expect(plain(list.object['items'])).toEqual([plain(item)])
    await send('DELETE', `${collection}/${name}?gracePeriodSeconds=0`, 'application/json')
  })
})
