import type { KubeObject, ManagedFieldsEntry } from '../meta/object.ts'
import { schemaOf } from '../schema/registry.ts'
import type { StructSchema } from '../schema/schema.ts'
import { WrittenNumber } from '../wire/written-number.ts'
import { CreatedFields } from './created-fields.ts'
import { cloneJson } from './json.ts'
import { emptyObject, updateManagedFields, workOut, type UpdateManagedFieldsOptions } from './managed-fields.ts'

function schemaFor(kind: string): StructSchema {
  const schema = schemaOf({ group: '', version: 'v1', kind })
  if (schema === undefined) throw new Error(`no schema of ${kind}`)
  return schema
}

const pods = schemaFor('Pod')

function podOf(change: (pod: PodLike) => void = () => {}): KubeObject {
  const pod: PodLike = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', labels: { app: 'x' }, ownerReferences: [{ uid: '1', kind: 'ReplicaSet', name: 'r' }] },
    spec: {
      containers: [
        {
          name: 'c',
          image: 'i',
          args: ['--one'],
          env: [{ name: 'A', value: '1' }],
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          resources: { limits: { cpu: '1' } },
        },
      ],
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'k', operator: 'Exists' }],
      volumes: [{ name: 'v', emptyDir: {} }],
    },
    status: {},
  }
  change(pod)
  return pod as unknown as KubeObject
}

/** As far as the rows below change it. */
interface PodLike {
  apiVersion: string
  kind: string
  metadata: Record<string, unknown>
  spec: Record<string, unknown> & { containers: Record<string, unknown>[] }
  status: Record<string, unknown>
}

const first = (pod: PodLike): Record<string, unknown> => pod.spec.containers[0] ?? {}

const changes: [string, (pod: PodLike) => void][] = [
  ['nothing', () => {}],
  ['texts and numbers', (pod) => Object.assign(first(pod), { image: 'other', args: ['a', 'b', 'c'] })],
  ['another label', (pod) => (pod.metadata['labels'] = { other: 'x' })],
  ['no labels', (pod) => (pod.metadata['labels'] = {})],
  ['null where a map was', (pod) => (pod.metadata['labels'] = null)],
  ['undefined where a map was', (pod) => (pod.metadata['labels'] = undefined)],
  ['another owner', (pod) => (pod.metadata['ownerReferences'] = [{ uid: '2', kind: 'ReplicaSet', name: 'r' }])],
  ['one more owner', (pod) => (pod.metadata['ownerReferences'] as unknown[]).push({ uid: '2' })],
  ['finalizers, items of a set', (pod) => (pod.metadata['finalizers'] = ['x/y'])],
  ['another finalizer', (pod) => (pod.metadata['finalizers'] = ['x/z'])],
  ['another container', (pod) => (first(pod)['name'] = 'd')],
  ['the same container twice', (pod) => pod.spec.containers.push(cloneJson(first(pod)))],
  ['another port', (pod) => (first(pod)['ports'] = [{ containerPort: 81, protocol: 'TCP' }])],
  ['a port whose protocol is left out', (pod) => (first(pod)['ports'] = [{ containerPort: 80 }])],
  ['a port as it was written', (pod) => (first(pod)['ports'] = [{ containerPort: new WrittenNumber('80') }])],
  ['an empty list that is owned whole', (pod) => (first(pod)['args'] = [])],
  ['a null item', (pod) => (first(pod)['env'] = [null])],
  ['no containers', (pod) => (pod.spec.containers = [])],
  ['containers that are no list', (pod) => (pod.spec.containers = {} as never)],
  ['an empty map of the whole', (pod) => (pod.spec['nodeSelector'] = {})],
  ['another order', (pod) => (pod.spec = { nodeSelector: { disk: 'hdd' }, ...pod.spec })],
  ['a status, which a create cannot set', (pod) => (pod.status['phase'] = 'Running')],
  ['a large object', (pod) => (pod.metadata['annotations'] = { text: 'x'.repeat(20_000) })],
]

const optionsOf = (next: KubeObject, more: Partial<UpdateManagedFieldsOptions> = {}): UpdateManagedFieldsOptions => ({
  schema: pods,
  live: undefined,
  next,
  manager: 'm',
  apiVersion: 'v1',
  time: '2026-01-01T00:00:00Z',
  resetFields: ['status'],
  ...more,
})

describe('fields of new objects', () => {
  it.each(changes)('are the same as worked out from scratch, whatever was created before: %s', (_what, change) => {
    for (const [, before] of changes) {
      updateManagedFields(optionsOf(podOf(before)))
      const options = optionsOf(podOf(change))
      expect(updateManagedFields(options)).toEqual(workOut(options))
    }
  })

  it('tell who created, when, and in which version', () => {
    updateManagedFields(optionsOf(podOf()))
    const options = optionsOf(podOf(), { manager: 'n', apiVersion: 'v2', time: '2026-02-02T00:00:00Z' })
    const entries = updateManagedFields(options)
    expect(entries).toEqual(workOut(options))
    expect(Object.keys(entries?.[0] ?? {})).toEqual(Object.keys(workOut(options)?.[0] ?? {}))
  })

  it('depend on what a create cannot set', () => {
    const change = (pod: PodLike): void => void (pod.status['phase'] = 'Running')
    for (const resetFields of [['status'], [], ['status']]) {
      const options = optionsOf(podOf(change), { resetFields })
      expect(updateManagedFields(options)).toEqual(workOut(options))
    }
  })

  it('are the caller’s own to change', () => {
    const one = updateManagedFields(optionsOf(podOf()))
    const fields = one?.[0]?.fieldsV1 as Record<string, unknown>
    fields['f:more'] = {}
    expect(updateManagedFields(optionsOf(podOf()))).toEqual(workOut(optionsOf(podOf())))
  })

  it('are worked out once for objects that are alike, and the one remembered is not the caller’s', () => {
    const known = new CreatedFields(emptyObject)
    let worked = 0
    const ask = (object: KubeObject): ManagedFieldsEntry[] | undefined =>
      known.of({ schema: pods, object, resetFields: [] }, { manager: 'm', apiVersion: 'v1', time: 't' }, () => {
        worked++
        return workOut(optionsOf(object, { resetFields: [] }))
      })
    const pod = podOf()
    ask(pod)
    Object.assign(pod, { spec: null })
    ask(podOf())
    ask(podOf((one) => (one.metadata['name'] = 'b')))
    expect(worked).toBe(1)
  })

  it('of a kind whose objects all differ are seldom remembered', () => {
    const known = new CreatedFields(emptyObject)
    const ask = (i: number): boolean => {
      let worked = false
      const object = podOf((pod) => (pod.metadata['labels'] = { [`l${i}`]: '' }))
      known.of({ schema: pods, object, resetFields: [] }, { manager: 'm', apiVersion: 'v1', time: 't' }, () => {
        worked = true
        return undefined
      })
      return worked
    }
    for (let i = 0; i < 40; i++) expect(ask(i)).toBe(true)
    // The 32nd in a row was, and those of the beginning are.
    expect([31, 7, 6, 39].map(ask)).toEqual([false, false, false, true])
  })
})
