import type { ApiServer } from '@kapell/apiserver/main'
import { gitVersion } from '@kapell/apiserver/version'
import type { Logger } from '@kapell/controllers/machinery/log'
import { startHollowNodes, type HollowFleet } from '@kapell/node-agent/hollow/fleet'
import * as identities from './identities.ts'

/** One node has the name as it is, several get a number each. */
export function simulatedNodeNames(base: string, count: number): string[] {
  return count === 1 ? [base] : Array.from({ length: count }, (_, index) => `${base}-${index}`)
}

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
