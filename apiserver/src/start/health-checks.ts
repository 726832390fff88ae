import type { HealthCheck } from '../endpoints/health.ts'
import type { Storage } from '../storage/storage.ts'

/** What /healthz, /livez and /readyz look at, by upstream's names. */
export function healthChecks(parts: {
  storage: Pick<Storage, 'revision'>
  isBootstrapped: () => boolean
  closing: AbortSignal
}): HealthCheck[] {
  const reachable = async (): Promise<void> => void (await parts.storage.revision())
  const bootstrapped = (): void => {
    if (!parts.isBootstrapped()) throw new Error('not finished')
  }
  return [
    { name: 'ping', check: () => {} },
    { name: 'log', check: () => {} },
    { name: 'etcd', check: reachable },
    { name: 'etcd-readiness', probes: ['readyz'], check: reachable },
    { name: 'informer-sync', probes: ['readyz'], check: bootstrapped },
    { name: 'poststarthook/rbac/bootstrap-roles', check: bootstrapped },
    { name: 'poststarthook/scheduling/bootstrap-system-priority-classes', check: bootstrapped },
    { name: 'shutdown', probes: ['readyz'], check: () => parts.closing.throwIfAborted() },
  ]
}
