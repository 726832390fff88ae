import { request } from 'node:https'
import type { V1Node } from '@kapell/openapi/types'
import { agentOf } from '../endpoints/connect/node-location.ts'
import type { AgentTls } from '../endpoints/connect/pod-streams.ts'
import type { ObjectAccess } from '../registry/services.ts'
import { bodyOf } from '../server/bounded-body.ts'
import type { ServerLogger } from '../server/log.ts'
import { parseResourceMetrics } from './parse-resource-metrics.ts'
import type { UsageStore } from './usage.ts'

const scrapeEveryMs = 15_000
const timeoutMs = 10_000
/** Agents asked at once. */
const maxConcurrent = 16
const maxAnswerBytes = 32 * 1024 * 1024
const path = '/metrics/resource'

/** The text of an agent's answer. Rejects with what went wrong. */
function fetchText(at: { host: string; port: number }, tls: AgentTls): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const outgoing = request({ ...at, ...tls, path, method: 'GET', agent: false, signal }, (answer) => {
      bodyOf(answer, maxAnswerBytes).then((bytes) => {
        if (answer.statusCode === 200) resolve(bytes.toString('utf8'))
        else reject(new Error(`the agent answered ${answer.statusCode ?? 0}`))
      }, reject)
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

export interface ScraperOptions {
  objects: ObjectAccess
  store: UsageStore
  tls: AgentTls
  now: () => Date
  log: ServerLogger
  closing: AbortSignal
  /** Default 15 s. */
  everyMs?: number | undefined
  fetch?: typeof fetchText
}

/** A node whose agent listens somewhere. */
const hasAgent = (node: V1Node): boolean => (node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0) > 0

const nodes = { group: '', plural: 'nodes' }

/** Asks every node's agent what it uses, again and again; one that does not answer is left out until it does. */
export function startScraper(options: ScraperOptions): void {
  const { objects, store, log, closing, fetch = fetchText } = options
  const silent = new Set<string>()

  const scrape = async (node: V1Node): Promise<void> => {
    const name = node.metadata?.name ?? ''
    try {
      const text = await fetch(agentOf(node), options.tls)
      store.add(name, parseResourceMetrics(text, options.now().getTime()))
      silent.delete(name)
    } catch (error) {
      if (!silent.has(name) && !closing.aborted)
        log.warn('a node does not tell its usage', { name, error: String(error) })
      silent.add(name)
    }
  }
  const round = async (): Promise<void> => {
    const all = objects.list<V1Node>(nodes).filter(hasAgent)
    const names = new Set(all.map((node) => node.metadata?.name ?? ''))
    store.keep(names)
    for (const name of silent) if (!names.has(name)) silent.delete(name)
    const waiting = all.values()
    const worker = async (): Promise<void> => {
      for (const node of waiting) if (!closing.aborted) await scrape(node)
    }
    await Promise.all(Array.from({ length: Math.min(maxConcurrent, all.length) }, worker))
  }
  let isBusy = false
  const tick = (): void => {
    if (isBusy || closing.aborted) return
    isBusy = true
    round()
      .catch((error: unknown) => log.warn('usage could not be gathered', { error: String(error) }))
      .finally(() => (isBusy = false))
      .catch(() => {})
  }
  const timer = setInterval(tick, options.everyMs ?? scrapeEveryMs)
  timer.unref()
  closing.addEventListener('abort', () => clearInterval(timer), { once: true })
  // The first one comes soon: it takes two to tell a rate.
  tick()
}
