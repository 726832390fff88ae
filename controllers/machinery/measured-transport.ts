import type { ApiResponse, Transport } from '@kapell/openapi/wire/transport'
import type { Counter, Histogram, Metrics } from './metrics.ts'

const sizes = [64, 256, 512, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216]
const buckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60]

/**
 * Counts and times the requests of a component, by upstream's names. A request without an answer counts with the code
 * "<error>". Source: "Kubernetes Metrics Reference", rest_client_*.
 */
export function measuredTransport(transport: Transport, metrics: Metrics, host = 'in-process'): Transport {
  const counters = new Map<string, Counter>()
  const times = new Map<string, Histogram>()
  const count = (code: string, method: string): void => {
    const key = `${code} ${method}`
    let counter = counters.get(key)
    if (counter === undefined) {
      counter = metrics.counter('rest_client_requests_total', 'Requests, by answer.', { code, host, method })
      counters.set(key, counter)
    }
    counter.inc()
  }
  const time = (verb: string, seconds: number): void => {
    let histogram = times.get(verb)
    if (histogram === undefined) {
      const help = 'Time until an answer began.'
      histogram = metrics.histogram('rest_client_request_duration_seconds', help, { host, verb }, buckets)
      times.set(verb, histogram)
    }
    histogram.observe(seconds)
  }
  const measured = new Map<string, Histogram>()
  const measure = (what: 'request' | 'response', verb: string, bytes: number): void => {
    const id = `${what} ${verb}`
    let histogram = measured.get(id)
    if (histogram === undefined) {
      const labels = { host, verb }
      histogram = metrics.histogram(`rest_client_${what}_size_bytes`, `[ALPHA] Size of a ${what}.`, labels, sizes)
      measured.set(id, histogram)
    }
    histogram.observe(bytes)
  }
  /** What is read as a whole is measured; streams have no size. */
  const sized = (answer: ApiResponse, verb: string): ApiResponse => ({
    ...answer,
    bytes: async () => {
      const bytes = await answer.bytes()
      measure('response', verb, bytes.length)
      return bytes
    },
  })
  return async (request) => {
    const start = performance.now()
    try {
      const answer = await transport(request)
      count(String(answer.status), request.method)
      measure('request', request.method, request.body?.length ?? 0)
      return sized(answer, request.method)
    } catch (error) {
      count('<error>', request.method)
      throw error
    } finally {
      time(request.method, (performance.now() - start) / 1000)
    }
  }
}
