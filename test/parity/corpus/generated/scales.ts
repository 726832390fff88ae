import type { ParityCase, ParityCases, ParityStep } from '../../case.ts'
import { create, deployment, get, grouped, patch, put, remove } from '../build.ts'
import { object as schemaObject, served, thing, things } from '../crd-build.ts'
import { leastObjects, type LeastObject } from './all-kinds.ts'
import { collectionOf, nameOf, objectOf } from './ask.ts'

/** The door to a number of replicas: what it lets in, and who then owns the number. */

const scales = new Set(['ReplicationController', 'Deployment', 'ReplicaSet', 'StatefulSet'])

const scale = (more: Record<string, unknown> = {}, metadata: Record<string, unknown> = { name: 'a' }): object => ({
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata,
  ...more,
})
const to = (replicas: unknown, metadata: Record<string, unknown> = {}): object =>
  scale({ spec: { replicas } }, { name: 'a', ...metadata })

function scaleOf(least: LeastObject): Record<string, ParityCase> {
  const path = `${collectionOf(least.subject)}/${nameOf(least.subject)}`
  const made = create(collectionOf(least.subject), objectOf(least.subject, least.body), {
    setup: true,
    capture: { rv: 'metadata.resourceVersion' },
  })
  const door = `${path}/scale`
  const dry = `${door}?dryRun=All`
  return {
    scaled: {
      steps: [
        made,
        get(door),
        put(dry, to(5)),
        put(dry, to(-1)),
        put(dry, to('x')),
        put(dry, to(1.5)),
        put(dry, scale({})),
        put(dry, scale({ spec: { replicas: 5 }, status: { replicas: 7 } })),
        put(dry, to(5, { name: 'b' })),
        put(dry, scale({ spec: { replicas: 5 } }, {})),
        put(dry, to(5, { resourceVersion: '1' })),
        put(dry, to(5, { resourceVersion: '{{cap.rv}}' })),
        put(dry, to(5, { uid: 'x' })),
        put(`${dry}&fieldValidation=Strict`, scale({ spec: { replicas: 5, nope: 1 } })),
        put(dry, { ...scale(), kind: 'Nope' }),
        create(door, scale()),
        remove(door),
      ],
    },
    'scaled by patches': {
      steps: [
        made,
        patch('merge', dry, { spec: { replicas: 3 } }),
        patch('merge', dry, { spec: { replicas: -3 } }),
        patch('merge', dry, { spec: null }),
        patch('merge', dry, { metadata: { labels: { a: 'b' } } }),
        patch('strategic', dry, { spec: { replicas: 3 } }),
        patch('json', dry, [{ op: 'replace', path: '/spec/replicas', value: 4 }]),
        patch('json', dry, [{ op: 'replace', path: '/spec/replicas', value: 'x' }]),
        patch('apply', `${dry}&fieldManager=m`, to(3)),
        patch('merge', `${path}-x/scale`, { spec: { replicas: 3 } }),
      ],
    },
  }
}

const path = grouped('apps/v1', 'deployments', 'a')
const door = `${path}/scale`
const dry = `${door}?dryRun=All`
const made = create(grouped('apps/v1', 'deployments'), deployment('a', { replicas: 2 }), { setup: true })
const raw = (method: 'PUT' | 'PATCH', rawBody: string, type = 'application/json', query = ''): ParityStep => ({
  request: { method, path: `${dry}${query}`, rawBody, headers: { 'Content-Type': type } },
})
const apply = 'application/apply-patch+yaml'
const merge = 'application/merge-patch+json'

const mistakes: ParityCases = {
  'Deployment scale: odd bodies': {
    steps: [
      made,
      raw('PUT', ''),
      raw('PUT', '{'),
      raw('PUT', '[]'),
      raw('PUT', '{}'),
      raw('PUT', '{}', 'text/plain'),
      raw(
        'PUT',
        'apiVersion: autoscaling/v1\nkind: Scale\nmetadata: {name: a}\nspec: {replicas: 6}',
        'application/yaml',
      ),
      raw('PATCH', '', merge),
      raw('PATCH', '[]', merge),
      raw('PATCH', '{', merge),
      raw('PATCH', '{}', 'application/json-patch+json'),
      raw('PATCH', '{}'),
      raw('PATCH', '', apply, '&fieldManager=m'),
      raw('PATCH', '[]', apply, '&fieldManager=m'),
      raw('PATCH', 'x: [', apply, '&fieldManager=m'),
      raw('PATCH', 'kind: Scale\nkind: Scale', apply, '&fieldManager=m&fieldValidation=Strict'),
      raw(
        'PATCH',
        'apiVersion: autoscaling/v1\nkind: Scale\nkind: Scale',
        apply,
        '&fieldManager=m&fieldValidation=Strict',
      ),
      put(dry, { ...to(5), apiVersion: 'autoscaling/v2' }),
      put(dry, { ...to(5), apiVersion: 'apps/v1beta1' }),
      put(dry, deployment('a')),
      get(`${door}?resourceVersion=x`),
      get(`${door}?watch=true`),
      get(door, { headers: { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' } }),
      get(door, { headers: { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' } }),
    ],
  },
  'Deployment scale: odd metadata': {
    steps: [
      made,
      put(dry, to(2, { labels: { 'a b': 'c' } })),
      put(dry, to(2, { annotations: { 'a b': 'c' } })),
      put(dry, to(2, { finalizers: ['a b'] })),
      put(dry, to(2, { ownerReferences: [{}] })),
      put(dry, to(-2, { generation: -1, labels: { 'a b': 'c' } })),
      put(dry, to(2, { generateName: 'A B' })),
      put(dry, to(2, { resourceVersion: 'x' })),
      put(dry, to(2, { creationTimestamp: 'x' })),
      put(dry, to(2, { namespace: 'other' })),
      ...[
        { labels: { 'a b': 'c' } },
        { uid: 'x' },
        { name: 'x' },
        { namespace: 'x' },
        { resourceVersion: '1' },
        { managedFields: [{}] },
      ].map((metadata) => patch('merge', dry, { metadata })),
      patch('merge', dry, { kind: 'Nope' }),
      patch('merge', dry, { spec: { nope: 1 } }),
      patch('merge', `${dry}&fieldValidation=Strict`, { spec: { nope: 1 } }),
      patch('merge', `${dry}&fieldValidation=Nope`, {}),
      patch('merge', `${dry}&force=true`, {}),
      patch('merge', `${door}?dryRun=x`, {}),
    ],
  },
  'Deployment scale: applied wrongly': {
    steps: [
      made,
      ...[
        to(-4),
        to(3, { labels: { 'a b': 'c' } }),
        to(3, { managedFields: [{}] }),
        to(3, { namespace: 'other' }),
        to(3, { name: 'b' }),
        to(3, { uid: 'x' }),
        to(3, { resourceVersion: '1' }),
        { ...to(3), apiVersion: 'autoscaling/v2' },
        { ...to(3), apiVersion: 'v1' },
        { ...to(3), kind: 'Nope' },
        { ...to(3), status: { replicas: 5 } },
        { ...to(3), spec: null },
        scale({}, {}),
      ].map((body) => patch('apply', `${dry}&fieldManager=m&force=true`, body)),
      patch('apply', dry, to(3)),
      patch('apply', `${path}-x/scale?fieldManager=m`, to(3, { name: 'a-x' })),
    ],
  },
}

const by = (manager: string, replicas: unknown): ParityStep => put(`${door}?fieldManager=${manager}`, to(replicas))
const appliedBy = (manager: string, replicas: unknown, force = false): ParityStep =>
  patch('apply', `${door}?fieldManager=${manager}${force ? '&force=true' : ''}`, to(replicas))
const owners = (at = path): ParityStep => get(at, { ignore: ['spec', 'status'] })
const owned = (first: ParityStep, ...steps: ParityStep[]): ParityCase => ({
  steps: [first, ...steps.flatMap((step) => [step, owners()])],
  keep: ['managedFields'],
})
const whole = (manager: string, replicas?: number): ParityStep =>
  patch('apply', `${path}?fieldManager=${manager}`, deployment('a', replicas === undefined ? {} : { replicas }), {
    setup: true,
  })
const nothing = scale({}, {})

const ownership: ParityCases = {
  'Deployment scale owned: put': owned(
    made,
    by('b', 2),
    by('b', 3),
    by('c', 3),
    by('kref', 4),
    patch('merge', path, { spec: { replicas: 7 } }, { setup: true }),
    patch('merge', `${door}?fieldManager=b`, { spec: { replicas: 2 } }),
  ),
  'Deployment scale owned: applied after others': owned(
    made,
    appliedBy('m', 4),
    appliedBy('m', 4, true),
    appliedBy('n', 4),
    patch('apply', `${door}?fieldManager=m`, nothing),
    patch('apply', `${door}?fieldManager=n`, nothing),
  ),
  'Deployment scale owned: nothing applied': owned(
    made,
    patch('apply', `${door}?fieldManager=m`, nothing),
    appliedBy('m', 3, true),
    by('m', 4),
  ),
  'Deployment scale owned: of none': owned(whole('x'), by('b', 3), appliedBy('m', 4), appliedBy('m', 3), by('b', 5)),
  'Deployment scale owned: by who applied the whole': owned(
    whole('x', 2),
    by('b', 2),
    appliedBy('x', 2),
    appliedBy('x', 4),
    appliedBy('m', 4),
    by('b', 5),
    whole('x', 5),
  ),
  'Deployment scale owned: by the same, whole and part': owned(
    made,
    appliedBy('m', 4, true),
    whole('m', 4),
    by('m', 6),
  ),
  'Deployment scale owned: forgotten': owned(
    made,
    patch('merge', path, { metadata: { managedFields: [{}] } }, { setup: true }),
    by('b', 3),
    appliedBy('m', 4),
    appliedBy('m', 4, true),
  ),
}

const version = (name: string, replicas: string): object => ({
  name,
  served: true,
  storage: name === 'v1',
  schema: {
    openAPIV3Schema: schemaObject({
      spec: schemaObject({ n: { type: 'integer', minimum: 1 }, m: { type: 'integer' } }),
      status: schemaObject({ n: { type: 'integer' } }),
    }),
  },
  subresources: { status: {}, scale: { specReplicasPath: `.spec.${replicas}`, statusReplicasPath: '.status.n' } },
})
const custom = things('a')
const customDoor = `${custom}/scale`

const ofCustom: ParityCases = {
  'custom scale owned': {
    ...served(
      { spec: { versions: [version('v1', 'n'), version('v2', 'm')] } },
      create(things(), thing('a', { spec: { n: 2, m: 5 } }), { setup: true }),
      put(`${customDoor}?fieldManager=b`, to(2)),
      owners(custom),
      put(`${customDoor}?fieldManager=b`, to(3)),
      owners(custom),
      put(`${customDoor.replace('/v1/', '/v2/')}?fieldManager=b`, to(7)),
      owners(custom),
      put(customDoor, to(3, { resourceVersion: '1' })),
      put(customDoor, to(3, { uid: 'x' })),
      put(customDoor, to(-1)),
      put(customDoor, to(0)),
      put(customDoor, to('x')),
      put(customDoor, { ...to(2), kind: 'Nope' }),
      put(`${customDoor}?fieldValidation=Strict`, { ...to(2), nope: 1 }),
      patch('merge', customDoor, { metadata: { uid: 'x' } }),
      patch('merge', customDoor, { spec: { replicas: 'x' } }),
      patch('strategic', customDoor, { spec: { replicas: 6 } }),
      patch('apply', `${customDoor}?fieldManager=m`, { ...to(8), kind: 'Nope' }),
      patch('apply', `${custom}-x/scale?fieldManager=m`, to(8, { name: 'a-x' })),
      create(customDoor, to(2)),
    ),
    keep: ['managedFields'],
  },
  'custom scale owned: of none': {
    ...served(
      { spec: { versions: [version('v1', 'n'), version('v2', 'm')] } },
      patch('apply', `${custom}?fieldManager=x`, thing('a', { spec: { m: 2 } }), { setup: true }),
      get(customDoor),
      patch('merge', customDoor, { spec: { replicas: 3 } }),
      owners(custom),
      put(customDoor, to(4)),
      owners(custom),
    ),
    keep: ['managedFields'],
  },
}

const everyKind: ParityCases = Object.fromEntries(
  leastObjects
    .filter(({ subject }) => scales.has(subject.kind))
    .flatMap((least) =>
      Object.entries(scaleOf(least)).map(([title, kase]) => [
        `${least.subject.apiVersion} ${least.subject.kind} scale: ${title}`,
        kase,
      ]),
    ),
)

export const scaled: ParityCases = { ...everyKind, ...mistakes, ...ownership, ...ofCustom }
