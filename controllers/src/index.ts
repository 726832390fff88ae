import type { ApiClient } from '@kapell/controllers/machinery/client'
import { realClock, type Clock } from '@kapell/controllers/machinery/clock'
import type { Controller, ControllerEnvironment } from '@kapell/controllers/machinery/controller'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { createInformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { runAsLeader } from '@kapell/controllers/machinery/leader-election'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { createMetrics, type Metrics } from '@kapell/controllers/machinery/metrics'
import type { Transport } from '@kapell/openapi/wire/transport'
import { deploymentController } from './deployment/controller.ts'
import { cronJobController } from './cronjob/controller.ts'
import { resourceQuotaController } from './resourcequota/controller.ts'
import { claimProtectionController } from './volume-protection/claims.ts'
import { attributesClassProtectionController } from './volume-protection/attributes-classes.ts'
import { volumeProtectionController } from './volume-protection/volumes.ts'
import { deviceTaintEvictionController } from './device-taint-eviction/controller.ts'
import { disruptionController } from './disruption/controller.ts'
import { endpointSliceMirroringController } from './endpointslice-mirroring/controller.ts'
import { endpointsController } from './endpoints/controller.ts'
import { endpointSliceController } from './endpointslice/controller.ts'
import { garbageCollector } from './garbage-collector/controller.ts'
import { localPathProvisioner } from './local-path/controller.ts'
import { ingressController } from './ingress/controller.ts'
import { loadBalancerController } from './load-balancer/controller.ts'
import { namespaceController } from './namespace/controller.ts'
import { nodeIpamController } from './node-ipam/controller.ts'
import { nodeLifecycleController } from './node-lifecycle/controller.ts'
import { attachDetachController } from './attach-detach/controller.ts'
import { ephemeralVolumeController } from './ephemeral-volume/controller.ts'
import { volumeExpandController } from './volume-expand/controller.ts'
import { persistentVolumeBinder } from './persistent-volume-binder/controller.ts'
import { podGarbageCollector } from './pod-gc/controller.ts'
import { replicaSetController } from './replicaset/controller.ts'
import { replicationController } from './replicationcontroller/controller.ts'
import { resourceClaimController } from './resource-claim/controller.ts'
import { rootCaController } from './root-ca/controller.ts'
import { daemonSetController } from './daemonset/controller.ts'
import { jobController } from './job/controller.ts'
import { horizontalPodAutoscalerController } from './horizontal-pod-autoscaler/controller.ts'
import { bootstrapSignerController } from './bootstrap-signer/controller.ts'
import { tokenCleanerController } from './token-cleaner/controller.ts'
import { kubeletServingApprover } from './certificates/approving-serving.ts'
import { certificateApprovingController } from './certificates/approving.ts'
import { certificateCleaningController } from './certificates/cleaning.ts'
import { certificateSigningController } from './certificates/signing.ts'
import { clusterRoleAggregationController } from './clusterrole-aggregation/controller.ts'
import { ttlAfterFinishedController } from './ttl-after-finished/controller.ts'
import { statefulSetController } from './statefulset/controller.ts'
import { legacyTokenCleaner } from './legacy-token-cleaner/controller.ts'
import { serviceAccountController } from './serviceaccount/controller.ts'
import { serviceAccountTokenController } from './serviceaccount-token/controller.ts'
import { serviceCidrController } from './service-cidr/controller.ts'
import { ttlController } from './ttl/controller.ts'
import { taintEvictionController } from './taint-eviction/controller.ts'

/** Every controller there is. */
export const controllers: readonly Controller[] = [
  serviceAccountController,
  serviceAccountTokenController,
  legacyTokenCleaner,
  rootCaController,
  namespaceController,
  garbageCollector,
  replicaSetController,
  replicationController,
  deploymentController,
  statefulSetController,
  daemonSetController,
  jobController,
  cronJobController,
  ttlAfterFinishedController,
  clusterRoleAggregationController,
  horizontalPodAutoscalerController,
  disruptionController,
  resourceQuotaController,
  persistentVolumeBinder,
  localPathProvisioner,
  ephemeralVolumeController,
  volumeExpandController,
  attachDetachController,
  claimProtectionController,
  volumeProtectionController,
  attributesClassProtectionController,
  certificateApprovingController,
  kubeletServingApprover,
  certificateSigningController,
  certificateCleaningController,
  bootstrapSignerController,
  tokenCleanerController,
  endpointSliceController,
  endpointSliceMirroringController,
  endpointsController,
  loadBalancerController,
  ingressController,
  serviceCidrController,
  ttlController,
  nodeIpamController,
  nodeLifecycleController,
  taintEvictionController,
  resourceClaimController,
  deviceTaintEvictionController,
  podGarbageCollector,
]

export interface ControllersOptions {
  /** Acts as system:kube-controller-manager: reads for all, and holds the lease. */
  transport: Transport
  /**
   * Acts as one controller: by upstream's rules as
   * `system:serviceaccount:kube-system:<name>`. Without it all act as `transport` does, which then must be allowed to.
   */
  transportFor?: (controller: string) => Transport
  log: Logger
  clock?: Clock
  signal?: AbortSignal
  /** PEM of the cluster's certificate authority, published to every namespace. */
  rootCa: string
  /** The authority that signs certificates of approved requests, and the key of tokens: PEM, keys in PKCS #8. */
  signing?: { certificate: string; key: string; serviceAccountKey?: string }
  /** Addresses for Services of type LoadBalancer: "CIDR", "from-to" or "none"; absent: the nodes' own. */
  loadBalancerRange?: string
  /** Nodes without a range of pod addresses are given one of 24 bits out of this; absent: none is given. */
  clusterCidr?: string
  leaderElection?: { enabled: boolean; identity: string }
  /** Only these; all when absent. Unknown names are refused. */
  controllers?: readonly string[]
  metrics?: Metrics
  /** Freezes cached objects: for tests. */
  freeze?: boolean
  random?: () => number
}

export interface RunningControllers {
  /** The names of those that run. */
  readonly names: readonly string[]
  /** Prometheus text of queues and leadership. */
  metrics(): string
  /** Resolves once all caches are in sync and all workers run; at once when another process leads. */
  readonly started: Promise<void>
  close(): Promise<void>
}

const userAgent = 'kube-controller-manager/kapell'

/** Starts the controllers, at once or when this process becomes the leader. */
export function startControllers(options: ControllersOptions): Promise<RunningControllers> {
  const chosen = choose(options.controllers)
  const { log, clock = realClock, random = Math.random } = options
  const metrics = options.metrics ?? createMetrics()
  const stop = new AbortController()
  options.signal?.addEventListener('abort', () => stop.abort(), { once: true })
  const client = createClient(options.transport, { userAgent, clock })
  const transportFor = (name: string): Transport =>
    name.startsWith('system:') ? options.transport : (options.transportFor?.(name) ?? options.transport)
  const started = Promise.withResolvers<void>()
  started.promise.catch(() => {})

  const run = (signal: AbortSignal): Promise<void> =>
    runAll(
      chosen,
      {
        clientFor: cached((name) => createClient(transportFor(name), { userAgent, clock })),
        metadataClientFor: cached((name) => createClient(transportFor(name), { userAgent, clock, metadataOnly: true })),
        informers: createInformerFactory({
          client,
          log,
          signal,
          clock,
          measured: { metrics, component: 'kube-controller-manager' },
          ...(options.freeze === undefined ? {} : { freeze: options.freeze }),
        }),
        clock,
        log,
        metrics,
        signal,
        rootCa: options.rootCa,
        ...(options.signing === undefined ? {} : { signing: options.signing }),
        ...(options.loadBalancerRange === undefined ? {} : { loadBalancerRange: options.loadBalancerRange }),
        ...(options.clusterCidr === undefined ? {} : { clusterCidr: options.clusterCidr }),
        random,
      },
      started,
    )

  const election = options.leaderElection
  let running: Promise<void>
  if (election?.enabled === true) {
    started.resolve()
    running = lead(election.identity)
  } else running = run(stop.signal)
  running.catch((error: unknown) => {
    started.reject(error as Error)
    log.error(`controllers: ${errorText(error)}`)
  })

  /** Leadership lost is sought again: nothing of the old term runs on. */
  async function lead(identity: string): Promise<void> {
    while (!stop.signal.aborted)
      await runAsLeader(
        { client, name: 'kube-controller-manager', identity, clock, log, metrics, random, signal: stop.signal },
        run,
      )
  }

  return Promise.resolve({
    names: chosen.map(({ name }) => name),
    metrics: () => metrics.render(),
    started: started.promise,
    close: async () => {
      stop.abort()
      await running.catch(() => {})
    },
  })
}

async function runAll(
  chosen: readonly Controller[],
  environment: ControllerEnvironment,
  started: PromiseWithResolvers<void>,
): Promise<void> {
  const { signal } = environment
  const running = await Promise.all(chosen.map((controller) => controller.start(environment)))
  for (const { name } of chosen) {
    const labels = { name, manager: 'kube-controller-manager' }
    environment.metrics.gauge('running_managed_controllers', '[BETA] Controllers that run, by manager.', labels).set(1)
  }
  started.resolve()
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.all(running.map(({ stopped }) => stopped))
}

function choose(names: readonly string[] | undefined): readonly Controller[] {
  const known = new Map(controllers.map((controller) => [controller.name, controller]))
  if (known.size !== controllers.length) throw new Error('two controllers have the same name')
  return (names ?? [...known.keys()]).map((name) => {
    const controller = known.get(name)
    if (controller === undefined) throw new Error(`there is no controller named "${name}"`)
    return controller
  })
}

function cached(make: (name: string) => ApiClient): (name: string) => ApiClient {
  const clients = new Map<string, ApiClient>()
  return (name) => {
    let client = clients.get(name)
    if (client === undefined) clients.set(name, (client = make(name)))
    return client
  }
}
