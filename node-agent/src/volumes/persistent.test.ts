import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1Pod } from '@kapell/openapi/types'
import { resolveClaim } from './claim.ts'
import { applyFsGroup } from './fs-group.ts'
import { createLocalVolumes } from './local-path.ts'
import { hostPathMounter, localMounter, persistentVolume } from './persistent.ts'
import type { VolumeContext } from './plugin.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'volumes-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const pod: V1Pod = {
  metadata: { name: 'p', namespace: 'n', uid: 'pod-uid' },
  spec: { containers: [], volumes: [] },
}
const named = { name: 'v', persistentVolumeClaim: { claimName: 'c' } }
const bound: V1PersistentVolumeClaim = {
  metadata: { name: 'c', uid: 'u' },
  spec: { volumeName: 'pv' },
  status: { phase: 'Bound' },
}
const volumeOf = (spec: Partial<NonNullable<V1PersistentVolume['spec']>>): V1PersistentVolume => ({
  metadata: { name: 'pv' },
  spec: { claimRef: { uid: 'u' }, ...spec },
})
const sourceOf = (claim: V1PersistentVolumeClaim | Error, volume: V1PersistentVolume | Error = volumeOf({})) => ({
  claim: () => (claim instanceof Error ? Promise.reject(claim) : Promise.resolve(claim)),
  volume: () => (volume instanceof Error ? Promise.reject(volume) : Promise.resolve(volume)),
})

describe('resolveClaim', () => {
  const prefix =
    'Unable to attach or mount volumes: unmounted volumes=[v], unattached volumes=[], failed to process volumes=[v]: error processing PVC n/'
  it.each<[string, V1PersistentVolumeClaim | Error, V1PersistentVolume | Error, string]>([
    [
      'there is none',
      new Error('persistentvolumeclaims "c" not found'),
      volumeOf({}),
      'c: failed to fetch PVC from API server: persistentvolumeclaims "c" not found',
    ],
    ['it is not bound', { metadata: { name: 'c' }, status: { phase: 'Pending' } }, volumeOf({}), 'c: PVC is not bound'],
    ['its volume is gone', bound, new Error('gone'), 'c: failed to fetch PV pv from API server: gone'],
    [
      'its volume is of another',
      bound,
      volumeOf({ claimRef: { uid: 'other' } }),
      'c: PV pv is bound to another claim: its claimRef.uid is not u',
    ],
  ])('tells when %s', async (_what, claim, volume, message) => {
    await expect(resolveClaim(sourceOf(claim, volume), pod, named)).rejects.toThrow(`${prefix}${message}`)
  })

  it('an ephemeral volume takes no claim that was not made for the pod', async () => {
    const ephemeral = { name: 'v', ephemeral: {} }
    await expect(resolveClaim(sourceOf(bound), pod, ephemeral)).rejects.toThrow(
      'PVC n/p-v was not created for pod n/p (pod is not owner)',
    )
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'pod-uid', controller: true }
    const owned = { ...bound, metadata: { ...bound.metadata, ownerReferences: [owner] } }
    expect((await resolveClaim(sourceOf(owned), pod, ephemeral)).volume.metadata?.name).toBe('pv')
  })
})

describe('persistent volumes', () => {
  const setUp = (spec: Partial<NonNullable<V1PersistentVolume['spec']>>, of: V1Pod = pod, readOnly = false) =>
    persistentVolume({
      claims: sourceOf(bound, volumeOf(spec)),
      mounters: [localMounter(createLocalVolumes(dir)), hostPathMounter],
    }).setUp({
      pod: of,
      dir: join(dir, 'pod-volume'),
      volume: { name: 'v', persistentVolumeClaim: { claimName: 'c', readOnly } },
    } as VolumeContext)

  it('the directory of a provisioned one is made, open to all', async () => {
    const path = join(dir, 'local-volumes', 'pvc-1_n_c')
    expect(await setUp({ local: { path } }, pod, true)).toEqual({ path, readOnly: true })
    expect(statSync(path).mode & 0o777).toBe(0o777)
  })

  it('any other must be there', async () => {
    await expect(setUp({ local: { path: join(dir, 'none') } })).rejects.toThrow(
      `MountVolume.NewMounter initialization failed for volume "pv" : path "${join(dir, 'none')}" does not exist`,
    )
    expect(await setUp({ hostPath: { path: join(dir, 'made'), type: 'DirectoryOrCreate' } })).toMatchObject({
      path: join(dir, 'made'),
    })
    await expect(setUp({ hostPath: { path: join(dir, 'none'), type: 'Directory' } })).rejects.toThrow(
      'MountVolume.SetUp failed for volume "pv" : hostPath type check failed',
    )
  })

  it('a device is one, and is used as one', async () => {
    const block = { volumeMode: 'Block', local: { path: dir } }
    await expect(setUp(block)).rejects.toThrow(
      `MapVolume.NewBlockVolumeMapper initialization failed for volume "pv" : path "${dir}" is not a block device`,
    )
    await expect(setUp({ volumeMode: 'Block', hostPath: { path: '/dev/null' } })).rejects.toThrow(
      'MapVolume.SetUp failed for volume "pv" : hostPath type check failed: /dev/null is not a block device',
    )
    const container = (more: object): V1Pod => ({ ...pod, spec: { containers: [{ name: 'c', ...more }] } })
    await expect(setUp(block, container({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }))).rejects.toThrow(
      'volume v has volumeMode Block, but is specified in volumeMounts',
    )
    const local = { local: { path: dir } }
    await expect(setUp(local, container({ volumeDevices: [{ name: 'v', devicePath: '/v' }] }))).rejects.toThrow(
      'volume v has volumeMode Filesystem, but is specified in volumeDevices',
    )
  })

  it('says when no type of volume fits', async () => {
    await expect(setUp({ nfs: { server: 's', path: '/' } })).rejects.toThrow('no volume plugin matched')
  })

  it('a local one is given to the fsGroup', async () => {
    const path = join(dir, 'local-volumes', 'pvc-1_n_c')
    await setUp({ local: { path } }, { ...pod, spec: { containers: [], securityContext: { fsGroup: 4321 } } })
    expect(statSync(path)).toMatchObject({ gid: 4321 })
    expect(statSync(path).mode & 0o7777).toBe(0o2777)
  })
})

describe('applyFsGroup', () => {
  const tree = (): string => {
    const root = join(dir, 'tree')
    mkdirSync(join(root, 'sub'), { recursive: true })
    writeFileSync(join(root, 'sub', 'file'), '')
    chmodSync(join(root, 'sub', 'file'), 0o600)
    writeFileSync(join(dir, 'outside'), '')
    chmodSync(join(dir, 'outside'), 0o600)
    symlinkSync('../outside', join(root, 'link'))
    return root
  }
  const modeOf = (path: string): number => statSync(path).mode & 0o7777

  it('opens files and directories to the group, and follows no link', async () => {
    const root = tree()
    await applyFsGroup(root, { gid: 4321 })
    expect(statSync(join(root, 'sub', 'file'))).toMatchObject({ gid: 4321 })
    expect(modeOf(join(root, 'sub', 'file'))).toBe(0o660)
    expect(modeOf(join(root, 'sub'))).toBe(0o2775)
    expect(statSync(join(dir, 'outside')).gid).not.toBe(4321)
    expect(modeOf(join(dir, 'outside'))).toBe(0o600)
  })

  it('for reading only when the volume is', async () => {
    const root = tree()
    await applyFsGroup(root, { gid: 4321, readOnly: true })
    expect(modeOf(join(root, 'sub', 'file'))).toBe(0o640)
  })

  it('OnRootMismatch spares a tree whose root is right', async () => {
    const root = tree()
    await applyFsGroup(root, { gid: 4321 })
    chmodSync(join(root, 'sub', 'file'), 0o600)
    await applyFsGroup(root, { gid: 4321, policy: 'OnRootMismatch' })
    expect(modeOf(join(root, 'sub', 'file'))).toBe(0o600)
    await applyFsGroup(root, { gid: 4321, policy: 'Always' })
    expect(modeOf(join(root, 'sub', 'file'))).toBe(0o660)
  })
})

describe('local volumes', () => {
  it('are removed with all that is in them', async () => {
    const local = createLocalVolumes(dir)
    const path = join(local.root, 'pvc-1_n_c')
    await local.ensure(path)
    writeFileSync(join(path, 'data'), '1')
    await local.remove('pvc-1_n_c')
    expect(existsSync(path)).toBe(false)
    await local.remove('pvc-1_n_c')
  })

  it.each(['', '..', 'pvc-1/../..', '/etc', 'other', 'pvc-1\0'])('%j is not the name of one', async (name) => {
    await expect(createLocalVolumes(dir).remove(name)).rejects.toThrow('not the name of a local volume')
  })

  it('nothing is made elsewhere', async () => {
    await createLocalVolumes(dir).ensure(join(dir, 'elsewhere'))
    expect(existsSync(join(dir, 'elsewhere'))).toBe(false)
  })
})
