import { request } from 'node:https'

/** Where a webhook listens, as configurations name it. */
export interface WebhookConfig {
  url?: string
  service?: { namespace: string; name: string; path?: string; port?: number }
  /** PEM, in base64. */
  caBundle?: string
}

/** POSTs JSON to a webhook and reads its JSON answer. Rejects with what went wrong. */
export type WebhookCaller = (call: { config: WebhookConfig; body: unknown; timeoutMs: number }) => Promise<unknown>

/** An endpoint of a Service's port. Rejects when there is none. */
export type ServiceResolver = (service: {
  namespace: string
  name: string
  port: number
}) => Promise<{ host: string; port: number }>

/** More than any answer needs; what is longer is refused. */
const maxAnswerBytes = 64 * 1024 * 1024

interface Target {
  url: URL
  /** The name that the certificate must be for. */
  serverName: string
  connect: { host: string; port: number }
}

async function targetOf(config: WebhookConfig, resolve: ServiceResolver): Promise<Target> {
  const { service } = config
  if (service === undefined) {
    const url = new URL(config.url ?? '')
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    return { url, serverName: host, connect: { host, port: Number(url.port === '' ? 443 : url.port) } }
  }
  const { namespace, name, path = '', port = 443 } = service
  const serverName = `${name}.${namespace}.svc`
  const url = new URL(`https://${serverName}:${port}${path.startsWith('/') ? '' : '/'}${path}`)
  return { url, serverName, connect: await resolve({ namespace, name, port }) }
}

function post(
  target: Target,
  options: { ca: string | undefined; payload: Buffer; timeoutMs: number },
): Promise<string> {
  const { url, serverName, connect } = target
  const { ca, payload, timeoutMs } = options
  const isAddress = /^[\d.]+$|:/.test(serverName)
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: connect.host,
        port: connect.port,
        ...(isAddress ? {} : { servername: serverName }),
        method: 'POST',
        path: `${url.pathname}${url.search}`,
        headers: {
          host: url.host,
          accept: 'application/json',
          'content-type': 'application/json',
          'content-length': payload.length,
        },
        signal: AbortSignal.timeout(timeoutMs),
        ...(ca === undefined ? {} : { ca }),
      },
      (answer) => {
        const chunks: Buffer[] = []
        let size = 0
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > maxAnswerBytes) answer.destroy(new Error('the answer is too long'))
          else chunks.push(chunk)
        })
        answer.on('error', reject)
        answer.on('end', () => {
          const text = Buffer.concat(chunks, size).toString('utf8')
          const code = answer.statusCode ?? 0
          if (code >= 200 && code < 300) resolve(text)
          else reject(new Error(`the server answered ${code}: ${text.slice(0, 1024).trim()}`))
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(payload)
  })
}

/** Calls webhooks over https; nothing but the answer is believed, and that only under the certificate that is wanted. */
export function createWebhookCaller(resolve: ServiceResolver): WebhookCaller {
  return async ({ config, body, timeoutMs }) => {
    const target = await targetOf(config, resolve)
    target.url.searchParams.set('timeout', `${Math.round(timeoutMs / 1000)}s`)
    const { caBundle = '' } = config
    const ca = caBundle === '' ? undefined : Buffer.from(caBundle, 'base64').toString('utf8')
    try {
      return JSON.parse(await post(target, { ca, payload: Buffer.from(JSON.stringify(body)), timeoutMs })) as unknown
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new Error(`Post ${JSON.stringify(target.url.href)}: ${why}`, { cause: error })
    }
  }
}
