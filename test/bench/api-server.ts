import { createServer } from 'node:https'
import { join } from 'node:path'
import { startApiServer } from '@kapell/apiserver/main'
import { openEmbeddedStore } from '@kapell/apiserver/storage/embedded/store'
import { silentLog } from '../suites/silent-log.ts'
import { rate, usageNow } from './harness.ts'

/**
 * The served side of the API bench, a process of its own: an API server, and beside it a bare node:https server that
 * sends whatever bytes it was given. Talks with the bench over IPC. Argument: directory.
 */
export type Ask =
  | { ask: 'bytes'; body: string; contentType: string }
  | { ask: 'storeCreates'; clients: number; milliseconds: number; sizeBytes: number }
  | { ask: 'usage' }
  | { ask: 'stop' }

export interface Started {
  apiPort: number
  barePort: number
  ca: string
  cert: string
  key: string
}

const directory = process.argv[2] ?? ''
const api = await startApiServer({
  dataDir: join(directory, 'api'),
  storage: { type: 'embedded', directory: join(directory, 'api', 'store') },
  log: silentLog,
})
const serving = await api.issueServingCertificate({ commonName: 'bare', hosts: ['localhost', '127.0.0.1'] })
let bytes: Buffer = Buffer.from('{}')
let contentType = 'application/json'
const bare = createServer({ cert: serving.certificate, key: serving.key }, (_request, response) => {
  response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length })
  response.end(bytes)
})
await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', () => resolve()))
const store = await openEmbeddedStore({ directory: join(directory, 'plain'), log: silentLog })
let next = 0

async function answer(ask: Ask): Promise<unknown> {
  if (ask.ask === 'bytes') {
    bytes = Buffer.from(ask.body, 'base64')
    contentType = ask.contentType
    return undefined
  }
  if (ask.ask === 'storeCreates') {
    const value = Buffer.alloc(ask.sizeBytes, 97)
    const { clients, milliseconds } = ask
    return rate({ clients, milliseconds, work: () => store.create(`/registry/pods/plain/p${next++}`, value) })
  }
  if (ask.ask === 'usage') return usageNow()
  await store.close()
  await api.close()
  process.exit(0)
}

process.on('message', ({ id, ask }: { id: number; ask: Ask }) => {
  answer(ask).then(
    (result) => process.send?.({ id, result }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  )
})

const address = bare.address()
const admin = await api.issueClientCertificate({ commonName: 'bench', organizations: ['system:masters'] })
const started: Started = {
  apiPort: api.port,
  barePort: address !== null && typeof address === 'object' ? address.port : 0,
  ca: api.caCertificate,
  cert: admin.certificate,
  key: admin.key,
}
process.send?.({ id: 0, result: started })
