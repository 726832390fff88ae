import { statfs } from 'node:fs/promises'
import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { Cri } from '../cri/client.ts'
import type { Image } from '../cri/gen/runtime_pb.ts'

/** An image of the runtime, and what we saw of it. */
export interface ImageUse {
  id: string
  names: string[]
  sizeBytes: number
  pinned: boolean
  /** Milliseconds since 1970. */
  firstSeenMs: number
  /** When a container last had it; 0: never seen in use. */
  lastUsedMs: number
}

export interface DiskSpace {
  capacityBytes: number
  availableBytes: number
}

export interface ImageThresholds {
  /** Percent of the disk in use from which images go. Default 85. */
  highPercent: number
  /** Percent of the disk in use to which they go. Default 80. */
  lowPercent: number
  /** An image that came later stays. Default 2 minutes. */
  minAgeMs: number
}

/** Upstream's defaults. */
export const imageThresholds: ImageThresholds = { highPercent: 85, lowPercent: 80, minAgeMs: 120_000 }

/** How many bytes of images must go so that the disk is used no more than the low threshold; 0 below the high one. */
export function bytesToFree({ capacityBytes, availableBytes }: DiskSpace, thresholds: ImageThresholds): number {
  if (capacityBytes === 0) return 0
  const usedPercent = 100 - Math.floor((availableBytes * 100) / capacityBytes)
  if (usedPercent < thresholds.highPercent) return 0
  return Math.max(0, Math.floor((capacityBytes * (100 - thresholds.lowPercent)) / 100) - availableBytes)
}

/** The images that may go, those first that were not used for longest. Those in use have `lastUsedMs` now. */
export function removable(images: readonly ImageUse[], nowMs: number, minAgeMs: number): ImageUse[] {
  return images
    .filter(({ pinned, lastUsedMs, firstSeenMs }) => !pinned && lastUsedMs < nowMs && nowMs - firstSeenMs >= minAgeMs)
    .sort((a, b) => a.lastUsedMs - b.lastUsedMs || a.firstSeenMs - b.firstSeenMs)
}

export interface ImageCollectorOptions {
  cri: Cri
  clock: Clock
  log: Logger
  /** Names that must stay though nothing uses them: no registry has them. */
  keep(): ReadonlySet<string>
  /** Warns about the node. */
  warn(reason: string, message: string): void
  thresholds?: ImageThresholds
  /** Default: of the file system that the runtime has its images on. */
  space?(): Promise<DiskSpace>
}

export interface ImageCollector {
  /** Looks at the disk, and makes room when it is too full. */
  collect(): Promise<void>
  /** Removes every image that nothing uses, whatever its age. Answers the bytes. */
  removeUnused(): Promise<number>
  /** Every five minutes, as upstream. */
  start(signal: AbortSignal): void
}

const everyMs = 5 * 60_000

export function createImageCollector(options: ImageCollectorOptions): ImageCollector {
  const { cri, clock, log, warn, thresholds = imageThresholds, space = () => imageSpace(cri) } = options
  const seen = new Map<string, ImageUse>()
  let failedBefore = false

  const detect = async (): Promise<number> => {
    const nowMs = clock.now().getTime()
    const [{ images }, { containers }] = await Promise.all([
      cri.images.listImages({}),
      // Ended ones too: their images are still named by pods.
      cri.runtime.listContainers({}),
    ])
    const used = new Set(containers.flatMap(({ imageRef, image }) => [imageRef, image?.image ?? '']))
    const keep = options.keep()
    for (const image of images) {
      const names = [image.id, ...image.repoTags, ...image.repoDigests]
      const before = seen.get(image.id)
      seen.set(image.id, {
        ...use(image, names),
        pinned: image.pinned || names.some((name) => keep.has(name)),
        firstSeenMs: before?.firstSeenMs ?? nowMs,
        lastUsedMs: names.some((name) => used.has(name)) ? nowMs : (before?.lastUsedMs ?? 0),
      })
    }
    const present = new Set(images.map(({ id }) => id))
    for (const id of seen.keys()) if (!present.has(id)) seen.delete(id)
    return nowMs
  }

  const free = async (wantedBytes: number, minAgeMs: number): Promise<number> => {
    const nowMs = await detect()
    let freed = 0
    for (const { id, names, sizeBytes } of removable([...seen.values()], nowMs, minAgeMs)) {
      if (freed >= wantedBytes) break
      try {
        await cri.images.removeImage({ image: { image: id } })
        seen.delete(id)
        freed += sizeBytes
        log.info(`removed image ${names[1] ?? id} (${sizeBytes} bytes)`)
      } catch (error) {
        log.warn(`cannot remove image ${id}: ${errorText(error)}`)
      }
    }
    return freed
  }

  const collect = async (): Promise<void> => {
    const disk = await space()
    if (disk.capacityBytes === 0) {
      warn('InvalidDiskCapacity', 'invalid capacity 0 on image filesystem')
      return
    }
    const wanted = bytesToFree(disk, thresholds)
    if (wanted === 0) {
      await detect()
      return
    }
    const freed = await free(wanted, thresholds.minAgeMs)
    if (freed >= wanted) return
    const message = `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, but only found ${freed} bytes eligible to free.`
    warn('FreeDiskSpaceFailed', message)
    throw new Error(message)
  }

  return {
    collect,
    removeUnused: () => free(Infinity, 0),
    start: (signal) => {
      clock.every(
        everyMs,
        async () => {
          await collect()
          failedBefore = false
        },
        signal,
        (error) => {
          log.warn(`image garbage collection: ${errorText(error)}`)
          // Once may be bad luck.
          if (failedBefore) warn('ImageGCFailed', errorText(error))
          failedBefore = true
        },
      )
    },
  }
}

const use = (image: Image, names: string[]): Pick<ImageUse, 'id' | 'names' | 'sizeBytes'> => ({
  id: image.id,
  names,
  sizeBytes: Number(image.size),
})

/** Of the file system on which the runtime keeps its images. */
export async function imageSpace(cri: Pick<Cri, 'images'>): Promise<DiskSpace> {
  const { imageFilesystems } = await cri.images.imageFsInfo({})
  const mountpoint = imageFilesystems[0]?.fsId?.mountpoint
  if (mountpoint === undefined || mountpoint === '') throw new Error('the runtime does not say where its images are')
  const disk = await statfs(mountpoint)
  return { capacityBytes: disk.blocks * disk.bsize, availableBytes: disk.bavail * disk.bsize }
}
