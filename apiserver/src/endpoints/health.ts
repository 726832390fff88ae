import type { RequestContext } from '../pipeline/context.ts'
import { textAnswer, type Answer } from '../server/answer.ts'

/** One thing that must be well; throws or rejects with what is wrong. */
export interface HealthCheck {
  name: string
  check: () => Promise<void> | void
  /** Which probes ask it; all when absent. */
  probes?: readonly Probe[]
}

export type Probe = 'healthz' | 'livez' | 'readyz'

/** Serves /healthz, /livez, /readyz and single checks below them. Source: "Kubernetes API health endpoints". */
export function createHealth(checks: readonly HealthCheck[]): (context: RequestContext) => Promise<Answer | undefined> {
  return async (context) => {
    const [, probe, ...rest] = context.path.replace(/\/$/, '').split('/')
    if (probe !== 'healthz' && probe !== 'livez' && probe !== 'readyz') return undefined
    const asked = checks.filter((one) => one.probes?.includes(probe) ?? true)
    if (rest.length > 0) {
      const one = asked.find((check) => check.name === rest.join('/'))
      if (one === undefined) return undefined
      return (await failure(one)) === undefined
        ? textAnswer(200, 'ok')
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
      const bad = await failure(one)
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
}

async function failure(check: HealthCheck): Promise<unknown> {
  try {
    await check.check()
    return undefined
  } catch (error) {
    return error ?? new Error('failed')
  }
}
