import { watch } from 'node:fs'
import { mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { keyOf } from '@kapell/controllers/machinery/store'
import type { V1Pod, V1PodStatus } from '@kapell/openapi/types'
import { identityOf } from '../pods/record.ts'
import { equal } from '../status/patch.ts'
import { parseStaticPod } from './parse.ts'

/** The pods of this node that files describe. They need no control plane, and nobody but their file can end them. */
export interface StaticPods {
  /** Reads the directory, tells of its pods, and follows it. */
  start(): Promise<void>
  list(): V1Pod[]
  /** By "namespace/name"; also one whose file is gone, while something of it still runs. */
  get(key: string): V1Pod | undefined
  /** Nobody but us keeps a static pod's status: it becomes the pod's. */
  setStatus(uid: string, status: V1PodStatus): void
  /** The last of this pod is gone from the node: another of its name may start. */
  ended(uid: string): void
}

export interface StaticPodsOptions {
  dir: string
  nodeName: string
  clock: Clock
  log: Logger
  signal: AbortSignal
  /** A pod came or changed. */
  changed(pod: V1Pod): void
  /** Its file is gone, or describes another one now. */
  removed(pod: V1Pod): void
  /** Nothing of the pod of this key runs any more. */
  gone(key: string): void
}

/** A file may be written without an event (network file systems): upstream's file check frequency. */
const rescanMs = 20_000
/** A larger file is no pod. Upstream reads 10 MiB at most. */
const maxFileBytes = 10 * 1024 * 1024
const maxFiles = 1000

export function createStaticPods(options: StaticPodsOptions): StaticPods {
  const { dir, nodeName, clock, log, signal, changed, removed } = options
  const pods = new Map<string, V1Pod>()
  /** Pods whose files are gone, by key, while something of them still runs. */
  const ending = new Map<string, V1Pod>()
  const complaints = new Map<string, string>()
  let scanning: Promise<void> | undefined
  let again = false

  const scan = async (): Promise<void> => {
    const found = await readDirectory()
    for (const [key, pod] of pods) {
      if (identityOf(found.get(key) ?? {}).uid === identityOf(pod).uid) continue
      pods.delete(key)
      ending.set(key, pod)
      removed(pod)
    }
    for (const [key, pod] of found) {
      if (pods.has(key) || ending.has(key)) continue
      pods.set(key, pod)
      changed(pod)
    }
  }

  const readDirectory = async (): Promise<Map<string, V1Pod>> => {
    const names = (await readdir(dir, { withFileTypes: true }))
      .filter((entry) => !entry.isDirectory() && /^[^.].*\.(ya?ml|json)$/.test(entry.name))
      .map(({ name }) => name)
      .sort()
      .slice(0, maxFiles)
    const found = new Map<string, V1Pod>()
    for (const name of names) {
      const path = join(dir, name)
      try {
        const pod = await parseStaticPod({ text: await readText(path), path, nodeName, now: clock.now() })
        const key = keyOf(pod)
        if (found.has(key)) throw new Error(`another file describes pod ${key} as well`)
        found.set(key, pod)
        complaints.delete(path)
      } catch (error) {
        // One bad file must not keep the others from running; the same complaint is made once.
        const text = errorText(error)
        if (complaints.get(path) !== text) log.error(`static pod ${path}: ${text}`)
        complaints.set(path, text)
      }
    }
    return found
  }

  const look = (): void => {
    again = true
    if (scanning !== undefined || signal.aborted) return
    scanning = (async () => {
      while (again && !signal.aborted) {
        again = false
        await scan().catch((error: unknown) => log.warn(`static pods: ${errorText(error)}`))
      }
    })().finally(() => {
      scanning = undefined
    })
  }

  return {
    start: async () => {
      await mkdir(dir, { recursive: true })
      const watcher = watch(dir, look)
      watcher.on('error', (error) => log.warn(`static pods: ${error.message}`))
      signal.addEventListener('abort', () => watcher.close(), { once: true })
      clock.every(rescanMs, look, signal)
      look()
      await scanning
    },
    list: () => [...pods.values()],
    get: (key) => pods.get(key) ?? ending.get(key),
    setStatus: (uid, status) => {
      for (const [key, pod] of pods) {
        if (identityOf(pod).uid !== uid || equal(pod.status, status)) continue
        const next = { ...pod, status }
        pods.set(key, next)
        changed(next)
      }
    },
    ended: (uid) => {
      for (const [key, was] of ending) {
        if (identityOf(was).uid !== uid) continue
        ending.delete(key)
        options.gone(key)
        look()
      }
    },
  }
}

/** Bounded, whatever the file claims to be: a device or a pipe would never end. */
async function readText(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const info = await file.stat()
    if (!info.isFile()) throw new Error('not a regular file')
    if (info.size > maxFileBytes) throw new Error(`larger than ${maxFileBytes} bytes`)
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}
