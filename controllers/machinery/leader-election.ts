import type { KubeObject } from '@kapell/openapi/meta/object'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import { isReason } from '@kapell/openapi/meta/status'
import type { ApiClient } from './client.ts'
import type { Clock } from './clock.ts'
import { errorText, type Logger } from './log.ts'
import type { Metrics } from './metrics.ts'

export interface LeaseObject extends KubeObject {
  spec?: {
    holderIdentity?: string
    leaseDurationSeconds?: number
    acquireTime?: string
    renewTime?: string
    leaseTransitions?: number
  }
}

const leases: ResourceRef<LeaseObject> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
}

export interface LeaderElectionOptions {
  client: ApiClient
  /** The lease's name: all that compete for it share it. */
  name: string
  namespace?: string
  /** Unique among the competitors. */
  identity: string
  clock: Clock
  log: Logger
  signal: AbortSignal
  leaseDurationMs?: number
  renewDeadlineMs?: number
  retryPeriodMs?: number
  metrics?: Metrics
  random?: () => number
}

/**
 * Waits to become the leader, then runs `lead` with a signal that aborts when leadership is lost; resolves when it
 * is. On a clean stop the lease is given up, so that the next one need not wait.
 *
 * Clocks of competitors may differ: a lease counts as abandoned when *this* process has not seen it change for its
 * duration, whatever times are written in it. Source: client-go leader election, its default periods.
 */
export async function runAsLeader(
  options: LeaderElectionOptions,
  lead: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { clock, log, signal, name, identity, random = Math.random } = options
  const retryMs = options.retryPeriodMs ?? 2000
  const renewDeadlineMs = options.renewDeadlineMs ?? 10_000
  const elector = createElector(options)
  const gauge = options.metrics?.gauge(
    'leader_election_master_status',
    'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master. ' +
      "'name' is the string used to identify the lease. Please make sure to group by name.",
    { name },
  )
  gauge?.set(0)

  while (!signal.aborted && !(await elector.tryHold())) await clock.sleep(retryMs * (1 + 0.2 * random()), signal)
  if (signal.aborted) return
  log.info(`${identity} became leader of ${name}`)
  gauge?.set(1)

  const lost = new AbortController()
  const abort = (): void => lost.abort()
  signal.addEventListener('abort', abort, { once: true })
  const renew = async (): Promise<void> => {
    let renewedMs = clock.now().getTime()
    while (!lost.signal.aborted) {
      await clock.sleep(retryMs, lost.signal)
      if (lost.signal.aborted) return
      // The time before the try: the lease runs from when it was written, not from when we heard of it.
      const triedMs = clock.now().getTime()
      if (await elector.tryHold()) renewedMs = triedMs
      else if (clock.now().getTime() - renewedMs >= renewDeadlineMs) {
        log.error(`${identity} lost the lease ${name}`)
        lost.abort()
      }
    }
  }
  const renewing = renew()
  try {
    await lead(lost.signal)
  } catch (error) {
    log.error(`${name}: ${errorText(error)}`)
  } finally {
    lost.abort()
    await renewing
    signal.removeEventListener('abort', abort)
    gauge?.set(0)
    await elector.release()
  }
}

interface Elector {
  /** One try to take or renew the lease; false also when the server does not answer. */
  tryHold(): Promise<boolean>
  release(): Promise<void>
}

function createElector(options: LeaderElectionOptions): Elector {
  const { clock, log, identity, name } = options
  const namespace = options.namespace ?? 'kube-system'
  const durationMs = options.leaseDurationMs ?? 15_000
  const resource = options.client.resource(leases, namespace)
  /** The lease as last seen, and when this process saw it change. */
  let observed: LeaseObject | undefined
  let observedMs = 0

  const observe = (lease: LeaseObject): void => {
    if (JSON.stringify(lease.spec) === JSON.stringify(observed?.spec)) {
      observed = lease
      return
    }
    observed = lease
    observedMs = clock.now().getTime()
  }
  const spec = (previous: LeaseObject['spec']): NonNullable<LeaseObject['spec']> => {
    const now = clock.now().toISOString().replace('Z', '000Z')
    const mine = previous?.holderIdentity === identity
    return {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(Math.round(durationMs / 1000), 1),
      acquireTime: mine ? (previous.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (previous?.leaseTransitions ?? 0) + (mine || previous?.holderIdentity === undefined ? 0 : 1),
    }
  }
  const hold = async (): Promise<boolean> => {
    let lease: LeaseObject
    try {
      lease = await resource.get(name)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
      observe(await resource.create({ metadata: { name, namespace }, spec: spec(undefined) }))
      return true
    }
    observe(lease)
    const holder = lease.spec?.holderIdentity ?? ''
    const validMs = observedMs + (lease.spec?.leaseDurationSeconds ?? 0) * 1000
    if (holder !== '' && holder !== identity && clock.now().getTime() < validMs) return false
    observe(await resource.update({ ...lease, spec: spec(lease.spec) }))
    return true
  }
  return {
    tryHold: async () => {
      try {
        return await hold()
      } catch (error) {
        if (!isReason(error, 'Conflict', 'AlreadyExists')) log.warn(`lease ${name}: ${errorText(error)}`)
        return false
      }
    },
    release: async () => {
      if (observed?.spec?.holderIdentity !== identity) return
      const now = clock.now().toISOString().replace('Z', '000Z')
      try {
        const lease = await resource.get(name)
        if (lease.spec?.holderIdentity !== identity) return
        await resource.update({
          ...lease,
          spec: { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now, acquireTime: now },
        })
      } catch (error) {
        log.debug(`lease ${name} not given up: ${errorText(error)}`)
      }
    },
  }
}
