import type { DriverFacts } from './drivers.ts'
import { csiNodeOf } from './publish-node.ts'
import { accessMode } from './access-mode.ts'
import { VolumeCapability_AccessMode_Mode as Mode } from './gen/csi_pb.ts'
import { appliesFsGroup, attachmentName } from './mount.ts'

describe('CSI', () => {
  it.each<[string, string | undefined, string | undefined, string[], boolean]>([
    ['by default with a file system type, for one node', undefined, 'ext4', ['ReadWriteOnce'], true],
    ['not without type', undefined, undefined, ['ReadWriteOnce'], false],
    ['not for many nodes', 'ReadWriteOnceWithFSType', 'ext4', ['ReadWriteMany'], false],
    ['always when the driver says File', 'File', undefined, ['ReadWriteMany'], true],
    ['never when it says None', 'None', 'ext4', ['ReadWriteOnce'], false],
  ])('files are given to the group: %s', (_rule, fsGroupPolicy, fsType, modes, applies) => {
    const driver = { spec: fsGroupPolicy === undefined ? {} : { fsGroupPolicy } }
    expect(appliesFsGroup(driver, fsType, modes)).toBe(applies)
  })

  it.each([
    [['ReadWriteOnce'], Mode.SINGLE_NODE_WRITER],
    [['ReadWriteOncePod'], Mode.SINGLE_NODE_WRITER],
    [['ReadOnlyMany'], Mode.MULTI_NODE_READER_ONLY],
    [['ReadWriteOnce', 'ReadWriteMany'], Mode.MULTI_NODE_MULTI_WRITER],
  ])('%j is told as %s', (modes, mode) => {
    expect(accessMode(modes)).toBe(mode)
  })

  it('says what drivers there are, with limits and topology', () => {
    const drivers: DriverFacts[] = [
      { name: 'a', nodeId: '1', topology: { 't/zone': 'z', 't/rack': 'r' }, maxVolumes: 4 },
      { name: 'b', nodeId: '2', topology: {} },
    ]
    expect(csiNodeOf({ name: 'n', uid: 'u' }, drivers)).toMatchObject({
      metadata: { name: 'n', ownerReferences: [{ kind: 'Node', name: 'n', uid: 'u' }] },
      spec: {
        drivers: [
          { name: 'a', nodeID: '1', topologyKeys: ['t/rack', 't/zone'], allocatable: { count: 4 } },
          { name: 'b', nodeID: '2', topologyKeys: [] },
        ],
      },
    })
  })

  it('finds attachments by the name that the controller gives them', () => {
    expect(attachmentName('h', 'd', 'node')).toMatch(/^csi-[0-9a-f]{64}$/)
  })
})
