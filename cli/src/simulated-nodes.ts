import type { ApiServer } from '@kapell/apiserver/main'
import { gitVersion } from '@kapell/apiserver/version'
import type { Logger } from '@kapell/controllers/machinery/log'
import { startHollowNodes, type HollowFleet } from '@kapell/node-agent/hollow/fleet'
import * as identities from './identities.ts'

/** Nodes without machines, for tests and benches. */
export function startSimulatedNodes(parts: {
  api: Pick<ApiServer, 'transport'>
  names: readonly string[]
  log: Logger
}): Promise<HollowFleet> {
  const { api, names, log } = parts
  return startHollowNodes({
    transportOf: (name) => api.transport(identities.nodeIdentity(name)),
    watchTransport: api.transport(identities.admin),
    nodeNames: names,
    version: gitVersion,
    log,
  })
}
