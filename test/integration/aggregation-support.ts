import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import { createAuthority, issueCertificate, type KeyPair } from '@kapell/apiserver/certificates/issue'

/** What one of this machine's own addresses is, other than loopback: endpoints may not be that. */
export const hostAddress = (): string =>
  Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address ?? '127.0.0.1'

export interface Seen {
  method: string
  url: string
  headers: IncomingMessage['headers']
  /** Values of headers that came several times. */
  groups: string[]
  caller: string | undefined
  body: string
}

/** A small API server: one group, one kind, as those behind an aggregator are. */
export interface Extension {
  port: number
  /** Base64, for an APIService. */
  caBundle: string
  seen: Seen[]
  close(): Promise<void>
}

const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 86_400_000) }

async function serving(host: string): Promise<{ authority: KeyPair; leaf: KeyPair }> {
  const authority = await createAuthority({ commonName: 'extension-ca', ...validity })
  const leaf = await issueCertificate(authority, {
    commonName: 'extension',
    hosts: [host],
    usages: ['server'],
    ...validity,
  })
  return { authority, leaf }
}

export const group = 'widgets.example.com'

const resources = [
  {
    name: 'widgets',
    singularName: 'widget',
    namespaced: true,
    kind: 'Widget',
    verbs: ['get', 'list', 'watch', 'create'],
    shortNames: ['wd'],
  },
  { name: 'widgets/status', singularName: '', namespaced: true, kind: 'Widget', verbs: ['get'] },
]

const documents: Record<string, unknown> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  [`/apis/${group}/v1`]: { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${group}/v1`, resources },
  '/openapi/v3': {
    paths: { [`apis/${group}/v1`]: { serverRelativeURL: `/openapi/v3/apis/${group}/v1?hash=ABC` } },
  },
  [`/openapi/v3/apis/${group}/v1`]: { openapi: '3.0.0', info: { title: 'widgets', version: 'v1' }, paths: {} },
  '/openapi/v2': {
    swagger: '2.0',
    info: { title: 'widgets', version: 'v1' },
    paths: {
      [`/apis/${group}/v1/widgets`]: {
        get: {
          operationId: 'listWidgets',
          responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/example.Widget' } } },
        },
      },
      '/version/': { get: { operationId: 'getVersion', responses: { 200: { description: 'OK' } } } },
    },
    definitions: {
      'example.Widget': {
        type: 'object',
        properties: { metadata: { $ref: '#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' } },
      },
      'example.Unused': { type: 'object' },
      'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta': { type: 'object', description: 'another one' },
    },
  },
}

/** Two groups arrive as two header lines, which Node joins. */
const valuesOf = (request: IncomingMessage, name: string): string[] =>
  request.rawHeaders.flatMap((one, i, all) => (i % 2 === 0 && one.toLowerCase() === name ? [all[i + 1] ?? ''] : []))

export async function startExtension(host: string): Promise<Extension> {
  const { authority, leaf } = await serving(host)
  const seen: Seen[] = []
  const note = (request: IncomingMessage, body = ''): void => {
    const subject = (request.socket as TLSSocket).getPeerCertificate()?.subject
    seen.push({
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      groups: valuesOf(request, 'x-remote-group'),
      caller: [subject?.CN].flat()[0],
      body,
    })
  }
  const server: Server = createServer(
    { cert: leaf.certificate, key: leaf.key, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      void (async () => {
        let body = ''
        for await (const chunk of request) body += String(chunk)
        note(request, body)
        const { pathname, searchParams } = new URL(request.url ?? '/', 'https://extension')
        const json = (status: number, value: unknown): void => {
          response.writeHead(status, { 'content-type': 'application/json', 'x-extension': 'yes' })
          response.end(JSON.stringify(value))
        }
        if (Object.hasOwn(documents, pathname)) json(200, documents[pathname])
        else if (pathname.endsWith('/moved')) response.writeHead(302, { location: '/elsewhere' }).end()
        else if (pathname.endsWith('/broken')) request.socket.destroy()
        else if (searchParams.has('watch')) {
          response.writeHead(200, { 'content-type': 'application/json' })
          response.write('{"type":"ADDED","object":{"kind":"Widget","metadata":{"name":"first"}}}\n')
        } else if (request.method === 'POST') json(201, JSON.parse(body))
        else json(200, { kind: 'WidgetList', apiVersion: `${group}/v1`, metadata: {}, items: [] })
      })().catch(() => response.destroy())
    },
  )
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    note(request)
    socket.on('error', () => {})
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n')
    socket.pipe(socket)
  })
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    caBundle: Buffer.from(authority.certificate).toString('base64'),
    seen,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
