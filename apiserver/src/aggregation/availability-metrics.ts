import type { V1APIService } from '@kapell/openapi/types'
import { ValueFamily, type MetricsRegistry } from '../metrics/metrics.ts'

const unavailable = 'aggregator_unavailable_apiservice'

/** Which APIServices are unavailable now, and how often each was found so, by why. */
export function createAvailabilityMetrics(
  registry: MetricsRegistry,
  list: () => readonly V1APIService[],
): (name: string, reason: string) => void {
  registry.add({
    write: (out) => {
      const now = new ValueFamily({
        name: unavailable,
        type: 'gauge',
        help: 'APIServices that are unavailable.',
        labels: ['name'],
      })
      for (const { metadata, status } of list()) {
        const condition = (status?.conditions ?? []).find(({ type }) => type === 'Available')
        now.child(metadata?.name ?? '').value = condition?.status === 'False' ? 1 : 0
      }
      now.write(out)
    },
  })
  const total = registry.add(
    new ValueFamily({
      name: `${unavailable}_total`,
      type: 'counter',
      help: 'How often APIServices were found unavailable, by why.',
      labels: ['name', 'reason'],
    }),
  )
  return (name, reason) => void total.child(name, reason).value++
}
