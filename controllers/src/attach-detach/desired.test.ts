import type { V1CSIDriver, V1PersistentVolume, V1PersistentVolumeClaim, V1Pod } from '@kapell/openapi/types'
import { attachable, attachedName, attachmentFor, isExclusive, isOurs } from './desired.ts'

const volume: V1PersistentVolume = {
  metadata: { name: 'v' },
  spec: { csi: { driver: 'd', volumeHandle: 'h' }, accessModes: ['ReadWriteOnce'] },
}
const pod: V1Pod = {
  metadata: { name: 'p', namespace: 'n' },
  spec: { containers: [], volumes: [{ name: 'x', persistentVolumeClaim: { claimName: 'c' } }] },
}
const reads = (found: V1PersistentVolume | undefined, driver?: V1CSIDriver, claim?: V1PersistentVolumeClaim) => ({
  claim: (key: string) => (key === 'n/c' ? (claim ?? { spec: { volumeName: 'v' } }) : undefined),
  volume: (name: string) => (name === 'v' ? found : undefined),
  driver: () => driver,
})

describe('what must be attached', () => {
  it.each<[string, ReturnType<typeof reads>, number]>([
    ['a CSI volume', reads(volume), 1],
    ['also when its driver is known and says nothing', reads(volume, { spec: {} }), 1],
    ['not when the driver says so', reads(volume, { spec: { attachRequired: false } }), 0],
    ['not a volume of another kind', reads({ ...volume, spec: { local: { path: '/' } } }), 0],
    ['not before the claim is bound', reads(volume, undefined, { spec: {} }), 0],
  ])('%s', (_rule, from, count) => {
    expect(attachable(pod, from)).toHaveLength(count)
  })

  it('has names that both sides know', () => {
    expect(attachedName(volume)).toBe('kubernetes.io/csi/d^h')
    expect(attachmentFor(volume, 'node')).toMatchObject({
      metadata: { name: 'csi-c42cf57099d6443b605c16f111056170d3d4e01cedcbcbac71a93245953703cf' },
      spec: { attacher: 'd', nodeName: 'node', source: { persistentVolumeName: 'v' } },
    })
  })

  it('leaves the attachments of others alone, whatever they name', () => {
    const made = attachmentFor(volume, 'node')
    expect(isOurs(made, volume)).toBe(true)
    expect(isOurs(made, undefined)).toBe(true)
    const byHand = { ...made, metadata: { name: 'by-hand' } }
    expect([isOurs(byHand, volume), isOurs(byHand, undefined)]).toEqual([false, false])
  })

  it.each([
    [['ReadWriteOnce'], true],
    [['ReadWriteOncePod'], true],
    [['ReadWriteOnce', 'ReadOnlyMany'], false],
    [['ReadWriteMany'], false],
  ])('%j: on one node only: %s', (accessModes, exclusive) => {
    expect(isExclusive({ spec: { accessModes } })).toBe(exclusive)
  })
})
