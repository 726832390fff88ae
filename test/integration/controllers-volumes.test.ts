import { jest } from '@jest/globals'
import {
  events,
  namespaces,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
} from '@kapell/openapi/meta/refs'
import type { V1PersistentVolume, V1PersistentVolumeClaim } from '@kapell/openapi/types'
import { startControlPlane, type ControlPlane } from './controllers-support.ts'

const ns = 'storage'

// Conditions come within milliseconds; a busy machine may take longer.
jest.setTimeout(30_000)

describe('claims and volumes on a real API server', () => {
  let plane: ControlPlane
  beforeAll(async () => {
    plane = await startControlPlane({
      controllers: ['persistentvolume-binder-controller', 'pv-protection-controller', 'pvc-protection-controller'],
    })
    await plane.client.resource(namespaces).create({ metadata: { name: ns } })
  })
  afterAll(() => plane.close())

  const volumes = () => plane.client.resource(persistentVolumes)
  const claims = () => plane.client.resource(persistentVolumeClaims, ns)
  const volume = (name: string, more: Partial<NonNullable<V1PersistentVolume['spec']>> = {}, labels = {}) =>
    volumes().create({
      metadata: { name, labels },
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: `/mnt/${name}` },
        storageClassName: name.split('-')[0]!,
        ...more,
      },
    })
  const claim = (name: string, more: Partial<NonNullable<V1PersistentVolumeClaim['spec']>> = {}, annotations = {}) =>
    claims().create({
      metadata: { name, annotations },
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: name.split('-')[0]!,
        ...more,
      },
    })
  const boundTo = (name: string) =>
    plane.until([persistentVolumeClaims], async () => {
      const found = await claims().get(name)
      return found.status?.phase === 'Bound' ? found.spec?.volumeName : undefined
    })
  const phaseOf = (name: string, phase: string) =>
    plane.until([persistentVolumes], async () => {
      const found = await volumes().get(name)
      return found.status?.phase === phase ? found : undefined
    })
  const eventOn = (name: string, reason: string) =>
    plane.until([events], async () => {
      const list = await plane.client.resource(events).list()
      return list.items.find((event) => event.involvedObject.name === name && event.reason === reason)
    })

  it('a claim gets the smallest volume that is large enough, and both say so', async () => {
    await volume('small-big', { capacity: { storage: '5Gi' } })
    await volume('small-fit', { capacity: { storage: '2Gi' } })
    await volume('small-little', { capacity: { storage: '1Gi' } })
    await phaseOf('small-fit', 'Available')
    await phaseOf('small-big', 'Available')
    const made = await claim('small-c', { resources: { requests: { storage: '1500Mi' } } })
    expect(await boundTo('small-c')).toBe('small-fit')
    const stored = await claims().get('small-c')
    expect(stored.status).toMatchObject({ capacity: { storage: '2Gi' }, accessModes: ['ReadWriteOnce'] })
    expect(stored.metadata?.annotations).toMatchObject({
      'pv.kubernetes.io/bind-completed': 'yes',
      'pv.kubernetes.io/bound-by-controller': 'yes',
    })
    const bound = await phaseOf('small-fit', 'Bound')
    expect(bound.spec?.claimRef).toMatchObject({
      kind: 'PersistentVolumeClaim',
      name: 'small-c',
      uid: made.metadata?.uid,
    })
    expect(bound.metadata?.annotations).toEqual({ 'pv.kubernetes.io/bound-by-controller': 'yes' })
  })

  it.each<[string, string, Partial<NonNullable<V1PersistentVolumeClaim['spec']>>, string]>([
    ['a selector chooses', 'sel', { selector: { matchLabels: { disk: 'b' } } }, 'sel-b'],
    ['a name chooses, whatever fits better', 'named', { volumeName: 'named-b' }, 'named-b'],
    ['access modes must be offered', 'modes', { accessModes: ['ReadWriteMany'] }, 'modes-b'],
    ['as must the volume mode', 'block', { volumeMode: 'Block' }, 'block-b'],
  ])('%s', async (_rule, group, spec, expected) => {
    await volume(`${group}-a`)
    await volume(
      `${group}-b`,
      {
        capacity: { storage: '9Gi' },
        accessModes: ['ReadWriteOnce', 'ReadWriteMany'],
        ...(group === 'block' ? { volumeMode: 'Block' } : {}),
      },
      { disk: 'b' },
    )
    await claim(`${group}-c`, spec)
    expect(await boundTo(`${group}-c`)).toBe(expected)
  })

  it('a volume may name its claim before there is one', async () => {
    await volume('pre-a', { claimRef: { namespace: ns, name: 'pre-c' }, capacity: { storage: '9Gi' } })
    await volume('pre-b')
    await phaseOf('pre-b', 'Available')
    await claim('pre-c')
    expect(await boundTo('pre-c')).toBe('pre-a')
    const { metadata, spec } = await volumes().get('pre-a')
    expect(spec?.claimRef?.uid).toBe((await claims().get('pre-c')).metadata?.uid)
    expect(metadata?.annotations?.['pv.kubernetes.io/bound-by-controller']).toBeUndefined()
  })

  it('when the claim goes the volume is released, and kept', async () => {
    await volume('keep-a')
    await claim('keep-c')
    await boundTo('keep-c')
    await claims().delete('keep-c')
    await phaseOf('keep-a', 'Released')
    await claim('keep-c')
    expect(await eventOn('keep-c', 'ProvisioningFailed')).toMatchObject({
      message: 'storageclass.storage.k8s.io "keep" not found',
      source: { component: 'persistentvolume-controller' },
    })
    expect((await claims().get('keep-c')).status?.phase).toBe('Pending')
  })

  it.each([
    [
      'Delete' as const,
      'VolumeFailedDelete',
      'error getting deleter volume plugin for volume "delete-a": no deletable volume plugin matched',
    ],
    ['Recycle' as const, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!'],
  ])('a volume made by hand cannot be reclaimed by %s', async (policy, reason, message) => {
    const group = policy.toLowerCase()
    await volume(`${group}-a`, { persistentVolumeReclaimPolicy: policy })
    await claim(`${group}-c`)
    await boundTo(`${group}-c`)
    await claims().delete(`${group}-c`)
    // The reason is the event's alone, as with the original.
    const { status } = await phaseOf(`${group}-a`, 'Failed')
    expect(status).toMatchObject({ message })
    expect(status).not.toHaveProperty('reason')
    expect(await eventOn(`${group}-a`, reason)).toMatchObject({ type: 'Warning', message })
  })

  it('a claim whose volume is gone is lost', async () => {
    await volume('lost-a')
    await claim('lost-c')
    await boundTo('lost-c')
    await phaseOf('lost-a', 'Bound')
    await volumes().delete('lost-a')
    await volumes().patch('lost-a', 'json', [{ op: 'remove', path: '/metadata/finalizers' }])
    expect(await eventOn('lost-c', 'ClaimLost')).toMatchObject({
      message: 'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    })
    expect((await claims().get('lost-c')).status).toEqual({ phase: 'Lost' })
  })

  it.each([
    ['too small', { capacity: { storage: '1Mi' } }, 'requested PV is too small'],
    ['of another class', { storageClassName: 'other' }, 'storageClassName does not match'],
    ['of another mode', { volumeMode: 'Block' }, 'incompatible volumeMode'],
  ])('a volume asked for by name that is %s is refused, with the reason', async (what, spec, why) => {
    const group = what.replaceAll(' ', '')
    await volume(`${group}-a`, spec)
    await claim(`${group}-c`, { volumeName: `${group}-a` })
    expect((await eventOn(`${group}-c`, 'VolumeMismatch'))?.message).toBe(
      `Cannot bind to requested volume "${group}-a": ${why}`,
    )
  })

  it('a volume that another claim has is not taken from it', async () => {
    await volume('taken-a')
    await claim('taken-c')
    await boundTo('taken-c')
    await claim('taken-d', { volumeName: 'taken-a' })
    expect((await eventOn('taken-d', 'FailedBinding'))?.message).toBe(
      'volume "taken-a" already bound to a different claim.',
    )
  })

  it('a claim without class gets the default class once there is one', async () => {
    const { storageClassName: _none, ...spec } = (await claim('late-probe')).spec ?? {}
    await claims().create({ metadata: { name: 'late' }, spec })
    expect((await eventOn('late', 'FailedBinding'))?.message).toBe(
      'no persistent volumes available for this claim and no storage class is set',
    )
    await plane.client.resource(storageClasses).create({
      metadata: { name: 'std', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'example.com/p',
    })
    const stored = await plane.until([persistentVolumeClaims], async () => {
      const found = await claims().get('late')
      return found.metadata?.annotations?.['volume.kubernetes.io/storage-provisioner'] === undefined ? undefined : found
    })
    expect(stored.spec?.storageClassName).toBe('std')
    expect(stored.metadata?.annotations).toEqual({
      'volume.beta.kubernetes.io/storage-provisioner': 'example.com/p',
      'volume.kubernetes.io/storage-provisioner': 'example.com/p',
    })
    expect((await eventOn('late', 'ExternalProvisioning'))?.message).toContain("external provisioner 'example.com/p'")
  })

  it('a class that waits for a pod binds nothing before', async () => {
    await plane.client.resource(storageClasses).create({
      metadata: { name: 'wait' },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    })
    await volume('wait-a')
    await phaseOf('wait-a', 'Available')
    await claim('wait-c')
    expect((await eventOn('wait-c', 'WaitForFirstConsumer'))?.message).toBe(
      'waiting for first consumer to be created before binding',
    )
    expect((await claims().get('wait-c')).status?.phase).toBe('Pending')
    // The scheduler has chosen a node, and has not chosen this volume.
    const selectedNode = { 'volume.kubernetes.io/selected-node': 'n1' }
    await claims().patch('wait-c', 'merge', { metadata: { annotations: selectedNode } })
    expect((await eventOn('wait-c', 'ProvisioningFailed'))?.message).toBe(
      'no volume plugin matched name: kubernetes.io/no-provisioner',
    )
  })
})
