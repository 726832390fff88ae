import type { ApiServer } from '@kapell/apiserver/main'
import { metricsApiObjects } from '@kapell/apiserver/metrics-api/bootstrap'
import type { UsageStore } from '@kapell/apiserver/metrics-api/usage'
import { gitVersion } from '@kapell/apiserver/version'
import { createClient } from '@kapell/controllers/machinery/create-client'
import type { Logger } from '@kapell/controllers/machinery/log'
import { startHollowNodes, type HollowFleet } from '@kapell/node-agent/hollow/fleet'
import { apiServices, clusterRoles } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import * as identities from './identities.ts'

/** Nodes without machines, for tests and benches. */
export async function startSimulatedNodes(parts: {
  api: Pick<ApiServer, 'transport'>
  names: readonly string[]
  /** Where the metrics API finds what the nodes use; absent: they use nothing. */
  usage?: UsageStore
  usageEveryMs?: number
  log: Logger
}): Promise<HollowFleet> {
  const { api, names, usage, usageEveryMs, log } = parts
  if (usage !== undefined) await ensureMetricsApi(api)
  return startHollowNodes({
    transportOf: (name) => api.transport(identities.nodeIdentity(name)),
    watchTransport: api.transport(identities.admin),
    nodeNames: names,
    version: gitVersion,
    ...(usage === undefined ? {} : { tellUsage: (name, of) => usage.add(name, of) }),
    ...(usageEveryMs === undefined ? {} : { usageEveryMs }),
    log,
  })
}

async function ensureMetricsApi(api: Pick<ApiServer, 'transport'>): Promise<void> {
  const client = createClient(api.transport(identities.admin))
  const { apiService, readerRole } = metricsApiObjects
  const made = [client.resource(apiServices).create(apiService), client.resource(clusterRoles).create(readerRole)]
  for (const { status, reason } of await Promise.allSettled<unknown>(made).then((all) =>
    all.map((one) => ({ status: one.status, reason: one.status === 'rejected' ? (one.reason as unknown) : undefined })),
  ))
    if (status === 'rejected' && !isReason(reason, 'AlreadyExists')) throw reason
}
