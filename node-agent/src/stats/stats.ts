import { containerMetrics, resourceMetrics } from './exposition.ts'
import { createSampler, type SamplerOptions } from './sample.ts'
import { summaryOf } from './summary.ts'

/** What this node uses, in the forms that others read it in. */
export interface Stats {
  summary(options: { brief: boolean }): Promise<object>
  /** Prometheus text. */
  resource(): Promise<string>
  /** Prometheus text. */
  containers(): Promise<string>
}

export function createStats(options: SamplerOptions): Stats {
  const sample = createSampler(options)
  return {
    summary: async ({ brief }) => summaryOf(await sample(), brief),
    resource: async () => resourceMetrics(await sample()),
    containers: async () => containerMetrics(await sample()),
  }
}
