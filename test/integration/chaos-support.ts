import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApiServer } from '@kapell/apiserver/main'
import type { UserInfo } from '@kapell/apiserver/authentication/user'
import { startControllers } from '@kapell/controllers/index'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { silentLogger } from '@kapell/controllers/machinery/log'
import { startHollowNodes, type HollowFleet } from '@kapell/node-agent/hollow/fleet'
import type { Transport } from '@kapell/openapi/wire/transport'
import { startScheduler } from '@kapell/scheduler/main'
import { type Chaos, FastClock } from '../suites/chaos.ts'
import { admin } from './apiserver-support.ts'

/** A cluster whose parts can be killed and started again, each behind faults of its own. */
export interface ShakenCluster {
  /** Sees no faults. */
  client: ApiClient
  /** Sees none either. */
  transport(user: UserInfo): Transport
  clock: FastClock
  fleet: HollowFleet
  nodeNames: readonly string[]
  killControllers(): Promise<void>
  killScheduler(): Promise<void>
  close(): Promise<void>
}

/** How much faster the cluster's clocks run: a lost node is noticed in seconds. */
const speed = 20

export async function startShakenCluster(chaos: Chaos, nodeCount: number): Promise<ShakenCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'kapell-chaos-'))
  const api = await startApiServer({
    dataDir: directory,
    storage: { type: 'embedded', directory: join(directory, 'store') },
    bindAddress: '127.0.0.1',
    port: 0,
    advertiseAddress: '127.0.0.1',
    serviceClusterIpRange: '10.96.0.0/16',
    log: silentLogger,
  })
  const clock = new FastClock(speed)
  const door = (user: UserInfo) => chaos.between(api.transport(user))
  const account = (name: string): UserInfo => ({
    username: `system:serviceaccount:kube-system:${name}`,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  })
  const component = (username: string): UserInfo => ({ username, groups: ['system:authenticated'] })
  const log = silentLogger
  const startLoops = () =>
    startControllers({
      transport: door(component('system:kube-controller-manager')),
      transportFor: (name) => door(account(name)),
      rootCa: api.caCertificate,
      signing: { certificate: api.caCertificate, key: readFileSync(join(directory, 'pki', 'ca.key'), 'utf8') },
      clock,
      log,
      random: chaos.random,
    })
  const startScheduling = () => startScheduler({ transport: door(component('system:kube-scheduler')), clock, log })
  const nodeNames = Array.from({ length: nodeCount }, (_, index) => `node-${index}`)
  const fleet = await startHollowNodes({
    transportOf: (name) => door({ username: `system:node:${name}`, groups: ['system:nodes', 'system:authenticated'] }),
    watchTransport: door(admin),
    nodeNames,
    version: `v1.36.0+${randomUUID().slice(0, 8)}`,
    clock,
    log,
  })
  let controllers = await startLoops()
  let scheduler = await startScheduling()
  return {
    client: createClient(api.transport(admin)),
    transport: (user) => api.transport(user),
    clock,
    fleet,
    nodeNames,
    killControllers: async () => {
      await controllers.close()
      controllers = await startLoops()
    },
    killScheduler: async () => {
      await scheduler.close()
      scheduler = await startScheduling()
    },
    close: async () => {
      chaos.raging = false
      await Promise.all([fleet.close(), controllers.close(), scheduler.close()])
      await api.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
