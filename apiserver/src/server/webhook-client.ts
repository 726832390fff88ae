import { Agent, request } from 'node:https'
import { parseJson } from '@kapell/openapi/wire/json'
import { bodyOf } from './bounded-body.ts'
import { refusedText, serverUnreachableText, WebhookAnswerError } from './webhook-errors.ts'

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

/** Connections to one webhook at once; more calls wait for one, each for no longer than it may take at all. */
const maxSockets = 64

interface Target {
  /** As messages name it, the timeout in its query. */
  url: string
  path: string
  host: string
  /** The name that the certificate must be for. */
  serverName: string
  /** Where to connect, found out when it is called. */
  connect: () => Promise<{ host: string; port: number }>
}

function targetOf(config: WebhookConfig, resolve: ServiceResolver, timeoutMs: number): Target {
  const { service } = config
  const timeout = `timeout=${Math.round(timeoutMs / 1000)}s`
  if (service === undefined) {
    const url = new URL(config.url ?? '')
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const connect = { host, port: Number(url.port === '' ? 443 : url.port) }
    const path = `${url.pathname}${url.search === '' ? '?' : `${url.search}&`}${timeout}`
    const text = `https://${url.host}${path}`
    return { url: text, path, host: url.host, serverName: host, connect: () => Promise.resolve(connect) }
  }
  const { namespace, name, path: given = '', port = 443 } = service
  const serverName = `${name}.${namespace}.svc`
  const host = `${serverName}:${port}`
  const path = `${given.startsWith('/') ? '' : '/'}${given}?${timeout}`
  return { url: `https://${host}${path}`, path, host, serverName, connect: () => resolve({ namespace, name, port }) }
}

async function post(
  target: Target,
  options: { agent: Agent; ca: string | undefined; payload: Buffer; timeoutMs: number },
): Promise<string> {
  const { serverName } = target
  const { agent, ca, payload, timeoutMs } = options
  const isAddress = /^[\d.]+$|:/.test(serverName)
  // The time that finding an endpoint takes counts.
  const signal = AbortSignal.timeout(timeoutMs)
  const connect = await target.connect()
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(new Error(serverUnreachableText(signal, error, connect)))
    const outgoing = request(
      {
        agent,
        host: connect.host,
        port: connect.port,
        ...(isAddress ? {} : { servername: serverName }),
        method: 'POST',
        path: target.path,
        headers: {
          host: target.host,
          accept: 'application/json',
          'content-type': 'application/json',
          'content-length': payload.length,
          'user-agent': 'kube-apiserver-admission',
        },
        signal,
        ...(ca === undefined ? {} : { ca }),
      },
      (answer) => {
        bodyOf(answer, maxAnswerBytes).then((bytes) => {
          const text = bytes.toString('utf8')
          const code = answer.statusCode ?? 0
          if (code < 200 || code > 299) reject(new WebhookAnswerError(refusedText(code, text)))
          else if (bytes.length === 0) {
            const type = answer.headers['content-type'] ?? ''
            reject(new WebhookAnswerError(`0-length response with status code: ${code} and content type: ${type}`))
          } else resolve(text)
        }, fail)
      },
    )
    outgoing.on('error', fail)
    outgoing.end(payload)
  })
}

/** Calls webhooks over https; nothing but the answer is believed, and that only under the certificate that is wanted. */
export function createWebhookCaller(resolve: ServiceResolver): WebhookCaller {
  const agent = new Agent({ keepAlive: true, maxSockets, maxFreeSockets: 8, scheduling: 'lifo' })
  return async ({ config, body, timeoutMs }) => {
    const target = targetOf(config, resolve, timeoutMs)
    const { caBundle = '' } = config
    const ca = caBundle === '' ? undefined : Buffer.from(caBundle, 'base64').toString('utf8')
    let text: string
    try {
      text = await post(target, { agent, ca, payload: Buffer.from(JSON.stringify(body)), timeoutMs })
    } catch (error) {
      if (error instanceof WebhookAnswerError) throw error
      const why = error instanceof Error ? error.message : String(error)
      throw new Error(`Post ${JSON.stringify(target.url)}: ${why}`, { cause: error })
    }
    return parseJson(text, (why) => new WebhookAnswerError(`couldn't get version/kind; json parse error: ${why}`))
  }
}
