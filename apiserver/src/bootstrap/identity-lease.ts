import { createHash } from 'node:crypto'
import type { V1Lease } from '@kapell/openapi/types'
import { isReason } from '@kapell/openapi/meta/status'
import type { ObjectAccess } from '../registry/services.ts'
import type { ServerLogger } from '../server/log.ts'
import { newUuid } from '../uuid.ts'

/** Source: the documentation, "API server identity"; times are upstream's defaults. */
const everyMs = 10_000
const durationSeconds = 3600
const collectEveryMs = 3_600_000

const leases = { group: 'coordination.k8s.io', plural: 'leases' }
const namespace = 'kube-system'
const identityLabel = 'apiserver.kubernetes.io/identity'
const identity = 'kube-apiserver'

export interface IdentityLeaseOptions {
  objects: ObjectAccess
  hostname: string
  advertise: { address: string; port: number }
  now: () => Date
  log: ServerLogger
}

/** A Lease by which one of several API servers shows that it is there, and which it is. */
export interface IdentityLease {
  readonly name: string
  /** Begins to renew, until it leaves; removes what servers that are gone have left. */
  join(): Promise<void>
  renew(): Promise<void>
  /** Removes the leases of servers that did not renew them in time. */
  collect(): Promise<void>
  /** Stops. The lease stays until it has run out, as upstream's does. */
  leave(): void
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

/** "apiserver-" and 26 letters and digits: the same each time a server starts, another for each server. */
export function identityName(server: string): string {
  const bits = [...createHash('sha256').update(server).digest().subarray(0, 16)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
  const letters = bits.match(/.{1,5}/g)?.map((five) => alphabet[Number.parseInt(five.padEnd(5, '0'), 2)] ?? '') ?? []
  return `apiserver-${letters.join('')}`
}

/** With microseconds, as leases are written. */
const microTime = (at: Date): string => at.toISOString().replace('Z', '000Z')

export function createIdentityLease(options: IdentityLeaseOptions): IdentityLease {
  const { objects, hostname, advertise, now, log } = options
  const address = advertise.address.includes(':') ? `[${advertise.address}]` : advertise.address
  const place = `${address}:${advertise.port}`
  const name = identityName(`${hostname}/${place}`)
  const at = { namespace, name }
  const holderIdentity = `${name}_${newUuid()}`
  let timer: NodeJS.Timeout | undefined
  let collectedAtMs = 0

  const fill = (lease: V1Lease): void => {
    const metadata = (lease.metadata ??= {})
    metadata.labels = { ...metadata.labels, [identityLabel]: identity, 'kubernetes.io/hostname': hostname }
    metadata.annotations = { ...metadata.annotations, 'kubernetes.io/peer-advertise-address': place }
    // Times are texts on the wire, and here.
    const renewTime = microTime(now()) as unknown as NonNullable<V1Lease['spec']>['renewTime']
    lease.spec = { ...lease.spec, holderIdentity, leaseDurationSeconds: durationSeconds, renewTime: renewTime! }
  }
  const renew = async (): Promise<void> => {
    if (objects.get(leases, at) === undefined) {
      const lease: V1Lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { ...at } }
      fill(lease)
      try {
        await objects.create(leases, lease)
        return
      } catch (error) {
        if (!isReason(error, 'AlreadyExists')) throw error
      }
    }
    await objects.update<V1Lease>(leases, at, fill)
  }
  const isOver = ({ spec }: V1Lease): boolean => {
    const { renewTime, leaseDurationSeconds = durationSeconds } = spec ?? {}
    if (renewTime === undefined) return true
    return new Date(String(renewTime)).getTime() + leaseDurationSeconds * 1000 < now().getTime()
  }
  const collect = async (): Promise<void> => {
    const others = objects
      .list<V1Lease>(leases, { namespace })
      .filter(({ metadata }) => metadata?.labels?.[identityLabel] === identity && metadata.name !== name)
    for (const lease of others.filter(isOver)) {
      const { name = '', uid, resourceVersion } = lease.metadata ?? {}
      const preconditions = {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      }
      await objects.delete(leases, { namespace, name }, { preconditions }).catch((error: unknown) => {
        // It is gone, or its server is back.
        if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
      })
    }
  }
  const tick = async (): Promise<void> => {
    await renew()
    if (now().getTime() - collectedAtMs < collectEveryMs) return
    collectedAtMs = now().getTime()
    await collect()
  }
  const arm = (): void => {
    timer = setTimeout(() => {
      void tick()
        .catch((error: unknown) => log.warn('the lease of this server cannot be kept', { error: String(error) }))
        .then(() => {
          if (timer !== undefined) arm()
        })
    }, everyMs)
    timer.unref()
  }
  return {
    name,
    renew,
    collect,
    join: async () => {
      await tick()
      arm()
    },
    leave: () => {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
