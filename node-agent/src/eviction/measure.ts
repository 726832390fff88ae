import { join } from 'node:path'
import { statfs } from 'node:fs/promises'
import type { V1Pod } from '@kapell/openapi/types'
import type { Cri } from '../cri/client.ts'
import { containerNameLabel, podUidLabel } from '../pods/labels.ts'
import type { NodePaths } from '../pods/paths.ts'
import { identityOf } from '../pods/record.ts'
import { readFileSystem, readMachineStats } from '../stats/machine-stats.ts'
import type { Sample } from '../stats/sample.ts'
import type { Starved } from './decide.ts'
import { treeUsage, type LocalUsage } from './local-storage.ts'
import { noUsage, type PodUsage } from './rank.ts'
import type { Observations } from './thresholds.ts'

export interface MeasureOptions {
  cri: Cri
  paths: NodePaths
  dataDir: string
  memoryBytes: number
  pids(): Promise<{ used: number; max: number }>
  sample(): Promise<Sample>
}

/** What the eviction manager goes by, from the machine itself. */
export interface Measure {
  observe(): Promise<Observations>
  local(pods: readonly V1Pod[]): Promise<(pod: V1Pod) => LocalUsage>
  usage(pods: readonly V1Pod[], starved: Starved): Promise<(pod: V1Pod) => PodUsage>
}

const nothingLocal: LocalUsage = { containers: new Map(), volumes: new Map(), inodes: 0 }

export function createMeasure({ cri, paths, dataDir, memoryBytes, pids, sample }: MeasureOptions): Measure {
  const imageFileSystem = async () => {
    const { imageFilesystems } = await cri.images.imageFsInfo({})
    const mountpoint = imageFilesystems[0]?.fsId?.mountpoint
    return mountpoint === undefined || mountpoint === '' ? undefined : statfs(mountpoint)
  }
  const local: Measure['local'] = async (pods) => {
    if (pods.length === 0) return () => nothingLocal
    const layers = new Map<string, number>()
    const { stats } = await cri.runtime.listContainerStats({})
    for (const { attributes, writableLayer } of stats) {
      const { [podUidLabel]: uid = '', [containerNameLabel]: name = '' } = attributes?.labels ?? {}
      const key = `${uid}/${name}`
      layers.set(key, (layers.get(key) ?? 0) + Number(writableLayer?.usedBytes?.value ?? 0n))
    }
    const found = new Map<string, LocalUsage>()
    // One after the other: looking at the disk must not become the disk's load.
    for (const pod of pods) found.set(identityOf(pod).uid, await localUsage(pod, layers, paths))
    return (pod) => found.get(identityOf(pod).uid) ?? nothingLocal
  }

  return {
    observe: async () => {
      const [machine, node, images, processes] = await Promise.all([
        readMachineStats(),
        readFileSystem(dataDir),
        // A runtime that is away tells nothing, and there is no need to end pods for that.
        imageFileSystem().catch(() => undefined),
        pids(),
      ])
      return {
        'memory.available': { available: machine.availableBytes, capacity: memoryBytes },
        'nodefs.available': { available: node.availableBytes, capacity: node.capacityBytes },
        'nodefs.inodesFree': { available: node.inodesFree, capacity: node.inodes },
        'pid.available': { available: processes.max - processes.used, capacity: processes.max },
        ...(images === undefined
          ? {}
          : {
              'imagefs.available': { available: images.bavail * images.bsize, capacity: images.blocks * images.bsize },
              'imagefs.inodesFree': { available: images.ffree, capacity: images.files },
            }),
      }
    },
    local,
    usage: async (pods, starved) => {
      const onDisk = starved === 'ephemeral-storage' || starved === 'inodes'
      const [{ pods: samples }, localOf] = await Promise.all([sample(), local(onDisk ? pods : [])])
      const byUid = new Map(samples.map((one) => [one.uid, one]))
      return (pod) => {
        const seen = byUid.get(identityOf(pod).uid)
        const disk = localOf(pod)
        const sum = (values: Iterable<number>): number => [...values].reduce((total, one) => total + one, 0)
        return {
          ...noUsage,
          memoryBytes: seen?.stats.workingSetBytes ?? 0,
          processes: seen?.stats.tasks ?? 0,
          diskBytes: sum(disk.containers.values()) + sum(disk.volumes.values()),
          inodes: disk.inodes,
          containers: (pod.spec?.containers ?? []).map(({ name }) => ({
            name,
            memoryBytes: seen?.containers.find((one) => one.name === name)?.stats.workingSetBytes ?? 0,
            diskBytes: disk.containers.get(name) ?? 0,
          })),
        }
      }
    },
  }
}

async function localUsage(pod: V1Pod, layers: ReadonlyMap<string, number>, paths: NodePaths): Promise<LocalUsage> {
  const identity = identityOf(pod)
  let inodes = 0
  const containers = new Map<string, number>()
  for (const { name } of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]) {
    const logs = await treeUsage(join(paths.podLogs(identity), name))
    inodes += logs.inodes
    containers.set(name, (layers.get(`${identity.uid}/${name}`) ?? 0) + logs.bytes)
  }
  const volumes = new Map<string, number>()
  for (const { name, emptyDir } of pod.spec?.volumes ?? []) {
    // What is in memory is bounded by its mount and counted as memory.
    if (emptyDir === undefined || emptyDir.medium === 'Memory') continue
    const tree = await treeUsage(join(paths.volumes(identity.uid), 'kubernetes.io~empty-dir', name))
    inodes += tree.inodes
    volumes.set(name, tree.bytes)
  }
  return { containers, volumes, inodes }
}
