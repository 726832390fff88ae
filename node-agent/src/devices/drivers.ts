import type { Clock } from '@kapell/controllers/machinery/clock'
import { connectGrpc, type GrpcConnection, type ServiceClient } from '../cri/grpc-client.ts'
import type { PluginHandler } from '../plugins/registry.ts'
import { DRAPlugin } from './gen/dra_pb.ts'

/** The part of a driver that makes devices ready on this node. */
export type DriverClient = ServiceClient<typeof DRAPlugin>

export interface DeviceDrivers {
  /** Throws with upstream's text when there is none of that name. */
  get(name: string): DriverClient
  /** Takes drivers that register with the node. */
  readonly plugins: PluginHandler
}

export interface DeviceDriversOptions {
  clock: Clock
  signal: AbortSignal
  /** The driver has been gone for a while: what it published of this node is true no more. */
  wipe(driver: string): Promise<void>
}

/** Making a device ready may take so long. */
const callMs = 45_000
/** A driver that is updated is back sooner. */
const wipeAfterMs = 30_000
/** As drivers name this version of the service. */
const supported = 'v1.DRAPlugin'

export function createDeviceDrivers({ clock, signal, wipe }: DeviceDriversOptions): DeviceDrivers {
  /** By name; of several instances of one driver the last that came serves. */
  const byName = new Map<string, { endpoint: string; connection: GrpcConnection; client: DriverClient }[]>()
  signal.addEventListener(
    'abort',
    () => {
      for (const instances of byName.values()) for (const { connection } of instances) connection.close()
    },
    { once: true },
  )
  return {
    get: (name) => {
      const client = byName.get(name)?.at(-1)?.client
      if (client === undefined) throw new Error(`DRA driver ${name} is not registered`)
      return client
    },
    plugins: {
      register: ({ name, endpoint, supportedVersions }) => {
        if (!supportedVersions.includes(supported)) {
          const versions = `[${supportedVersions.join(' ')}]`
          return Promise.reject(new Error(`none of the plugin supported versions ${versions} is ${supported}`))
        }
        const connection = connectGrpc({ socket: endpoint })
        const client = connection.service(DRAPlugin, callMs)
        byName.set(name, [...(byName.get(name) ?? []), { endpoint, connection, client }])
        return Promise.resolve()
      },
      deregister: ({ name, endpoint }) => {
        const instances = byName.get(name) ?? []
        const left = instances.filter((one) => one.endpoint !== endpoint)
        for (const one of instances) if (one.endpoint === endpoint) one.connection.close()
        if (left.length > 0) byName.set(name, left)
        else byName.delete(name)
        if (left.length > 0 || instances.length === 0) return
        void clock.sleep(wipeAfterMs, signal).then(async () => {
          if (!signal.aborted && !byName.has(name)) await wipe(name).catch(() => {})
        })
      },
    },
  }
}
