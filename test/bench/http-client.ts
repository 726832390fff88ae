import { connect, type TLSSocket } from 'node:tls'

/** As little HTTP/1.1 client as a load generator needs: one request at a time on one TLS connection. */
export interface Connection {
  /** Sends the bytes, resolves with the status and the length of the whole answer. */
  request(bytes: Buffer): Promise<{ status: number; body: Buffer | undefined }>
  close(): void
}

export function requestBytes(options: {
  method: string
  path: string
  body?: Buffer
  accept?: string
  contentType?: string
}): Buffer {
  const { method, path, body, accept = 'application/json', contentType = 'application/json' } = options
  const lines = [`${method} ${path} HTTP/1.1`, 'host: localhost', `accept: ${accept}`]
  if (body !== undefined) lines.push(`content-type: ${contentType}`, `content-length: ${body.length}`)
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body ?? Buffer.alloc(0)])
}

export async function openConnection(options: {
  port: number
  ca: string
  cert?: string
  key?: string
  /** Keep bodies; otherwise only their length counts. */
  keepBody?: boolean
}): Promise<Connection> {
  const { port, ca, cert, key, keepBody = false } = options
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca, ...(cert === undefined ? {} : { cert, key }) })
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  let settle: ((answer: { status: number; body: Buffer | undefined }) => void) | undefined
  let fail: ((error: Error) => void) | undefined
  let head: Buffer = Buffer.alloc(0)
  let missing = -1
  let status = 0
  let body: Buffer[] = []
  const finish = (): void => {
    const answer = { status, body: keepBody ? Buffer.concat(body) : undefined }
    head = Buffer.alloc(0)
    missing = -1
    body = []
    settle?.(answer)
  }
  socket.on('data', (data: Buffer) => {
    let rest = data
    if (missing < 0) {
      head = head.length === 0 ? data : Buffer.concat([head, data])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      const text = head.toString('latin1', 0, end)
      status = Number(text.slice(9, 12))
      const length = /content-length: (\d+)/i.exec(text)?.[1]
      if (length === undefined) return void fail?.(new Error(`no content-length: ${text}`))
      missing = Number(length)
      rest = head.subarray(end + 4)
    }
    missing -= rest.length
    if (keepBody) body.push(rest)
    if (missing <= 0) finish()
  })
  const broken = (error?: Error): void => fail?.(error ?? new Error('the connection was closed'))
  socket.on('error', broken)
  socket.on('close', () => broken())
  return {
    request: (bytes) =>
      new Promise((resolve, reject) => {
        settle = resolve
        fail = reject
        socket.write(bytes)
      }),
    close: () => socket.destroy(),
  }
}

/** A request whose answer never ends: tells each piece of it as it comes. Closes with the returned function. */
export async function openStream(options: {
  port: number
  ca: string
  cert: string
  key: string
  path: string
  onData: (data: Buffer) => void
}): Promise<() => void> {
  const { port, ca, cert, key, path, onData } = options
  const socket = connect({ host: '127.0.0.1', port, ca, cert, key })
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  socket.on('error', () => undefined)
  socket.write(requestBytes({ method: 'GET', path }))
  await new Promise<void>((resolve) => {
    socket.once('data', (head: Buffer) => {
      onData(head)
      socket.on('data', onData)
      resolve()
    })
  })
  return () => socket.destroy()
}
