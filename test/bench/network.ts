import { run } from '@kapell/node-agent/runtime/exec'
import { fileURLToPath } from 'node:url'
import type { Bench } from './harness.ts'

/** Services and names of one node, in a network namespace of its own: needs root. */
export const networkBench: Bench = {
  name: 'network',
  about: 'one endpoint changed and one connection made among 100 and 5,000 Services; DNS against one core',
  run: async (print) => {
    const child = fileURLToPath(new URL('network-child.ts', import.meta.url))
    const results = JSON.parse(await run('unshare', ['-n', process.execPath, child], { timeoutMs: 300_000 })) as Record<
      string,
      number
    >
    const of = (key: string) => results[key] ?? Number.NaN
    print({ what: 'endpoint change among 100 Services', value: of('change-100'), unit: 'ms' })
    print({
      what: 'endpoint change among 5,000 Services',
      value: of('change-5000'),
      unit: 'ms',
      of: { what: 'among 100', value: of('change-100') },
    })
    print({ what: 'connect through one of 100 Services', value: of('connect-100'), unit: 'ms' })
    print({
      what: 'connect through one of 5,000 Services',
      value: of('connect-5000'),
      unit: 'ms',
      of: { what: 'through one of 100', value: of('connect-100') },
    })
    print({ what: 'DNS answers of the cluster, asker in the same process', value: of('dns-qps'), unit: '/s' })
    print({ what: 'DNS 99th percentile, 16 askers', value: of('dns-p99'), unit: 'ms' })
    print({ what: 'cores used by both', value: of('dns-core'), unit: 'cores' })
  },
}
