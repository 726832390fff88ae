import { watch } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { connectGrpc, type GrpcConnection, type ServiceClient } from '../../cri/grpc-client.ts'
import { Node, NodeServiceCapability_RPC_Type as Capability } from './gen/csi_pb.ts'
import { Registration } from './gen/registration_pb.ts'

/** What a driver says of this node. */
export interface DriverFacts {
  name: string
  nodeId: string
  /** Absent: no limit. */
  maxVolumes?: number
  topology: Readonly<Record<string, string>>
}

/** A CSI driver that runs on this node. */
export interface Driver extends DriverFacts {
  node: ServiceClient<typeof Node>
  stages: boolean
  /** Gives files to a group itself. */
  mountsForGroup: boolean
}

export interface DriversOptions {
  /** Where drivers put their registration sockets. */
  dir: string
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** Tells the cluster which drivers there are. A rejection is told to the driver, which may try again. */
  publish(drivers: readonly DriverFacts[]): Promise<void>
}

export interface Drivers {
  /** Throws with upstream's text when there is none of that name. */
  get(name: string): Driver
  /** Looks at the directory now, and from now on whenever it changes. */
  start(): Promise<void>
}

const rescanMs = 10_000
/** A driver that does not answer its registration in this time is looked at again at the next scan. */
const registrationMs = 10_000
const callMs = 120_000

/** Finds drivers by the sockets in the registration directory. Source: "Kubelet plugin registration". */
export function createDrivers(options: DriversOptions): Drivers {
  const { dir, clock, log, signal } = options
  const bySocket = new Map<string, { driver: Driver; connection: GrpcConnection }>()
  let scanning: Promise<void> | undefined
  let again = false
  /** What the cluster was told last; what could not be told is told at the next look. */
  let told: string | undefined
  const tell = async (): Promise<void> => {
    const now = facts()
    if (told === JSON.stringify(now)) return
    told = undefined
    await options.publish(now)
    told = JSON.stringify(now)
  }

  const facts = (): DriverFacts[] =>
    [...bySocket.values()].map(({ driver: { name, nodeId, maxVolumes, topology } }) => ({
      name,
      nodeId,
      topology,
      ...(maxVolumes === undefined ? {} : { maxVolumes }),
    }))

  const register = async (socket: string): Promise<void> => {
    const registration = connectGrpc({ socket })
    try {
      const client = registration.service(Registration, registrationMs)
      const info = await client.getInfo({})
      if (info.type !== 'CSIPlugin') return
      const connection = connectGrpc({ socket: info.endpoint === '' ? socket : info.endpoint })
      try {
        bySocket.set(socket, { driver: await describe(info.name, connection), connection })
        await tell()
      } catch (error) {
        bySocket.delete(socket)
        connection.close()
        await client.notifyRegistrationStatus({ pluginRegistered: false, error: errorText(error) }).catch(() => {})
        throw error
      }
      await client.notifyRegistrationStatus({ pluginRegistered: true, error: '' })
      log.info(`CSI driver ${info.name} is registered`)
    } finally {
      registration.close()
    }
  }

  const scan = async (): Promise<void> => {
    const names = (await readdir(dir)).filter((name) => name.endsWith('.sock'))
    const sockets = new Set(names.map((name) => join(dir, name)))
    for (const [socket, { driver, connection }] of bySocket) {
      if (sockets.has(socket)) continue
      bySocket.delete(socket)
      connection.close()
      log.info(`CSI driver ${driver.name} is gone`)
    }
    await tell()
    for (const socket of sockets) {
      if (bySocket.has(socket) || signal.aborted) continue
      await register(socket).catch((error: unknown) => log.warn(`CSI driver at ${socket}: ${errorText(error)}`))
    }
  }
  const look = (): void => {
    if (scanning !== undefined) {
      again = true
      return
    }
    scanning = scan()
      .catch((error: unknown) => void log.warn(`CSI drivers: ${errorText(error)}`))
      .finally(() => {
        scanning = undefined
        if (!again || signal.aborted) return
        again = false
        look()
      })
  }

  return {
    get: (name) => {
      for (const { driver } of bySocket.values()) if (driver.name === name) return driver
      throw new Error(`driver name ${name} not found in the list of registered CSI drivers`)
    },
    start: async () => {
      await mkdir(dir, { recursive: true, mode: 0o755 })
      const watcher = watch(dir, look)
      watcher.on('error', () => watcher.close())
      signal.addEventListener(
        'abort',
        () => {
          watcher.close()
          for (const { connection } of bySocket.values()) connection.close()
        },
        { once: true },
      )
      // Sockets come before somebody listens on them.
      clock.every(rescanMs, look, signal)
      look()
      await scanning
    },
  }
}

async function describe(name: string, connection: GrpcConnection): Promise<Driver> {
  const node = connection.service(Node, callMs)
  const info = await node.nodeGetInfo({}, { deadlineMs: registrationMs })
  const { capabilities } = await node.nodeGetCapabilities({}, { deadlineMs: registrationMs })
  const can = (wanted: Capability): boolean =>
    capabilities.some(({ type }) => type.case === 'rpc' && type.value.type === wanted)
  return {
    name,
    node,
    nodeId: info.nodeId,
    ...(info.maxVolumesPerNode > 0n ? { maxVolumes: Number(info.maxVolumesPerNode) } : {}),
    topology: info.accessibleTopology?.segments ?? {},
    stages: can(Capability.STAGE_UNSTAGE_VOLUME),
    mountsForGroup: can(Capability.VOLUME_MOUNT_GROUP),
  }
}
