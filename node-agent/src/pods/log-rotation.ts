import { readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { Cri } from '../cri/client.ts'
import { ContainerState } from '../cri/gen/runtime_pb.ts'

export interface LogRotationOptions {
  cri: Pick<Cri, 'runtime'>
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** A log that is larger is put aside. Default 10 MiB, as upstream. */
  maxBytes?: number
  /** How many files a container's log may have, the current one included. Default 5. */
  maxFiles?: number
  /** Default 10 s. */
  everyMs?: number
}

const defaultMaxBytes = 10 * 1024 * 1024

/** Keeps the logs of running containers bounded: a container that only talks must not fill the disk. */
export function rotateLogs(options: LogRotationOptions): void {
  const { clock, log, signal, everyMs = 10_000 } = options
  const paths = new Map<string, string>()
  clock.every(
    everyMs,
    () => rotateAll(options, paths),
    signal,
    (error) => log.debug(`log rotation: ${errorText(error)}`),
  )
}

async function rotateAll(
  { cri, log, clock, maxBytes = defaultMaxBytes, maxFiles = 5 }: LogRotationOptions,
  paths: Map<string, string>,
): Promise<void> {
  const { containers } = await cri.runtime.listContainers({
    filter: { state: { state: ContainerState.CONTAINER_RUNNING } },
  })
  const running = new Set(containers.map(({ id }) => id))
  for (const id of paths.keys()) if (!running.has(id)) paths.delete(id)
  for (const { id } of containers) {
    try {
      let path = paths.get(id)
      if (path === undefined) {
        path = (await cri.runtime.containerStatus({ containerId: id })).status?.logPath ?? ''
        paths.set(id, path)
      }
      if (path === '') continue
      const info = await stat(path).catch(() => undefined)
      if (info === undefined || info.size < maxBytes) continue
      await rotate(path, maxFiles, clock.now())
      await cri.runtime.reopenContainerLog({ containerId: id })
    } catch (error) {
      log.debug(`log of container ${id}: ${errorText(error)}`)
    }
  }
}

/** Puts a log aside as "0.log.20260101-000000" and removes the oldest ones. */
export async function rotate(path: string, maxFiles: number, now: Date): Promise<void> {
  const stamp = now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')
  const aside = (await readdir(dirname(path))).filter((name) => name.startsWith(`${basename(path)}.`)).sort()
  for (const name of aside.slice(0, Math.max(0, aside.length - (maxFiles - 2)))) {
    await rm(join(dirname(path), name), { force: true })
  }
  await rename(path, `${path}.${stamp}`)
}
