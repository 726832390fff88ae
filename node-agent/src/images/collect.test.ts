import { FakeClock } from '@kapell/controllers/machinery/clock'
import { silentLogger } from '@kapell/controllers/machinery/log'
import type { Cri } from '../cri/client.ts'
import { bytesToFree, createImageCollector, imageThresholds, removable, type ImageUse } from './collect.ts'

describe('bytesToFree', () => {
  it.each<[rule: string, available: number, bytes: number]>([
    ['nothing below the high threshold', 16, 0],
    ['down to the low threshold at the high one', 15, 5],
    ['and above it', 3, 17],
  ])('%s', (_, availableBytes, bytes) => {
    expect(bytesToFree({ capacityBytes: 100, availableBytes }, imageThresholds)).toBe(bytes)
  })
})

describe('removable', () => {
  const image = (id: string, more: Partial<ImageUse> = {}): ImageUse => ({
    id,
    names: [id],
    sizeBytes: 1,
    pinned: false,
    firstSeenMs: 0,
    lastUsedMs: 0,
    ...more,
  })
  it('those unused for longest first; none pinned, in use, or young', () => {
    const images = [
      image('used-once', { lastUsedMs: 500_000 }),
      image('in-use', { lastUsedMs: 1_000_000 }),
      image('never-used', { firstSeenMs: 10 }),
      image('older', { firstSeenMs: 5 }),
      image('pinned', { pinned: true }),
      image('young', { firstSeenMs: 900_000 }),
    ]
    expect(removable(images, 1_000_000, 120_000).map(({ id }) => id)).toEqual(['older', 'never-used', 'used-once'])
  })
})

function bench(images: [id: string, size: number][], used: string[] = [], keep: string[] = []) {
  const clock = new FakeClock()
  const here = new Map(images)
  const warnings: string[] = []
  let availableBytes = 50
  const cri = {
    images: {
      listImages: async () => ({
        images: [...here].map(([id, size]) => ({
          id,
          repoTags: [`${id}:1`],
          repoDigests: [],
          size: BigInt(size),
          pinned: false,
        })),
      }),
      removeImage: async ({ image }: { image: { image: string } }) => {
        availableBytes += here.get(image.image) ?? 0
        here.delete(image.image)
        return {}
      },
    },
    runtime: { listContainers: async () => ({ containers: used.map((imageRef) => ({ imageRef })) }) },
  } as unknown as Cri
  const stop = new AbortController()
  const collector = createImageCollector({
    cri,
    clock,
    log: silentLogger,
    keep: () => new Set(keep),
    warn: (reason, message) => void warnings.push(`${reason}: ${message}`),
    space: () => Promise.resolve({ capacityBytes: 100, availableBytes }),
  })
  return { clock, here, warnings, collector, stop, fill: (available: number) => (availableBytes = available) }
}

it('makes room with what nothing uses, and no more than it must', async () => {
  const { clock, here, warnings, collector, fill } = bench(
    [
      ['a', 6],
      ['used', 50],
      ['b', 6],
      ['archive', 50],
      ['c', 6],
    ],
    ['used'],
    ['archive:1'],
  )
  await collector.collect()
  await clock.advance(120_000)
  await collector.collect()
  expect(here.size).toBe(5)
  fill(10)
  await collector.collect()
  expect([...here.keys()]).toEqual(['used', 'archive', 'c'])
  expect(warnings).toEqual([])
})

it('says so when it cannot, and again when it cannot a second time', async () => {
  const { clock, warnings, collector, stop, fill } = bench([['used', 50]], ['used'])
  fill(10)
  collector.start(stop.signal)
  const text =
    'Failed to garbage collect required amount of images. Attempted to free 10 bytes, but only found 0 bytes eligible to free.'
  await clock.advance(5 * 60_000)
  expect(warnings).toEqual([`FreeDiskSpaceFailed: ${text}`])
  await clock.advance(5 * 60_000)
  expect(warnings).toEqual([`FreeDiskSpaceFailed: ${text}`, `FreeDiskSpaceFailed: ${text}`, `ImageGCFailed: ${text}`])
  stop.abort()
})

it('under pressure takes every unused image, young ones too', async () => {
  const { here, collector } = bench(
    [
      ['a', 6],
      ['used', 50],
    ],
    ['used'],
  )
  expect(await collector.removeUnused()).toBe(6)
  expect([...here.keys()]).toEqual(['used'])
})
