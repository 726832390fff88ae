import { watch } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { connectGrpc } from '../cri/grpc-client.ts'
import { Registration } from '../volumes/csi/gen/registration_pb.ts'

/** What a plug-in says of itself. */
export interface PluginInfo {
  /** "CSIPlugin", "DRAPlugin", "DevicePlugin" */
  type: string
  name: string
  /** The socket it serves on. */
  endpoint: string
  supportedVersions: readonly string[]
}

/** What the node does with plug-ins of one type. */
export interface PluginHandler {
  /** A rejection is told to the plug-in, which is asked again at the next look. */
  register(plugin: PluginInfo): Promise<void>
  /** Its registration socket is gone. */
  deregister(plugin: PluginInfo): void
  /** Called at every look, before new plug-ins are taken: for what failed earlier. */
  look?(): Promise<void>
}

export interface PluginRegistryOptions {
  /** Where plug-ins put their registration sockets. */
  dir: string
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** By type; plug-ins of other types are left alone. */
  handlers: Readonly<Record<string, PluginHandler>>
}

export interface PluginRegistry {
  /** Looks at the directory now, and from now on whenever it changes. */
  start(): Promise<void>
}

const rescanMs = 10_000
/** A plug-in that does not answer its registration in this time is looked at again at the next scan. */
export const registrationMs = 10_000

/** Finds plug-ins by the sockets in the registration directory. Source: "Kubelet plugin registration". */
export function createPluginRegistry(options: PluginRegistryOptions): PluginRegistry {
  const { dir, clock, log, signal, handlers } = options
  const bySocket = new Map<string, PluginInfo>()
  let scanning: Promise<void> | undefined
  let again = false

  const register = async (socket: string): Promise<void> => {
    const connection = connectGrpc({ socket })
    try {
      const client = connection.service(Registration, registrationMs)
      const { type, name, endpoint, supportedVersions } = await client.getInfo({})
      const handler = handlers[type]
      if (handler === undefined) return
      const plugin = { type, name, endpoint: endpoint === '' ? socket : endpoint, supportedVersions }
      try {
        await handler.register(plugin)
        bySocket.set(socket, plugin)
      } catch (error) {
        await client.notifyRegistrationStatus({ pluginRegistered: false, error: errorText(error) }).catch(() => {})
        throw error
      }
      await client.notifyRegistrationStatus({ pluginRegistered: true, error: '' })
      log.info(`${type} ${name} is registered`)
    } finally {
      connection.close()
    }
  }

  const scan = async (): Promise<void> => {
    const names = (await readdir(dir)).filter((name) => name.endsWith('.sock'))
    const sockets = new Set(names.map((name) => join(dir, name)))
    for (const [socket, plugin] of bySocket) {
      if (sockets.has(socket)) continue
      bySocket.delete(socket)
      handlers[plugin.type]?.deregister(plugin)
      log.info(`${plugin.type} ${plugin.name} is gone`)
    }
    for (const handler of Object.values(handlers)) await handler.look?.()
    for (const socket of sockets) {
      if (bySocket.has(socket) || signal.aborted) continue
      await register(socket).catch((error: unknown) => log.warn(`plug-in at ${socket}: ${errorText(error)}`))
    }
  }
  const look = (): void => {
    if (scanning !== undefined) {
      again = true
      return
    }
    scanning = scan()
      .catch((error: unknown) => void log.warn(`plug-ins: ${errorText(error)}`))
      .finally(() => {
        scanning = undefined
        if (!again || signal.aborted) return
        again = false
        look()
      })
  }

  return {
    start: async () => {
      await mkdir(dir, { recursive: true, mode: 0o755 })
      const watcher = watch(dir, look)
      watcher.on('error', () => watcher.close())
      signal.addEventListener('abort', () => watcher.close(), { once: true })
      // Sockets come before somebody listens on them.
      clock.every(rescanMs, look, signal)
      look()
      await scanning
    },
  }
}
