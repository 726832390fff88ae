import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname, networkInterfaces } from 'node:os'
import { dirname } from 'node:path'
import { startApiServer, type ApiServer } from '@kapell/apiserver/main'
import { metricsResources } from '@kapell/apiserver/metrics-api/resources'
import type { UsageStore } from '@kapell/apiserver/metrics-api/usage'
import type { UserInfo } from '@kapell/apiserver/authentication/user'
import type { EtcdTls } from '@kapell/apiserver/storage/etcd/client'
import type { Logger } from '@kapell/controllers/machinery/log'
import { measuredTransport } from '@kapell/controllers/machinery/measured-transport'
import { createMetrics } from '@kapell/controllers/machinery/metrics'
import type { Transport } from '@kapell/openapi/wire/transport'
import type { SchedulerConfiguration } from '@kapell/scheduler/config/configuration'
import * as identities from './identities.ts'
import { placementResource, type PlacementSource } from './why/resource.ts'

/** Something that runs until it is closed. */
export interface Running {
  close(): Promise<void>
}

export interface StoreChoice {
  type: 'embedded' | 'etcd'
  etcdServers?: readonly string[]
  /** With it, etcd is spoken to over TLS. */
  etcdTls?: EtcdTls
}

export interface ApiOptions {
  dataDir: string
  port: number
  bindAddress: string
  serviceClusterIpRange: string
  store: StoreChoice
  /** Of versions that are served on demand; see the API server's options. */
  runtimeConfig?: string
  /** Serves metrics.k8s.io; default false. */
  metricsApi?: boolean
  /** Serves metrics.k8s.io as well, from what others put here: no agent is asked. */
  usage?: UsageStore
  /** Answers why pods are where they are. */
  placements?: PlacementSource
  /** Aggregators that are believed; see the API server's options. */
  frontProxies?: { clientCa: string; allowedNames: readonly string[] }
  /** Controllers run as well; some loops of theirs have to stand in the API server. */
  controllers: boolean
  /** Where nodes and pods reach it; default: this machine's first address. */
  advertiseAddress?: string
  /** Further addresses that its certificate is good for. */
  hosts?: readonly string[]
  log: Logger
}

/** Starts the API server on its store; resolves when it answers. */
export function startApi(options: ApiOptions): Promise<ApiServer> {
  const { dataDir, port, bindAddress, serviceClusterIpRange, store, log } = options
  return startApiServer({
    dataDir,
    storage:
      store.type === 'etcd'
        ? {
            type: 'etcd',
            endpoints: [...(store.etcdServers ?? [])],
            ...(store.etcdTls === undefined ? {} : { tls: store.etcdTls }),
          }
        : { type: 'embedded', directory: `${dataDir}/store` },
    bindAddress,
    port,
    advertiseAddress: options.advertiseAddress ?? machineAddress(),
    hosts: [machineAddress(), ...(options.hosts ?? [])],
    serviceClusterIpRange,
    ...(options.runtimeConfig === undefined ? {} : { runtimeConfig: options.runtimeConfig }),
    metricsApi: options.metricsApi === true && options.usage === undefined,
    additionalResources: [
      ...(options.placements === undefined ? [] : [placementResource(options.placements)]),
      ...(options.usage === undefined ? [] : metricsResources({ store: options.usage, now: () => new Date() })),
    ],
    ...(options.frontProxies === undefined ? {} : { frontProxies: options.frontProxies }),
    checkPolicies: options.controllers,
    log,
  })
}

/** Loops, and what each component of them has to tell, as Prometheus text. */
export interface RunningLoops extends Running {
  metrics: Partial<Record<'kube-controller-manager' | 'kube-scheduler', () => string | Promise<string>>>
}

/** How each part reaches the API server, as itself. */
export type Doors = (user: UserInfo) => Transport

/** Starts the loops that are wanted; of the others, not even the code is loaded. */
export async function startLoops(options: {
  door: Doors
  controllers: boolean
  scheduler: boolean
  rootCa: string
  /** The authority that approved certificate requests are signed by, and the key of service accounts' tokens. */
  signing?: { certificate: string; key: string; serviceAccountKey?: string }
  /** Others may run the same loops on the same state: a lease says who acts. */
  shared?: boolean
  /** Default: upstream's default profile. */
  schedulerConfiguration?: SchedulerConfiguration
  /** Of Services of type LoadBalancer: "CIDR", "from-to" or "none"; absent: the nodes' own addresses. */
  loadBalancerRange?: string
  /** Nodes are given their ranges of pod addresses out of this; absent: they are not. */
  clusterCidr?: string
  /** Told, once the scheduler runs, how to ask it. */
  placements?: PlacementSource
  log: Logger
}): Promise<RunningLoops> {
  const { door, log, rootCa, signing } = options
  const identity = `${hostname()}_${randomUUID()}`
  const [controllers, scheduler, selectors] = await Promise.all([
    options.controllers ? import('@kapell/controllers/index') : undefined,
    options.scheduler ? import('@kapell/scheduler/main') : undefined,
    options.scheduler ? import('@kapell/apiserver/cel/kubernetes/devices') : undefined,
  ])
  const parts: Promise<Running>[] = []
  const metrics: RunningLoops['metrics'] = {}
  if (controllers !== undefined) {
    const controllerMetrics = createMetrics()
    metrics['kube-controller-manager'] = () => controllerMetrics.render()
    parts.push(
      controllers.startControllers({
        transport: measuredTransport(door(identities.controllerManager), controllerMetrics),
        transportFor: (name) => measuredTransport(door(identities.controllerIdentity(name)), controllerMetrics),
        metrics: controllerMetrics,
        rootCa,
        log,
        ...(signing === undefined ? {} : { signing }),
        ...(options.loadBalancerRange === undefined ? {} : { loadBalancerRange: options.loadBalancerRange }),
        ...(options.clusterCidr === undefined ? {} : { clusterCidr: options.clusterCidr }),
        ...(options.shared === true ? { leaderElection: { enabled: true, identity } } : {}),
      }),
    )
  }
  if (scheduler !== undefined) {
    const schedulerMetrics = createMetrics()
    parts.push(
      scheduler
        .startScheduler({
          transport: measuredTransport(door(identities.scheduler), schedulerMetrics),
          metrics: schedulerMetrics,
          log,
          host: hostname(),
          ...(selectors === undefined ? {} : { compileDeviceSelector: selectors.compileDeviceSelector }),
          ...(options.schedulerConfiguration === undefined ? {} : { configuration: options.schedulerConfiguration }),
          ...(options.shared === true ? { leaderElection: { identity } } : {}),
        })
        .then((started) => {
          if (options.placements !== undefined) options.placements.explain = (pod) => started.explain(pod)
          metrics['kube-scheduler'] = () => schedulerMetrics.render()
          return started
        }),
    )
  }
  const running = await Promise.all(parts)
  return {
    metrics,
    close: async () => {
      await Promise.all(running.map((part) => part.close()))
    },
  }
}

/** The cluster's certificate authority and the key of its tokens, where this process keeps them. */
export function signingPair(dataDir: string): { certificate: string; key: string; serviceAccountKey: string } {
  const read = (name: string): string => readFileSync(`${dataDir}/pki/${name}`, 'utf8')
  return { certificate: read('ca.crt'), key: read('ca.key'), serviceAccountKey: read('sa.key') }
}

/** Only the owner may read it: it holds the administrator's key. */
export function writePrivateFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  writeFileSync(path, text, { mode: 0o600 })
}

/** The address other machines (and pods) reach this one by: that of the first real interface, else loopback. */
export function machineAddress(): string {
  const ours = /^(lo|kapell|cni|veth|docker|br-)/
  for (const [name, addresses] of Object.entries(networkInterfaces()))
    if (!ours.test(name))
      for (const { family, address, internal } of addresses ?? []) if (family === 'IPv4' && !internal) return address
  return '127.0.0.1'
}
