import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startControllers, type RunningControllers } from '@kapell/controllers/index'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { createInformerFactory, type InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { silentLogger } from '@kapell/controllers/machinery/log'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { pods } from '@kapell/openapi/meta/refs'
import type { ResourceRef } from '@kapell/openapi/meta/resource-ref'
import { isReason } from '@kapell/openapi/meta/status'
import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1Pod } from '@kapell/openapi/types'
import { admin, startTestServer, type TestServer } from './apiserver-support.ts'

export const rootCa = '-----BEGIN CERTIFICATE-----\ntest\n-----END CERTIFICATE-----\n'

/** An API server with all controllers, each acting under its own account, and pods that a test plays the node of. */
export interface ControlPlane extends TestServer {
  client: ApiClient
  /** Starts another set of controllers; with an identity they compete to lead. */
  startControllers(
    identity?: string,
    more?: { clock?: Clock; controllers?: readonly string[] },
  ): Promise<RunningControllers>
  /** Prometheus text of all that run or ran. */
  metrics(): string
  /** What the controllers warned of. */
  warnings: string[]
  /** Resolves with the first answer that is not undefined, looking again at every change of the kinds named. */
  until<R>(kinds: readonly ResourceRef[], look: () => R | undefined | Promise<R | undefined>): Promise<R>
  informers: InformerFactory
}

/** Looks again at least this often: for what changes with no event, and to give a test its message in time. */
const lookAgainMs = 200

export async function startControlPlane(
  options: {
    node?: NodePlay
    controllers?: readonly string[]
    startsControllers?: boolean
    podMetrics?: () => unknown
    /** What the controllers take for the time; the API server has the real one. */
    clock?: Clock
  } = {},
): Promise<ControlPlane> {
  const server = await startTestServer()
  const stop = new AbortController()
  const warnings: string[] = []
  const warn = (message: string): void => void warnings.push(message)
  const log = { ...silentLogger, warn, error: warn }
  const answer = (path: string): unknown =>
    path.startsWith('/apis/metrics.k8s.io/') ? options.podMetrics?.() : undefined
  const plainDoor = (username: string, ...groups: string[]) =>
    server.api.transport({ username, groups: [...groups, 'system:authenticated'] })
  /** The metrics API is another server's: here the test's. */
  const door: typeof plainDoor = (...who) => {
    const transport = plainDoor(...who)
    return async (request) => {
      const body = answer(request.path)
      if (body === undefined) return transport(request)
      const bytes = new TextEncoder().encode(JSON.stringify(body))
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        bytes: () => Promise.resolve(bytes),
        stream: async function* () {
          yield await Promise.resolve(bytes)
        },
      }
    }
  }
  const start: ControlPlane['startControllers'] = async (identity, more = {}) => {
    const started = await startControllers({
      transport: door('system:kube-controller-manager'),
      transportFor: (name) =>
        door(
          `system:serviceaccount:kube-system:${name}`,
          'system:serviceaccounts',
          'system:serviceaccounts:kube-system',
        ),
      rootCa,
      signing: {
        certificate: server.api.caCertificate,
        key: await readFile(join(server.directory, 'pki', 'ca.key'), 'utf8'),
        serviceAccountKey: await readFile(join(server.directory, 'pki', 'sa.key'), 'utf8'),
      },
      log,
      freeze: true,
      signal: stop.signal,
      ...(options.controllers === undefined ? {} : { controllers: options.controllers }),
      ...(options.clock === undefined ? {} : { clock: options.clock }),
      ...(identity === undefined ? {} : { leaderElection: { enabled: true, identity } }),
      ...more,
    })
    running.push(started)
    await started.started
    return started
  }
  const running: RunningControllers[] = []
  if (options.startsControllers !== false) await start()
  const client = createClient(server.api.transport(admin))
  const informers = createInformerFactory({ client, log: silentLogger, signal: stop.signal })
  playNode(client, informers, options.node ?? {})
  return {
    ...server,
    client,
    startControllers: start,
    metrics: () => running.map((one) => one.metrics()).join(''),
    warnings,
    informers,
    until: (kinds, look) => until(informers, kinds, look),
    close: async () => {
      stop.abort()
      await Promise.all(running.map((one) => one.close()))
      await server.close()
    },
  }
}

async function until<R>(
  informers: InformerFactory,
  kinds: readonly ResourceRef[],
  look: () => R | undefined | Promise<R | undefined>,
): Promise<R> {
  for (;;) {
    const changed = Promise.withResolvers<void>()
    const wake = (): void => changed.resolve()
    const found = await look()
    if (found !== undefined) return found
    const stops = kinds.map((ref) =>
      informers.informer<KubeObject>(ref).onChange({ update: wake, delete: wake, add: wake }),
    )
    const timer = setTimeout(wake, lookAgainMs)
    // Being told of what is there already wakes at once: let the event loop turn first.
    await new Promise((resolve) => setImmediate(resolve))
    await changed.promise
    clearTimeout(timer)
    for (const off of stops) off()
  }
}

/** How the node of a test treats a pod; what is not told runs and is ready at once. */
export interface NodePlay {
  /** The phase a bound pod comes to; undefined leaves it pending. */
  phase?: (pod: V1Pod) => 'Running' | 'Succeeded' | 'Failed' | undefined
  ready?: (pod: V1Pod) => boolean
  exitCode?: (pod: V1Pod) => number
  /** Where a pod is bound to. */
  nodeFor?: (pod: V1Pod) => string
  /** False: pods being deleted stay. */
  finishesDeletion?: (pod: V1Pod) => boolean
}

/** Binds every pod to one node and reports its status, as a scheduler and a kubelet would. */
function playNode(client: ApiClient, informers: InformerFactory, play: NodePlay): void {
  let address = 1
  const act = async (pod: V1Pod): Promise<void> => {
    const name = pod.metadata?.name ?? ''
    const resource = client.resource(pods, pod.metadata?.namespace)
    if (pod.metadata?.deletionTimestamp !== undefined) {
      if (play.finishesDeletion?.(pod) !== false) await resource.delete(name, { gracePeriodSeconds: 0 })
      return
    }
    if (pod.spec?.nodeName === undefined) {
      await resource.createSubresource(name, 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name },
        target: { kind: 'Node', name: play.nodeFor?.(pod) ?? 'node-1' },
      } as KubeObject)
      return
    }
    const phase = play.phase === undefined ? 'Running' : play.phase(pod)
    if (phase === undefined || pod.status?.phase !== 'Pending') return
    address++
    await resource.updateStatus({ ...pod, status: statusOf(pod, phase, address, play) })
  }
  const run = (pod: V1Pod): void => {
    act(pod).catch((error: unknown) => {
      if (!isReason(error, 'NotFound', 'Conflict')) throw error
    })
  }
  informers.informer(pods).onChange({ add: run, update: (_, pod) => run(pod) })
}

function statusOf(
  pod: V1Pod,
  phase: 'Running' | 'Succeeded' | 'Failed',
  address: number,
  play: NodePlay,
): NonNullable<V1Pod['status']> {
  const at = rfc3339(new Date())
  const ready = phase === 'Running' && play.ready?.(pod) !== false
  const podIP = `10.1.${address >> 8}.${address & 255}`
  const condition = (type: string) => ({ type, status: ready ? 'True' : 'False', lastTransitionTime: at })
  const exitCode = play.exitCode?.(pod) ?? (phase === 'Failed' ? 1 : 0)
  return {
    ...pod.status,
    phase,
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: at,
    conditions: [condition('Ready'), condition('ContainersReady')],
    containerStatuses: (pod.spec?.containers ?? []).map(({ name, image = '' }) => ({
      name,
      image,
      imageID: '',
      ready,
      restartCount: 0,
      state:
        phase === 'Running'
          ? { running: { startedAt: at } }
          : { terminated: { exitCode, startedAt: at, finishedAt: at, reason: exitCode === 0 ? 'Completed' : 'Error' } },
    })),
  }
}
