import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildImageArchive } from '@kapell/node-agent/images/build'
import type { V1PersistentVolume, V1PersistentVolumeClaim, V1PersistentVolumeList, V1Pod } from '@kapell/openapi/types'
import { freePort, Kubectl, run, startKapell, temporaryDir, type Kapell } from './support/kapell.ts'
import { until } from './support/wait.ts'

/** Claims with stock kubectl on real containers: made, written to, kept, grown, given back. */
const image = 'localhost/test/volumes:1'
const { path: dataDir, remove } = temporaryDir('volumes')
let cluster: Kapell
let kubectl: Kubectl
let start: () => Promise<Kapell>

beforeAll(async () => {
  mkdirSync(join(dataDir, 'images'))
  const applets = 'sh sleep echo cat ls id touch mkdir stat trap wc head sync'
  await buildImageArchive(
    {
      name: image,
      files: {
        '/bin/busybox': { content: readFileSync('/bin/busybox'), mode: 0o755 },
        '/etc/passwd': 'root:x:0:0:root:/:/bin/sh\n',
      },
      links: Object.fromEntries(applets.split(' ').map((name) => [`/bin/${name}`, '/bin/busybox'])),
      directories: ['/tmp', '/proc', '/sys', '/dev'],
      env: { PATH: '/bin' },
      cmd: ['sh'],
    },
    join(dataDir, 'images', 'volumes.tar'),
  )
  const port = await freePort()
  const args = ['--agent-port', '0', '--pod-cidr', '10.239.0.0/24', '--service-cluster-ip-range', '10.240.0.0/16']
  start = () => startKapell({ dataDir, port, args })
  cluster = await start()
  kubectl = new Kubectl(join(dataDir, 'kubeconfig'))
}, 180_000)
afterAll(async () => {
  if (cluster?.process.exitCode === null) await cluster.stop()
  remove()
}, 60_000)

const apply = async (...objects: object[]): Promise<void> => {
  const list = { apiVersion: 'v1', kind: 'List', items: objects }
  const ran = await kubectl.try(['apply', '-f', '-'], JSON.stringify(list))
  expect(ran.stderr).toBe('')
}
const exec = (pod: string, command: string): Promise<string> => kubectl.run('exec', pod, '--', 'sh', '-c', command)
const waits = 'trap "exit 0" TERM; while true; do sleep 1; done'
const container = (more: object = {}) => ({ name: 'c', image, command: ['sh', '-c', waits], ...more })
const ready = (pod: string): Promise<string> =>
  kubectl.run('wait', '--for=condition=Ready', `pod/${pod}`, '--timeout=60s')
const claimOf = (name: string) => kubectl.json<V1PersistentVolumeClaim>('get', 'pvc', name)
const volumes = async (): Promise<V1PersistentVolume[]> =>
  (await kubectl.json<V1PersistentVolumeList>('get', 'pv')).items
const directories = (): string[] => readdirSync(join(dataDir, 'local-volumes'))

const claim = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Mi' } }, ...more },
})
const pod = (name: string, volumesOfPod: object[], spec: object = {}, mounts: object[] = []) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 3,
    containers: [container({ volumeMounts: mounts })],
    volumes: volumesOfPod,
    ...spec,
  },
})

const statefulSet = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'db' },
  spec: {
    serviceName: 'db',
    replicas: 2,
    selector: { matchLabels: { app: 'db' } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
    template: {
      metadata: { labels: { app: 'db' } },
      spec: {
        terminationGracePeriodSeconds: 3,
        containers: [container({ volumeMounts: [{ name: 'data', mountPath: '/data' }] })],
      },
    },
    volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim('').spec }],
  },
}

it('a StatefulSet keeps its data: through the end of a pod, and through a restart of everything', async () => {
  await apply(statefulSet)
  await kubectl.run('rollout', 'status', 'statefulset/db', '--timeout=90s')
  await exec('db-0', 'echo zero > /data/file')
  await exec('db-1', 'echo one > /data/file')
  expect(directories()).toHaveLength(2)

  await kubectl.run('delete', 'pod', 'db-0')
  await ready('db-0')
  expect((await exec('db-0', 'cat /data/file')).trim()).toBe('zero')

  expect(await cluster.stop()).toBe(0)
  cluster = await start()
  await until('both pods to be ready again', async () => {
    const set = await kubectl.json<{ status?: { readyReplicas?: number } }>('get', 'statefulset', 'db')
    const answers = await Promise.all(
      ['db-0', 'db-1'].map((name) => kubectl.try(['exec', name, '--', 'cat', '/data/file'])),
    )
    return set.status?.readyReplicas === 2 && answers.map(({ stdout }) => stdout.trim()).join() === 'zero,one'
  })
}, 240_000)

it('what is scaled away keeps its claim; what is deleted takes claims, volumes and directories with it', async () => {
  await kubectl.run('scale', 'statefulset/db', '--replicas=1')
  await kubectl.run('wait', '--for=delete', 'pod/db-1', '--timeout=60s')
  expect((await claimOf('data-db-1')).status?.phase).toBe('Bound')
  await kubectl.run('scale', 'statefulset/db', '--replicas=2')
  await until('the pod to have its data again', async () => {
    const { stdout } = await kubectl.try(['exec', 'db-1', '--', 'cat', '/data/file'])
    return stdout.trim() === 'one'
  })
  await kubectl.run('delete', 'statefulset', 'db')
  await until('all to be gone', async () => (await volumes()).length === 0 && directories().length === 0)
}, 180_000)

it('a claim waits for its first pod; fsGroup, subPath and read-only hold on its volume; in use it is protected', async () => {
  await apply(claim('shared'))
  await until('the claim to say that it waits', async () =>
    (await kubectl.run('describe', 'pvc', 'shared')).includes(
      'waiting for first consumer to be created before binding',
    ),
  )
  await apply(
    pod(
      'writer',
      [{ name: 'v', persistentVolumeClaim: { claimName: 'shared' } }],
      { securityContext: { runAsUser: 1000, fsGroup: 4321 } },
      [
        { name: 'v', mountPath: '/all' },
        { name: 'v', mountPath: '/part', subPath: 'deep/part' },
        { name: 'v', mountPath: '/ro', readOnly: true },
      ],
    ),
  )
  await ready('writer')
  expect((await exec('writer', 'stat -c %g /all; touch /all/x && stat -c %g /all/x')).trim().split('\n')).toEqual([
    '4321',
    '4321',
  ])
  await exec('writer', 'ls /part && ls /all/deep/part')
  expect((await kubectl.try(['exec', 'writer', '--', 'touch', '/ro/y'])).stderr).toContain('Read-only file system')

  await apply(
    pod('reader', [{ name: 'v', persistentVolumeClaim: { claimName: 'shared', readOnly: true } }], {}, [
      { name: 'v', mountPath: '/all' },
    ]),
  )
  await ready('reader')
  expect((await kubectl.try(['exec', 'reader', '--', 'touch', '/all/y'])).stderr).toContain('Read-only file system')

  await kubectl.run('delete', 'pvc', 'shared', '--wait=false')
  expect((await kubectl.run('get', 'pvc', 'shared')).split('\n')[1]).toContain('Terminating')
  expect((await exec('writer', 'ls /all')).split('\n')).toContain('x')
  await kubectl.run('delete', 'pod', 'writer', 'reader')
  await until('the volume to be gone', async () => (await volumes()).length === 0 && directories().length === 0)
}, 180_000)

it('an ephemeral volume lives as long as its pod; a claim grows', async () => {
  const template = { spec: claim('').spec }
  await apply(
    pod('scratch', [{ name: 'v', ephemeral: { volumeClaimTemplate: template } }], {}, [{ name: 'v', mountPath: '/v' }]),
  )
  await ready('scratch')
  await exec('scratch', 'echo 1 > /v/file')
  expect((await claimOf('scratch-v')).metadata?.ownerReferences?.[0]?.name).toBe('scratch')
  await kubectl.run('patch', 'pvc', 'scratch-v', '-p', '{"spec":{"resources":{"requests":{"storage":"20Mi"}}}}')
  await until(
    'the claim to have grown',
    async () => (await claimOf('scratch-v')).status?.capacity?.['storage'] === '20Mi',
  )
  await kubectl.run('delete', 'pod', 'scratch')
  await until('all to be gone', async () => (await volumes()).length === 0 && directories().length === 0)
}, 120_000)

it('volumes made by hand: hostPath and local; a pod that cannot have its volume says why', async () => {
  const path = join(dataDir, 'by-hand')
  mkdirSync(path)
  const node = (await kubectl.run('get', 'nodes', '-o', 'name')).trim().replace('node/', '')
  const volume = (name: string, source: object) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '10Mi' },
      storageClassName: name,
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] },
          ],
        },
      },
      ...source,
    },
  })
  await apply(
    volume('host', { hostPath: { path } }),
    volume('local', { local: { path } }),
    volume('missing', { local: { path: join(path, 'none') } }),
    ...['host', 'local', 'missing'].flatMap((name) => [
      claim(name, { storageClassName: name }),
      pod(name, [{ name: 'v', persistentVolumeClaim: { claimName: name } }], {}, [{ name: 'v', mountPath: '/v' }]),
    ]),
  )
  await ready('host')
  await ready('local')
  await exec('host', 'echo same > /v/file')
  expect((await exec('local', 'cat /v/file')).trim()).toBe('same')
  await until('the pod to say why', async () =>
    (await kubectl.run('describe', 'pod', 'missing')).includes(
      `MountVolume.NewMounter initialization failed for volume "missing" : path "${join(path, 'none')}" does not exist`,
    ),
  )
  await kubectl.run('delete', 'pod', 'host', 'local', 'missing')
  await kubectl.run('delete', 'pvc', 'host', 'local', 'missing')
  await until('the volumes to be released', async () =>
    (await volumes()).every(({ status }) => status?.phase === 'Released'),
  )
  expect(existsSync(join(path, 'file'))).toBe(true)
}, 120_000)

it('a local disk: formatted, mounted and kept; or given as it is', async () => {
  const file = join(dataDir, 'disk.img')
  writeFileSync(file, '')
  truncateSync(file, 16 * 1024 * 1024)
  const device = (await run('losetup', ['--find', '--show', file])).stdout.trim()
  try {
    const node = (await kubectl.run('get', 'nodes', '-o', 'name')).trim().replace('node/', '')
    const expression = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] }
    const volume = (name: string, volumeMode: string) => ({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '10Mi' },
        storageClassName: name,
        volumeMode,
        local: { path: device },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } },
      },
    })
    await apply(
      volume('disk', 'Filesystem'),
      claim('disk', { storageClassName: 'disk' }),
      pod('disk', [{ name: 'v', persistentVolumeClaim: { claimName: 'disk' } }], {}, [{ name: 'v', mountPath: '/v' }]),
    )
    await ready('disk')
    expect(await exec('disk', 'ls /v; echo kept > /v/file')).toContain('lost+found')
    await kubectl.run('delete', 'pod', 'disk')
    await apply(
      pod('disk', [{ name: 'v', persistentVolumeClaim: { claimName: 'disk' } }], {}, [{ name: 'v', mountPath: '/v' }]),
    )
    await ready('disk')
    expect(await exec('disk', 'cat /v/file')).toBe('kept\n')
    await kubectl.run('delete', 'pod', 'disk')
    await apply(
      volume('bare', 'Block'),
      claim('bare', { storageClassName: 'bare', volumeMode: 'Block' }),
      pod('bare', [{ name: 'v', persistentVolumeClaim: { claimName: 'bare' } }], {
        containers: [container({ volumeDevices: [{ name: 'v', devicePath: '/disk' }] })],
      }),
    )
    await ready('bare')
    expect(await exec('bare', 'ls -l /disk')).toMatch(/^b/)
    await kubectl.run('delete', 'pod', 'bare')
    await kubectl.run('delete', 'pvc', 'disk', 'bare')
    await kubectl.run('delete', 'pv', 'disk', 'bare')
  } finally {
    await run('losetup', ['--detach', device])
  }
}, 120_000)

it("an image's files, whole and in part, read-only; one that cannot be had says why", async () => {
  await apply(
    pod('image', [{ name: 'v', image: { reference: image, pullPolicy: 'IfNotPresent' } }], {}, [
      { name: 'v', mountPath: '/whole' },
      { name: 'v', mountPath: '/part', subPath: 'etc' },
    ]),
  )
  await ready('image')
  expect(await exec('image', 'cat /whole/etc/passwd /part/passwd')).toBe('root:x:0:0:root:/:/bin/sh\n'.repeat(2))
  for (const path of ['/whole/x', '/part/x'])
    expect((await kubectl.try(['exec', 'image', '--', 'touch', path])).stderr).toContain('Read-only file system')
  await apply(
    pod('no-image', [{ name: 'v', image: { reference: 'localhost/none:1', pullPolicy: 'Never' } }], {}, [
      { name: 'v', mountPath: '/v' },
    ]),
  )
  await until('the container to say why', async () => {
    const found = await kubectl.json<V1Pod>('get', 'pod', 'no-image')
    return found.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImageNeverPull'
  })
  const uid = (await kubectl.json<V1Pod>('get', 'pod', 'image')).metadata?.uid ?? ''
  await kubectl.run('delete', 'pod', 'image', 'no-image')
  expect(existsSync(join(dataDir, 'node', 'pods', uid))).toBe(false)
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(uid)
}, 90_000)

describe('a CSI driver that runs as a process', () => {
  const driver = 'hostpath.example.com'
  const data = join(dataDir, 'csi-data')
  let process_: ChildProcess
  let node: string

  beforeAll(async () => {
    node = (await kubectl.run('get', 'nodes', '-o', 'name')).trim().replace('node/', '')
    const main = fileURLToPath(new URL('../csi/main.ts', import.meta.url))
    const registry = join(dataDir, 'node', 'plugins_registry')
    const args = ['--node', node, '--data', data, '--registry', registry, '--kubeconfig', join(dataDir, 'kubeconfig')]
    process_ = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    process_.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await until('the driver to be registered', () => text.includes('registered'), { timeoutMs: 30_000 })
    await apply(
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'CSIDriver',
        metadata: { name: driver },
        spec: { podInfoOnMount: true, volumeLifecycleModes: ['Persistent', 'Ephemeral'] },
      },
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'csi' },
        provisioner: driver,
        volumeBindingMode: 'WaitForFirstConsumer',
        allowVolumeExpansion: true,
      },
    )
  }, 60_000)
  afterAll(async () => {
    process_?.kill('SIGTERM')
    if (process_?.exitCode === null) await once(process_, 'exit')
  })

  it('is known on the node, with its topology and limit', async () => {
    const csiNode = await kubectl.json<{ spec: unknown }>('get', 'csinode', node)
    expect(csiNode.spec).toEqual({
      drivers: [
        { name: driver, nodeID: node, topologyKeys: ['topology.hostpath.example.com/node'], allocatable: { count: 3 } },
      ],
    })
    const labels = await kubectl.run(
      'get',
      'node',
      node,
      '-o',
      'jsonpath={.metadata.labels.topology\\.hostpath\\.example\\.com/node}',
    )
    expect(labels).toBe(node)
  })

  it('makes, attaches, stages and publishes a volume, and all of it backwards', async () => {
    await apply(
      claim('csi', { storageClassName: 'csi' }),
      pod('csi', [{ name: 'v', persistentVolumeClaim: { claimName: 'csi' } }], { securityContext: { fsGroup: 4321 } }, [
        { name: 'v', mountPath: '/v' },
      ]),
    )
    await ready('csi')
    await exec('csi', 'echo kept > /v/file')
    expect((await exec('csi', 'stat -c %g /v')).trim()).toBe('4321')
    const context = JSON.parse(await exec('csi', 'cat /v/context.json')) as Record<string, string>
    expect(context).toMatchObject({
      made: 'by test',
      'csi.storage.k8s.io/pod.name': 'csi',
      'csi.storage.k8s.io/ephemeral': 'false',
    })
    const attached = await kubectl.json<{ status: { volumesAttached?: { name: string }[] } }>('get', 'node', node)
    expect(attached.status.volumesAttached?.[0]?.name).toMatch(/^kubernetes\.io\/csi\/hostpath\.example\.com\^vol-/)
    expect(await kubectl.run('describe', 'pod', 'csi')).toContain('AttachVolume.Attach succeeded for volume')

    await kubectl.run('delete', 'pod', 'csi')
    await until('the volume to be detached', async () => (await kubectl.run('get', 'volumeattachments')) === '')
    await apply(
      pod('csi', [{ name: 'v', persistentVolumeClaim: { claimName: 'csi', readOnly: true } }], {}, [
        { name: 'v', mountPath: '/v' },
      ]),
    ).catch(() => {})
    await ready('csi')
    expect((await exec('csi', 'cat /v/file')).trim()).toBe('kept')
    await kubectl.run('delete', 'pod', 'csi')
    await kubectl.run('delete', 'pvc', 'csi')
    await until('nothing to be left', () => !readdirSync(data).some((name) => name.startsWith('vol-')))
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(data)
  }, 120_000)

  it('gives a pod a device', async () => {
    await apply(
      claim('raw', { storageClassName: 'csi', volumeMode: 'Block' }),
      pod('raw', [{ name: 'v', persistentVolumeClaim: { claimName: 'raw' } }], {
        containers: [container({ volumeDevices: [{ name: 'v', devicePath: '/dev/raw' }] })],
      }),
    )
    await ready('raw')
    expect(await exec('raw', 'ls -l /dev/raw')).toMatch(/^b/)
    await exec('raw', 'echo on a disk > /dev/raw && sync')
    await kubectl.run('delete', 'pod', 'raw')
    await apply(
      pod('again', [{ name: 'v', persistentVolumeClaim: { claimName: 'raw', readOnly: true } }], {
        containers: [container({ volumeDevices: [{ name: 'v', devicePath: '/dev/raw' }] })],
      }),
    )
    await ready('again')
    expect(await exec('again', 'head -n 1 /dev/raw')).toBe('on a disk\n')
    expect((await kubectl.try(['exec', 'again', '--', 'sh', '-c', 'echo x > /dev/raw'])).code).not.toBe(0)
    await kubectl.run('delete', 'pod', 'again')
    await kubectl.run('delete', 'pvc', 'raw')
    await until('nothing to be left', () => !readdirSync(data).some((name) => name.startsWith('vol-')))
  }, 90_000)

  it('lets a volume grow while a pod uses it, and the node says what it uses', async () => {
    await apply(
      claim('growing', { storageClassName: 'csi' }),
      pod('growing', [{ name: 'v', persistentVolumeClaim: { claimName: 'growing' } }], {}, [
        { name: 'v', mountPath: '/v' },
      ]),
    )
    await ready('growing')
    const inUse = async (): Promise<string[]> =>
      (await kubectl.json<{ status: { volumesInUse?: string[] } }>('get', 'node', node)).status.volumesInUse ?? []
    expect(await inUse()).toEqual([expect.stringMatching(/^kubernetes\.io\/csi\/hostpath\.example\.com\^vol-/)])
    await kubectl.run('patch', 'pvc', 'growing', '-p', '{"spec":{"resources":{"requests":{"storage":"20Mi"}}}}')
    await kubectl.run('wait', '--for=condition=FileSystemResizePending', 'pvc/growing', '--timeout=30s')
    // The node looks once a minute; or now, when something of the pod changes.
    await kubectl.run('annotate', 'pod', 'growing', 'look=now')
    await until('the claim to know', async () => {
      const { status } = await claimOf('growing')
      return status?.capacity?.['storage'] === '20Mi' && (status.conditions ?? []).length === 0
    })
    expect(await exec('growing', 'cat /v/grown')).toBe(String(20 * 1024 * 1024))
    expect(await kubectl.run('describe', 'pod', 'growing')).toContain('FileSystemResizeSuccessful')
    await kubectl.run('delete', 'pod', 'growing')
    await until('the volume to be free', async () => (await inUse()).length === 0)
    await kubectl.run('delete', 'pvc', 'growing')
    await until('nothing to be left', () => !readdirSync(data).some((name) => name.startsWith('vol-')))
  }, 90_000)

  it('gives a pod a volume of its own, described in the pod', async () => {
    await apply(
      pod('inline', [{ name: 'v', csi: { driver, volumeAttributes: { size: 'small' } } }], {}, [
        { name: 'v', mountPath: '/v' },
      ]),
    )
    await ready('inline')
    const context = JSON.parse(await exec('inline', 'cat /v/context.json')) as Record<string, string>
    expect(context).toMatchObject({ size: 'small', 'csi.storage.k8s.io/ephemeral': 'true' })
    await kubectl.run('delete', 'pod', 'inline')
    await until('nothing to be left', () => !readdirSync(data).some((name) => name.startsWith('csi-')))
  }, 60_000)

  it('is forgotten when it goes; who needs it is told', async () => {
    process_.kill('SIGTERM')
    await once(process_, 'exit')
    await until('the driver to be forgotten', async () => {
      const csiNode = await kubectl.json<{ spec: { drivers: unknown[] | null } }>('get', 'csinode', node)
      return (csiNode.spec.drivers ?? []).length === 0
    })
    await apply(pod('alone', [{ name: 'v', csi: { driver } }], {}, [{ name: 'v', mountPath: '/v' }]))
    await until('the pod to say why', async () =>
      (await kubectl.run('describe', 'pod', 'alone')).includes(
        `driver name ${driver} not found in the list of registered CSI drivers`,
      ),
    )
    await kubectl.run('delete', 'pod', 'alone', '--wait=false')
  }, 60_000)
})
