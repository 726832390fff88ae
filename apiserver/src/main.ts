import { createPrivateKey, createPublicKey } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Transport } from '@kapell/openapi/wire/transport'
import { startPolicyStatus } from './admission/policy/status.ts'
import { admissionPlugins } from './admission/index.ts'
import { withBootstrapTokens } from './authentication/bootstrap-token.ts'
import { bearerTokenCheck } from './authentication/bearer-token.ts'
import { createAggregator } from './aggregation/aggregator.ts'
import { createDocuments } from './aggregation/documents.ts'
import { requestHeaderCheck } from './authentication/request-header.ts'
import { clientCertificateCheck } from './authentication/client-certificate.ts'
import { createAuthenticator } from './authentication/authenticator.ts'
import { secretLabeller } from './authentication/legacy-tokens.ts'
import { createTokenService, keyIdOf } from './authentication/token-service.ts'
import type { UserInfo } from './authentication/user.ts'
import { createAuthorizer } from './authorization/index.ts'
import { bootstrap } from './bootstrap/index.ts'
import { createIdentityLease, type IdentityLease } from './bootstrap/identity-lease.ts'
import { createKubernetesEndpoints, type KubernetesEndpoints } from './bootstrap/kubernetes-endpoints.ts'
import { createLoneServerLeases, createServerLeases } from './bootstrap/server-leases.ts'
import type { KeyPair } from './certificates/issue.ts'
import { kubeconfig } from './certificates/kubeconfig.ts'
import { frontProxyName, loadOrCreatePki } from './certificates/pki.ts'
import { createCustomResources } from './crd/controller.ts'
import { createCustomDocuments } from './crd/documents.ts'
import { createConnect } from './endpoints/connect/index.ts'
import { createDiscovery } from './endpoints/discovery.ts'
import { createDispatcher } from './endpoints/dispatch.ts'
import { createHealth } from './endpoints/health.ts'
import { createNonResource } from './endpoints/non-resource.ts'
import { createOpenApi } from './endpoints/openapi.ts'
import type { EndpointServer } from './endpoints/server.ts'
import { MetricsRegistry } from './metrics/metrics.ts'
import { addObjectCounts, addProcessMetrics } from './metrics/process-metrics.ts'
import { parsePortRange, type ApiServerOptions } from './options.ts'
import { createDeadlines } from './pipeline/deadline.ts'
import { composePipeline } from './pipeline/pipeline.ts'
import { ensureMetricsApi } from './metrics-api/bootstrap.ts'
import { metricsResources } from './metrics-api/resources.ts'
import { startScraper } from './metrics-api/scraper.ts'
import { UsageStore } from './metrics-api/usage.ts'
import { followConfiguration } from './flow-control/configuration.ts'
import { dumpPriorityLevels, dumpQueues, dumpRequests } from './flow-control/dump.ts'
import { FlowControl } from './flow-control/flow-control.ts'
import { createAdmissionChain } from './registry/admission-chain.ts'
import { createEquivalents } from './registry/equivalents.ts'
import { createKindAccess } from './registry/parameters.ts'
import { createObjectAccess } from './registry/object-access.ts'
import { ResourceTable } from './registry/resource-table.ts'
import { createServiceResolver } from './registry/service-endpoints.ts'
import type { ServerConfig, Services, TokenService } from './registry/services.ts'
import { timedStorage } from './registry/timed-storage.ts'
import { parseCidr } from './resources/common/ip.ts'
import { resources } from './resources/index.ts'
import { optionalResources } from './resources/optional.ts'
import { parseRuntimeConfig, pickResources } from './runtime-config.ts'
import { startHttpServer, type HttpServer } from './server/http-server.ts'
import { inProcessTransport } from './server/in-process.ts'
import { silentLog } from './server/log.ts'
import { openStorage } from './server/open-storage.ts'
import { healthChecks } from './start/health-checks.ts'
import { indexPaths, issuerDocuments } from './start/pages.ts'
import { pipelineSteps } from './start/steps.ts'
import { createWebhookCaller } from './server/webhook-client.ts'
import { createWatchCache } from './storage/watch-cache/watch-cache.ts'
import { ParsedPool } from './storage/watch-cache/parsed-pool.ts'
import { gitVersion, versionInfo } from './version.ts'

export type { ApiServerOptions } from './options.ts'

export interface ApiServer {
  /** "https://127.0.0.1:6443"; '' when it does not listen. */
  readonly url: string
  readonly port: number
  /** PEM. */
  readonly caCertificate: string
  /** The in-process door: the whole pipeline, for this user. */
  transport(user: UserInfo): Transport
  issueClientCertificate(request: { commonName: string; organizations?: readonly string[] }): Promise<KeyPair>
  issueServingCertificate(request: {
    commonName: string
    organizations?: readonly string[]
    hosts: readonly string[]
    /** Usable as a client certificate as well. */
    client?: boolean
  }): Promise<KeyPair>
  readonly serviceAccountIssuer: string
  readonly tokens: TokenService
  /** A kubeconfig of system:masters; `server` replaces the address in it. */
  adminKubeconfig(options?: { server?: string }): string
  /** Prometheus text, as /metrics serves it. */
  metricsText(): string
  /** Resolves when everything a fresh server makes is there. */
  ready(): Promise<void>
  close(): Promise<void>
}

const parsedPoolBytes = 16 * 1024 * 1024

/**
 * Starts an API server; resolves when it answers and everything a fresh server makes is there. Rejects with a one-line
 * message when the port is taken or the data directory cannot be used.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const log = options.log ?? silentLog
  const now = options.now ?? ((): Date => new Date())
  const startedAt = now()
  const bindAddress = options.bindAddress ?? '127.0.0.1'
  const advertiseAddress = options.advertiseAddress ?? '127.0.0.1'
  const clusterDomain = options.clusterDomain ?? 'cluster.local'
  const ranges = (options.serviceClusterIpRange ?? '10.96.0.0/16').split(',')
  const firstRange = parseCidr(ranges[0] ?? '')
  if (firstRange === undefined) throw new Error(`not a service range: ${JSON.stringify(ranges[0])}`)
  const config: ServerConfig = {
    serviceClusterIpRanges: ranges,
    serviceNodePortRange: parsePortRange(options.nodePortRange ?? '30000-32767'),
    gitVersion,
    eventTtlSeconds: options.eventTtlSeconds ?? 3600,
    clusterDomain,
  }
  const issuer = options.serviceAccountIssuer ?? `https://kubernetes.default.svc.${clusterDomain}`
  const { served, unserved } = pickResources(parseRuntimeConfig(options.runtimeConfig ?? ''), {
    usual: resources,
    optional: optionalResources,
  })
  const closing = new AbortController()
  const metrics = new MetricsRegistry()
  const [pki, opened] = await Promise.all([
    loadOrCreatePki({
      directory: join(options.dataDir, 'pki'),
      hosts: [
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        `kubernetes.default.svc.${clusterDomain}`,
        'localhost',
        '127.0.0.1',
        firstRange.at(1n),
        advertiseAddress,
        ...(options.hosts ?? []),
      ].filter((host, i, all) => all.indexOf(host) === i),
      now,
    }),
    openStorage(options, log),
  ])
  const storage = timedStorage(opened, metrics)
  const parsed = new ParsedPool(parsedPoolBytes)
  const table = new ResourceTable({
    storage,
    createCache: ({ prefix }) => createWatchCache({ storage, prefix, parsed, log }),
  })
  table.addAll(served, { unserved })
  table.addAll(options.additionalResources ?? [])
  const usage = new UsageStore()
  if (options.metricsApi === true) table.addAll(metricsResources({ store: usage, now }))

  const publicKey = createPublicKey(pki.serviceAccount.publicKey)
  const objects = createObjectAccess({ table, now, services: () => services, closing: closing.signal, log })
  const { getLatest } = objects
  const serviceAccountTokens = createTokenService({
    issuer,
    audiences: [issuer],
    privateKey: createPrivateKey(pki.serviceAccount.privateKey),
    publicKey,
    keyId: keyIdOf(publicKey),
    now,
    getLatest,
    labelSecret: secretLabeller(objects, log),
  })
  const tokens = withBootstrapTokens(serviceAccountTokens, { now, getLatest })
  const authorizer = createAuthorizer(objects)
  const authorize: Services['authorize'] = async (attributes) => authorizer(attributes)
  const callWebhook = createWebhookCaller(createServiceResolver(objects))
  const webhooks = { call: callWebhook, equivalents: createEquivalents(table), ofKind: createKindAccess(table) }
  const services: Services = { objects, authorize, tokens, config, webhooks }

  const server: EndpointServer = {
    table,
    services,
    admission: createAdmissionChain(admissionPlugins, () => services),
    now,
    log,
    watch: {
      bookmarkEveryMs: options.watch?.bookmarkEveryMs ?? 60_000,
      minTimeoutSeconds: options.watch?.minTimeoutSeconds ?? 1800,
    },
    closing: closing.signal,
  }
  const frontProxies = [{ authority: pki.frontProxy.authority, allowedNames: [frontProxyName] }]
  if (options.frontProxies !== undefined) {
    const { clientCa, allowedNames } = options.frontProxies
    frontProxies.push({ authority: clientCa, allowedNames: [...allowedNames] })
  }
  const aggregator = createAggregator({
    table,
    objects,
    identity: pki.frontProxy.client,
    metrics,
    now,
    log,
    closing: closing.signal,
  })
  const requestSeconds = options.limits?.requestSeconds ?? 60
  const flowControl = new FlowControl({
    totalSeats: (options.limits?.readOnly ?? 400) + (options.limits?.mutating ?? 200),
    nowMs: () => performance.now(),
  })
  const deadlines = createDeadlines({
    seconds: requestSeconds,
    monotonicMs: () => performance.now(),
  })
  const agentTls = {
    ca: pki.authority.certificate,
    ...{ cert: pki.kubeletClient.certificate, key: pki.kubeletClient.key },
  }
  let bootstrapped = false
  let port = 0
  const address = (): string => `${advertiseAddress}:${port}`
  const nonResource = createNonResource({
    version: versionInfo(),
    metricsText: () => metrics.text(),
    startedAt,
    health: createHealth(healthChecks({ storage, isBootstrapped: () => bootstrapped, closing: closing.signal })),
    discovery: createDiscovery({ table, serverAddress: address, remote: aggregator }),
    openapi: createOpenApi({ table, custom: createDocuments(createCustomDocuments(table), aggregator) }),
    paths: () => indexPaths(table, aggregator),
    texts: {
      '/debug/api_priority_and_fairness/dump_priority_levels': () => dumpPriorityLevels(flowControl),
      '/debug/api_priority_and_fairness/dump_queues': () => dumpQueues(flowControl),
      '/debug/api_priority_and_fairness/dump_requests': () => dumpRequests(flowControl),
    },
    documents: issuerDocuments({ issuer, address, publicKey }),
    isGroup: (name) => table.versionsOf(name).length > 0,
  })

  const steps = pipelineSteps({
    table,
    metrics,
    authenticate: createAuthenticator([
      ...frontProxies.map(requestHeaderCheck),
      clientCertificateCheck(pki.authority.certificate),
      bearerTokenCheck(() => tokens),
    ]),
    authorize,
    flowControl,
    deadline: deadlines.step,
    requestSeconds,
    audit: options.audit,
    log,
  })
  const handler = composePipeline(
    steps,
    aggregator.around(createDispatcher(server, { connect: createConnect(server, agentTls), nonResource })),
  )
  addProcessMetrics(metrics)
  addObjectCounts(metrics, () => table.stores())

  let http: HttpServer | undefined
  let closed: Promise<void> | undefined
  let endpoints: KubernetesEndpoints | undefined
  let identity: IdentityLease | undefined
  const close = async (): Promise<void> => {
    identity?.leave()
    await endpoints?.leave()
    closing.abort(new Error('the server is shutting down'))
    deadlines.close()
    aggregator.close()
    await http?.close()
    await Promise.all(table.stores().map((store) => store.stopCache()))
    await storage.close()
  }
  try {
    const listening =
      options.listen === false
        ? undefined
        : startHttpServer({
            handler,
            serving: pki.serving,
            clientAuthority: [pki.authority.certificate, ...frontProxies.map(({ authority }) => authority)].join('\n'),
            bindAddress,
            port: options.port ?? 0,
            log,
            now,
            headSeconds: options.limits?.headSeconds ?? 32,
          })
    // Caches fill while the socket opens.
    const caches = Promise.all(table.stores().map((store) => store.cache().ready()))
    http = await listening
    port = http?.port ?? 0
    await caches
    await createCustomResources({
      table,
      objects,
      services,
      callWebhook,
      now,
      log,
      closing: closing.signal,
    }).start()
    const advertise = { address: advertiseAddress, port: port === 0 ? 6443 : port }
    await bootstrap({
      objects,
      config,
      advertise,
      authentication: { clientCa: pki.authority.certificate, requestHeaderClientCa: pki.frontProxy.authority },
      now: now(),
      serves: ({ group, version }) => table.versionsOf(group).includes(version),
    })
    const leases = options.storage.type === 'embedded' ? createLoneServerLeases() : createServerLeases(storage)
    endpoints = createKubernetesEndpoints({ leases, objects, advertise, log })
    await endpoints.join()
    // As with the leases of addresses: the one server of an embedded store writes nothing that nobody else reads.
    if (options.storage.type !== 'embedded') {
      identity = createIdentityLease({ objects, hostname: hostname(), advertise, now, log })
      await identity.join()
    }
    if (options.checkPolicies === true) startPolicyStatus({ table, objects, now, log, closing: closing.signal })
    if (options.metricsApi === true) {
      await ensureMetricsApi(objects)
      const everyMs = options.metricsEveryMs
      startScraper({ objects, store: usage, tls: agentTls, now, log, everyMs, closing: closing.signal })
    }
    followConfiguration({ objects, control: flowControl, now, log, closing: closing.signal })
    await aggregator.start()
    bootstrapped = true
  } catch (error) {
    await close()
    throw error
  }

  const host = bindAddress === '0.0.0.0' || bindAddress === '::' ? '127.0.0.1' : bindAddress
  const url = port === 0 ? '' : `https://${host}:${port}`
  return {
    url,
    port,
    caCertificate: pki.authority.certificate,
    transport: (user) => inProcessTransport({ handler, user, closing: closing.signal, now }),
    issueClientCertificate: (request) => pki.issue({ ...request, usages: ['client'] }),
    issueServingCertificate: ({ client, ...request }) =>
      pki.issue({ ...request, usages: client === true ? ['server', 'client'] : ['server'] }),
    serviceAccountIssuer: issuer,
    tokens,
    adminKubeconfig: (more = {}) =>
      kubeconfig({
        cluster: 'kapell',
        user: 'kapell-admin',
        server: more.server ?? url,
        caCertificate: pki.authority.certificate,
        client: pki.admin,
      }),
    metricsText: () => metrics.text(),
    ready: () => Promise.resolve(),
    close: () => (closed ??= close()),
  }
}
