import type { RequestContext } from '../pipeline/context.ts'
import { bytesAnswer, textAnswer, type Answer } from '../server/answer.ts'
import { CheckResults } from './health-metrics.ts'

/** One thing that must be well; throws or rejects with what is wrong. */
export interface HealthCheck {
  name: string
  check: () => Promise<void> | void
  /** Which probes ask it; all when absent. */
  probes?: readonly Probe[]
}

export type Probe = 'healthz' | 'livez' | 'readyz'

export interface Health {
  answer: (context: RequestContext) => Promise<Answer | undefined>
  /** What the checks came to so far, for /metrics/slis. */
  metricsText: () => string
}

/** Serves /healthz, /livez, /readyz and single checks below them. Source: "Kubernetes API health endpoints". */
export function createHealth(checks: readonly HealthCheck[]): Health {
  const results = new CheckResults()
  const failure = (one: HealthCheck, probe: Probe): Promise<unknown> => results.note(one, probe)
  const answer = async (context: RequestContext): Promise<Answer | undefined> => {
    const [, probe, ...rest] = context.path.split('/')
    if (probe !== 'healthz' && probe !== 'livez' && probe !== 'readyz') return undefined
    const asked = checks.filter((one) => one.probes?.includes(probe) ?? true)
    if (rest.length > 0) {
      const one = asked.find((check) => check.name === rest.join('/'))
      if (one === undefined) return undefined
      return (await failure(one, probe)) === undefined
        ? bytesAnswer(200, plain, new TextEncoder().encode('ok'))
        : textAnswer(500, 'internal server error: failed\n')
    }
    const excluded = new Set(context.query.getAll('exclude'))
    const lines: string[] = []
    let failed = false
    for (const one of asked) {
      if (excluded.has(one.name)) {
        lines.push(`[+]${one.name} excluded: ok`)
        continue
      }
      const bad = await failure(one, probe)
      if (bad === undefined) lines.push(`[+]${one.name} ok`)
      else {
        failed = true
        lines.push(`[-]${one.name} failed: reason withheld`)
      }
    }
    if (failed) return textAnswer(500, `${lines.join('\n')}\n${probe} check failed\n`)
    // The original's livez says "healthz" at the end, too.
    const name = probe === 'livez' ? 'healthz' : probe
    return textAnswer(200, context.query.has('verbose') ? `${lines.join('\n')}\n${name} check passed\n` : 'ok')
  }
  return { answer, metricsText: () => results.text() }
}

const plain = 'text/plain; charset=utf-8'
