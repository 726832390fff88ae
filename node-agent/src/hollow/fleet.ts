import { realClock, type Clock } from '@kapell/controllers/machinery/clock'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { createWorkQueue } from '@kapell/controllers/machinery/work-queue'
import { pods } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Pod } from '@kapell/openapi/types'
import type { Transport } from '@kapell/openapi/wire/transport'
import { hostIp, podNetwork } from './node.ts'
import { nextStep, type Times } from './pod-phases.ts'
import { scriptOf } from './script.ts'
import { UsageMeter, type NodeUsage } from './usage.ts'
import { inParallel, keepAlive, register, renew, revive, type HollowNode } from './signs-of-life.ts'

export interface HollowFleetOptions {
  /** Speaks to the API server as system:node:NAME. */
  transportOf: (nodeName: string) => Transport
  /** Sees the pods of all nodes. */
  watchTransport: Transport
  nodeNames: readonly string[]
  /** "v1.36.0+kapell.1": what the nodes show as their version. */
  version: string
  /** Told what each node and its pods use, every `usageEveryMs` (15 s). */
  tellUsage?: (nodeName: string, usage: NodeUsage) => void
  usageEveryMs?: number
  log: Logger
  clock?: Clock
}

export interface HollowFleet {
  /** Nobody hears of the node any more, until it is back: its pods stay as they are. */
  lose(nodeName: string): void
  recover(nodeName: string): void
  /** The nodes fall silent; their objects stay. */
  close(): Promise<void>
}

/** As often as agents are asked. */
const usageEveryMs = 15_000
/** Pods that are worked on at once. */
const workers = 32

/**
 * Many nodes without machines: they register, give signs of life and take their pods through the phases that the pods'
 * annotations script, so that thousands fit into one process. Nothing runs on them, and they say so.
 */
export async function startHollowNodes(options: HollowFleetOptions): Promise<HollowFleet> {
  const { log, clock = realClock, version } = options
  const stop = new AbortController()
  const { signal } = stop
  const fleet = new Map(
    options.nodeNames.map((name, index): [string, HollowNode] => {
      const client = createClient(options.transportOf(name), { userAgent: 'kubelet' })
      return [name, { name, index, client, uid: '', lost: false, lease: undefined, lastAddress: 1 }]
    }),
  )
  log.warn(`${fleet.size} nodes SIMULATE their containers: pods look as if they ran, and nothing runs`)
  await inParallel([...fleet.values()], (node) => register(node, clock, version))
  await inParallel([...fleet.values()], (node) => renew(node, clock))
  keepAlive([...fleet.values()], { clock, log, signal })

  const queue = createWorkQueue({ name: 'hollow-pods', clock })
  const times = new Map<string, Times>()
  const informer = createInformerFactory({
    client: createClient(options.watchTransport, { userAgent: 'kubelet' }),
    log,
    clock,
    signal,
  }).informer(pods, { fieldSelector: 'spec.nodeName!=' })
  const see = (pod: V1Pod): void => {
    if (fleet.has(pod.spec?.nodeName ?? '')) queue.add(keyOf(pod))
  }
  informer.onChange({
    add: see,
    update: (_before, pod) => see(pod),
    delete: (pod) => void times.delete(pod.metadata?.uid ?? ''),
  })
  const loops = Array.from({ length: workers }, async () => {
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      await sync(key).catch((error: unknown) => {
        if (!signal.aborted) log.debug(`simulated pod ${key}: ${errorText(error)}`)
        queue.addRateLimited(key ?? '')
      })
      queue.done(key)
    }
  })
  const sync = async (key: string): Promise<void> => {
    const pod = informer.lister.get(key)
    const node = fleet.get(pod?.spec?.nodeName ?? '')
    if (pod === undefined || node === undefined || node.lost) return
    const uid = pod.metadata?.uid ?? ''
    const now = clock.now()
    const known = times.get(uid) ?? { seenMs: now.getTime(), startedMs: startOf(pod) }
    times.set(uid, known)
    const around = { now, hostIp: hostIp(node.index), podIp: address(node) }
    const step = nextStep(pod, scriptOf(pod), known, around)
    const { name = '', namespace = '' } = pod.metadata ?? {}
    const api = node.client.resource(pods, namespace)
    if (step.act === 'delete') await ignoringGone(api.delete(name, { gracePeriodSeconds: 0, preconditions: { uid } }))
    if (step.act === 'status') {
      if (step.status.containerStatuses !== undefined) known.startedMs = now.getTime()
      const patch = { metadata: { uid }, status: step.status }
      await ignoringGone(api.patch(name, 'strategic', patch, { subresource: 'status', signal }))
    }
    queue.forget(key)
    if (step.act !== 'delete' && step.afterMs !== undefined) queue.addAfter(key, step.afterMs)
  }
  const { tellUsage } = options
  if (tellUsage !== undefined) {
    const meter = new UsageMeter()
    const tell = (): void => {
      const usage = meter.read(fleet.keys(), informer.lister.list(), clock.now().getTime())
      for (const [name, of] of usage) if (fleet.get(name)?.lost === false) tellUsage(name, of)
    }
    clock.every(options.usageEveryMs ?? usageEveryMs, tell, signal)
  }
  return {
    lose: (name) => void Object.assign(fleet.get(name) ?? {}, { lost: true }),
    recover: (name) => {
      const node = fleet.get(name)
      if (node === undefined) return
      node.lost = false
      void revive(node, clock).catch((error: unknown) => log.warn(`simulated node ${name}: ${errorText(error)}`))
      for (const pod of informer.lister.list()) if (pod.spec?.nodeName === name) see(pod)
    },
    close: async () => {
      stop.abort()
      queue.shutDown()
      await Promise.all(loops)
    },
  }
}

function keyOf({ metadata }: V1Pod): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`
}

/** When the containers began, as far as the status tells: a fleet that starts anew goes on where another stopped. */
function startOf({ status }: V1Pod): number | undefined {
  const startedAt = status?.containerStatuses?.[0]?.state?.running?.startedAt
  return startedAt === undefined ? undefined : Date.parse(startedAt)
}

function address(node: HollowNode): string {
  node.lastAddress = node.lastAddress >= 254 ? 2 : node.lastAddress + 1
  return `${podNetwork(node.index)}.${node.lastAddress}`
}

async function ignoringGone(request: Promise<unknown>): Promise<void> {
  await request.catch((error: unknown) => {
    if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
  })
}
