import { rm } from 'node:fs/promises'
import type { V1Pod } from '@kapell/openapi/types'
import { isNotFound } from '../cri/grpc-client.ts'
import { ephemeralContainers } from './actions.ts'
import type { PodDeps } from './deps.ts'
import { identityOf, newest, type PodRecord } from './record.ts'
import { endContainers } from './terminate.ts'

/**
 * Ends and removes all containers of a pod, so that it starts anew, from its first init container, in the sandbox and
 * with the volumes it has. Answers how often each of them has been restarted then. Source: enhancement 5532.
 */
export async function removeToStartAnew(
  deps: Pick<PodDeps, 'cri' | 'clock' | 'events' | 'log'>,
  { pod, record, signal }: { pod: V1Pod; record: PodRecord; signal: AbortSignal },
): Promise<Map<string, number>> {
  const ephemeral = new Set(ephemeralContainers(pod).map(({ name }) => name))
  const containers = record.containers.filter(({ name }) => !ephemeral.has(name))
  const graceSeconds = pod.spec?.terminationGracePeriodSeconds ?? 30
  const request = { identity: identityOf(pod), pod, record: { ...record, containers }, graceSeconds, signal }
  await endContainers(deps, request, () => 'killing')
  for (const { id, logPath } of containers) {
    if (id === '') continue
    await deps.cri.runtime.removeContainer({ containerId: id }, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
    if (logPath !== '') await rm(logPath, { force: true })
  }
  return new Map(containers.map(({ name }) => [name, (newest(record, name)?.attempt ?? 0) + 1]))
}
