import { connectGrpc, type GrpcConnection, type ServiceClient } from '../../cri/grpc-client.ts'
import { registrationMs, type PluginHandler } from '../../plugins/registry.ts'
import { Node, NodeServiceCapability_RPC_Type as Capability } from './gen/csi_pb.ts'

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
  /** Has something to do on the node when a volume has grown. */
  expands: boolean
}

export interface DriversOptions {
  signal: AbortSignal
  /** Tells the cluster which drivers there are. A rejection is told to the driver, which may try again. */
  publish(drivers: readonly DriverFacts[]): Promise<void>
}

export interface Drivers {
  /** Throws with upstream's text when there is none of that name. */
  get(name: string): Driver
  /** Takes drivers that register with the node. */
  readonly plugins: PluginHandler
}

const callMs = 120_000

export function createDrivers(options: DriversOptions): Drivers {
  const byEndpoint = new Map<string, { driver: Driver; connection: GrpcConnection }>()
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
    [...byEndpoint.values()].map(({ driver: { name, nodeId, maxVolumes, topology } }) => ({
      name,
      nodeId,
      topology,
      ...(maxVolumes === undefined ? {} : { maxVolumes }),
    }))
  options.signal.addEventListener(
    'abort',
    () => {
      for (const { connection } of byEndpoint.values()) connection.close()
    },
    { once: true },
  )

  return {
    get: (name) => {
      for (const { driver } of byEndpoint.values()) if (driver.name === name) return driver
      throw new Error(`driver name ${name} not found in the list of registered CSI drivers`)
    },
    plugins: {
      look: tell,
      register: async ({ name, endpoint }) => {
        const connection = connectGrpc({ socket: endpoint })
        try {
          byEndpoint.set(endpoint, { driver: await describe(name, connection), connection })
          await tell()
        } catch (error) {
          byEndpoint.delete(endpoint)
          connection.close()
          throw error
        }
      },
      deregister: ({ endpoint }) => {
        byEndpoint.get(endpoint)?.connection.close()
        byEndpoint.delete(endpoint)
      },
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
    expands: can(Capability.EXPAND_VOLUME),
  }
}
