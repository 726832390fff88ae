import type { HealthCheck, Probe } from './health.ts'

interface Result {
  name: string
  probe: Probe
  well: boolean
  success: number
  error: number
}

/** What each check came to, by the probe that asked. Source: the documentation, "Kubernetes component SLI metrics". */
export class CheckResults {
  readonly #results = new Map<string, Result>()

  /** Runs a check; gives what is wrong, undefined for nothing. */
  async note({ name, check }: HealthCheck, probe: Probe): Promise<unknown> {
    const key = `${probe} ${name}`
    const result = this.#results.get(key) ?? { name, probe, well: true, success: 0, error: 0 }
    this.#results.set(key, result)
    try {
      await check()
      result.well = true
      result.success++
      return undefined
    } catch (error) {
      result.well = false
      result.error++
      return error ?? new Error('failed')
    }
  }

  text(): string {
    const all = [...this.#results.values()].sort((a, b) => (`${a.name} ${a.probe}` < `${b.name} ${b.probe}` ? -1 : 1))
    const lines = [
      '# HELP kubernetes_healthcheck [STABLE] This metric records the result of a single healthcheck.',
      '# TYPE kubernetes_healthcheck gauge',
      ...all.map(({ name, probe, well }) => `kubernetes_healthcheck{name="${name}",type="${probe}"} ${well ? 1 : 0}`),
      '# HELP kubernetes_healthchecks_total [STABLE] This metric records the results of all healthcheck.',
      '# TYPE kubernetes_healthchecks_total counter',
      ...all.flatMap(({ name, probe, ...counts }) =>
        (['error', 'success'] as const)
          .filter((status) => counts[status] > 0)
          .map(
            (status) =>
              `kubernetes_healthchecks_total{name="${name}",status="${status}",type="${probe}"} ${counts[status]}`,
          ),
      ),
    ]
    return `${lines.join('\n')}\n`
  }
}
