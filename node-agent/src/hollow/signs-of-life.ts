import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { leases, nodes } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { microTime, rfc3339 } from '@kapell/openapi/meta/time'
import type { V1Lease } from '@kapell/openapi/types'
import { hollowNode } from './node.ts'

/** Nodes that speak to the API server at once. */
const atOnce = 32
const leaseSeconds = 40
/** Larger fleets renew half as often: still twice within the lease. */
const renewMs = (count: number): number => (count <= 1000 ? 10_000 : 20_000)

/** One of a fleet's nodes, and how it speaks to the API server. */
export interface HollowNode {
  name: string
  index: number
  client: ApiClient
  uid: string
  lost: boolean
  lease: V1Lease | undefined
  lastAddress: number
}

export async function register(node: HollowNode, clock: Clock, version: string): Promise<void> {
  const api = node.client.resource(nodes)
  const wanted = hollowNode(node.name, node.index, clock.now(), version)
  const there = await api.create(wanted).catch(async (error: unknown) => {
    if (!isReason(error, 'AlreadyExists')) throw error
    return api.patch(node.name, 'strategic', { status: wanted.status }, { subresource: 'status' })
  })
  node.uid = there.metadata?.uid ?? ''
}

export async function renew(node: HollowNode, clock: Clock): Promise<void> {
  const namespace = 'kube-node-lease'
  const api = node.client.resource(leases, namespace)
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid }]
  const spec = {
    holderIdentity: node.name,
    leaseDurationSeconds: leaseSeconds,
    renewTime: microTime(clock.now()),
  }
  node.lease ??= await api.get(node.name).catch((error: unknown) => {
    if (isReason(error, 'NotFound')) return undefined
    throw error
  })
  const metadata = { name: node.name, namespace, ownerReferences }
  try {
    node.lease =
      node.lease === undefined ? await api.create({ metadata, spec }) : await api.update({ ...node.lease, spec })
  } catch (error) {
    node.lease = undefined
    throw error
  }
}

/** The node's first words after a silence: it is ready again. */
export async function revive(node: HollowNode, clock: Clock): Promise<void> {
  await renew(node, clock)
  const now = rfc3339(clock.now())
  const api = node.client.resource(nodes)
  const { status } = await api.get(node.name)
  const conditions = (status?.conditions ?? []).map(({ type, ...rest }) => ({
    ...rest,
    type,
    status: type === 'Ready' ? 'True' : 'False',
    lastHeartbeatTime: now,
    ...(type === 'Ready' ? { reason: 'KubeletReady', message: 'kubelet is posting ready status' } : {}),
  }))
  await api.patch(node.name, 'strategic', { status: { conditions } }, { subresource: 'status' })
}

/** Renews all leases once a period, evenly over it. */
export function keepAlive(fleet: readonly HollowNode[], how: { clock: Clock; log: Logger; signal: AbortSignal }): void {
  const { clock, log, signal } = how
  const turns = 20
  let turn = 0
  const beat = async (): Promise<void> => {
    const mine = fleet.filter(({ index, lost }) => index % turns === turn % turns && !lost)
    turn++
    await inParallel(mine, (node) =>
      renew(node, clock).catch((error: unknown) => void log.warn(`lease of node ${node.name}: ${errorText(error)}`)),
    )
  }
  clock.every(renewMs(fleet.length) / turns, beat, signal)
}

export async function inParallel<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: Math.min(atOnce, items.length) }, async () => {
      for (const item of left) await run(item)
    }),
  )
}
