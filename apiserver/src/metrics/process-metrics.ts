import { groupResource } from '@kapell/openapi/meta/resource-ref'
import { ValueFamily, type MetricsRegistry } from './metrics.ts'

/** What every Prometheus target tells of its process. */
export function addProcessMetrics(registry: MetricsRegistry): void {
  const started = Date.now() / 1000 - process.uptime()
  const measured: [string, 'counter' | 'gauge', string, () => number][] = [
    [
      'process_cpu_seconds_total',
      'counter',
      'CPU time used, user and system.',
      () => {
        const { user, system } = process.cpuUsage()
        return (user + system) / 1e6
      },
    ],
    ['process_resident_memory_bytes', 'gauge', 'Resident memory.', () => process.memoryUsage.rss()],
    ['process_start_time_seconds', 'gauge', 'When the process started.', () => started],
    ['nodejs_heap_size_used_bytes', 'gauge', 'Heap in use.', () => process.memoryUsage().heapUsed],
  ]
  for (const [name, type, help, read] of measured) {
    registry.add(new ValueFamily({ name, type, help, labels: [] }, (family) => (family.child().value = read())))
  }
}

/** How many objects there are of each kind, read off the caches at each scrape. */
export function addObjectCounts(
  registry: MetricsRegistry,
  stores: () => Iterable<{ definition: { group: string; plural: string }; cache(): { snapshot(): { size: number } } }>,
): void {
  registry.add(
    new ValueFamily(
      { name: 'apiserver_storage_objects', type: 'gauge', help: 'Stored objects, by resource.', labels: ['resource'] },
      (family) => {
        for (const { definition, cache } of stores()) {
          family.child(groupResource(definition)).value = cache().snapshot().size
        }
      },
    ),
  )
}
