import type { V1PersistentVolumeClaim, V1Pod } from '@kapell/openapi/types'
import { createGrow, grownStatus, grownTo } from './grow.ts'

const claimOf = (storage: string, more: object = {}): V1PersistentVolumeClaim => ({
  metadata: { name: 'c', namespace: 'n' },
  status: { capacity: { storage }, ...more },
})
const volumeOf = (storage: string, source: object = { csi: { driver: 'd', volumeHandle: 'h' } }) => ({
  metadata: { name: 'pv' },
  spec: { capacity: { storage }, ...source },
})
const pod: V1Pod = { metadata: { name: 'p', namespace: 'n' }, spec: { containers: [], nodeName: 'node' } }

describe('a volume that has grown while it is in use', () => {
  it.each<[string, string, string, number | undefined]>([
    ['is larger than its claim knows', '2Gi', '1Gi', 2 * 1024 ** 3],
    ['has the size that is known, written otherwise', '1Gi', '1024Mi', undefined],
    ['is smaller: nothing shrinks', '1Gi', '2Gi', undefined],
  ])('%s', (_rule, has, known, bytes) => {
    expect(grownTo({ volume: volumeOf(has), claim: claimOf(known) })).toBe(bytes)
  })

  it('is told of by the claim, which waits for nothing more', () => {
    const conditions = [
      { type: 'FileSystemResizePending', status: 'True' },
      { type: 'ModifyingVolume', status: 'True' },
    ]
    const claim = claimOf('1Gi', { conditions, allocatedResourceStatuses: { storage: 'NodeResizePending' } })
    expect(grownStatus(claim, '2Gi')).toEqual({
      capacity: { storage: '2Gi' },
      conditions: [{ type: 'ModifyingVolume', status: 'True' }],
      allocatedResourceStatuses: { storage: null },
    })
  })

  const run = async (expand: () => Promise<boolean>, more: { readOnly?: boolean; source?: object } = {}) => {
    const events: string[] = []
    const patches: unknown[] = []
    const grow = createGrow({
      expand,
      patchClaim: (...all) => Promise.resolve(void patches.push(all)),
      events: (_pod, type, reason, message) => void events.push(`${type} ${reason} ${message}`),
    })
    const volume = volumeOf('2Gi', more.source)
    const request = { pod, volume, readOnly: more.readOnly ?? false, block: false, dir: '/d' }
    await grow(request, { volume, claim: claimOf('1Gi') })
    return { events, patches }
  }

  it('is grown by its driver', async () => {
    const { events, patches } = await run(() => Promise.resolve(true))
    expect(events).toEqual([
      'Normal FileSystemResizeSuccessful MountVolume.NodeExpandVolume succeeded for volume "pv" node',
    ])
    expect(patches).toEqual([['n', 'c', { capacity: { storage: '2Gi' }, conditions: [] }]])
  })

  it('that its driver cannot grow goes on as it is, and says why', async () => {
    const { events, patches } = await run(() => Promise.reject(new Error('no room')))
    expect(events).toEqual([
      'Warning VolumeResizeFailed NodeExpandVolume.NodeExpandVolume failed for volume "pv" : no room',
    ])
    expect(patches).toEqual([])
  })

  it.each([
    ['that the driver has nothing to do for', () => Promise.resolve(false), {}],
    ['that is read-only', () => Promise.resolve(true), { readOnly: true }],
    ['of another type', () => Promise.resolve(true), { source: { local: { path: '/x' } } }],
  ])('%s is left alone', async (_what, expand, more) => {
    expect(await run(expand, more)).toEqual({ events: [], patches: [] })
  })
})
