import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageStore } from '@kapell/apiserver/metrics-api/usage'
import type { UserInfo } from '@kapell/apiserver/authentication/user'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { silentLogger, type Logger } from '@kapell/controllers/machinery/log'
import type { Transport } from '@kapell/openapi/wire/transport'
import { signingPair, startApi, startLoops } from './cluster.ts'
import type { HollowFleet } from '@kapell/node-agent/hollow/fleet'
import * as identities from './identities.ts'
import type { PlacementSource } from './why/resource.ts'
import { startSimulatedNodes } from './simulated-nodes.ts'

export interface EmbeddedOptions {
  /** Kept when given; otherwise a temporary directory that close() removes. */
  dataDir?: string
  /** 0, the default, takes a free one. */
  port?: number
  controllers?: boolean
  scheduler?: boolean
  /** Serves placement.kapell.io: why pods are where they are. Default false. */
  placements?: boolean
  /** So many nodes on which nothing really runs, "node-0" and so on. Default 0. */
  simulatedNodes?: number
  /** How often it is told what simulated nodes use; default 15 s. */
  usageEveryMs?: number
  serviceClusterIpRange?: string
  /** Versions and resources that are served on demand, such as "api/all=true". */
  runtimeConfig?: string
  /** Addresses for Services of type LoadBalancer: "CIDR", "from-to" or "none". Default: the nodes' own. */
  loadBalancerRange?: string
  log?: Logger
}

/** A control plane inside this process: the real API server on a real store, controllers and scheduler. */
export interface EmbeddedCluster {
  /** "https://127.0.0.1:PORT". */
  readonly url: string
  /** For any client, as the cluster's administrator. */
  readonly kubeconfig: string
  /** The administrator's client, in-process. */
  readonly client: ApiClient
  /** Set when there are simulated nodes. */
  readonly nodes: HollowFleet | undefined
  /** The in-process door as any user. */
  transport(user: UserInfo): Transport
  close(): Promise<void>
}

/** Starts a cluster for a test or a program; ready when it resolves. */
export async function startCluster(options: EmbeddedOptions = {}): Promise<EmbeddedCluster> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'kapell-'))
  const log = options.log ?? silentLogger
  const placements: PlacementSource = {}
  const usage = (options.simulatedNodes ?? 0) === 0 ? undefined : new UsageStore()
  const api = await startApi({
    dataDir,
    ...(usage === undefined ? {} : { usage }),
    port: options.port ?? 0,
    bindAddress: '127.0.0.1',
    serviceClusterIpRange: options.serviceClusterIpRange ?? '10.96.0.0/16',
    ...(options.runtimeConfig === undefined ? {} : { runtimeConfig: options.runtimeConfig }),
    store: { type: 'embedded' },
    controllers: options.controllers ?? true,
    ...(options.placements === true ? { placements } : {}),
    log,
  })
  const loops = await startLoops({
    door: (user) => api.transport(user),
    controllers: options.controllers ?? true,
    scheduler: options.scheduler ?? true,
    rootCa: api.caCertificate,
    signing: signingPair(dataDir),
    placements,
    ...(options.loadBalancerRange === undefined ? {} : { loadBalancerRange: options.loadBalancerRange }),
    log,
  })
  const names = Array.from({ length: options.simulatedNodes ?? 0 }, (_, index) => `node-${index}`)
  const nodes =
    usage === undefined
      ? undefined
      : await startSimulatedNodes({
          api,
          names,
          usage,
          log,
          ...(options.usageEveryMs === undefined ? {} : { usageEveryMs: options.usageEveryMs }),
        })
  return {
    nodes,
    url: api.url,
    kubeconfig: api.adminKubeconfig(),
    client: createClient(api.transport(identities.admin)),
    transport: (user) => api.transport(user),
    close: async () => {
      await nodes?.close()
      await loops.close()
      await api.close()
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
