import type { ParityCase, ParityCases, ParityStep } from '../../case.ts'
import { create, get, patch, put, remove } from '../build.ts'
import { leastObjects, type LeastObject } from './all-kinds.ts'
import { collectionOf, nameOf, objectOf } from './ask.ts'

/** The same mistakes, and the same few right things, over every kind there is. */

const of = (least: LeastObject, more: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}): object => {
  const object = { ...objectOf(least.subject, least.body), ...(least.isReview === true ? { metadata: {} } : {}) }
  return { ...object, ...more, metadata: { ...(object['metadata'] as object), ...metadata } }
}

/** What the original's own controllers write at once makes versions and statuses a race. */
const raced = new Set(['FlowSchema', 'PriorityLevelConfiguration', 'APIService', 'CustomResourceDefinition'])
const protectedKinds = new Set(['PersistentVolume', 'PersistentVolumeClaim', 'VolumeAttributesClass', 'Namespace'])

const wrongTypes = { spec: 'text', data: 7, rules: 1, webhooks: 3, value: 'x', handler: [], template: 1, subsets: {} }

function mistakesOf(least: LeastObject): Record<string, ParityCase> {
  const { subject } = least
  const list = collectionOf(subject)
  const name = nameOf(subject)
  const path = `${list}/${name}`
  const asked = (...steps: ParityStep[]): ParityCase => ({ keepsNothing: true, steps })
  const dry = `${list}?dryRun=All`
  const onlyAsked: Record<string, ParityCase> = {
    least: asked(create(dry, of(least))),
    'a bad name': asked(create(dry, of(least, {}, { name: 'Bad_Name!' }))),
    'no name': asked(create(dry, { ...of(least), metadata: {} })),
    'a generated name': asked(create(dry, { ...of(least), metadata: { generateName: 'Bad_' } })),
    'bad labels': asked(create(dry, of(least, {}, { labels: { '-': '-', 'a b': 'x y' } }))),
    'bad annotations': asked(create(dry, of(least, {}, { annotations: { 'a b': 'x' } }))),
    'bad owners': asked(
      create(
        dry,
        of(least, {}, { ownerReferences: [{ apiVersion: '', kind: '', name: '', uid: '' }], finalizers: ['x y'] }),
      ),
    ),
    'no version and kind': asked(create(dry, { ...of(least), apiVersion: undefined, kind: undefined })),
    'an unknown field, strict': asked(create(`${dry}&fieldValidation=Strict`, of(least, { nope: 1 }, { bogus: 'x' }))),
    'an unknown field': asked(create(dry, of(least, { nope: 1 }, { bogus: 'x' }))),
    empty: asked(create(dry, { apiVersion: subject.apiVersion, kind: subject.kind, metadata: { name } })),
    'wrong types': asked(create(dry, of(least, wrongTypes))),
    'metadata of a wrong type': asked(create(dry, { ...of(least), metadata: 'x' })),
    'another kind': asked(create(dry, of(least, { kind: 'Nope' }))),
    'another version': asked(create(dry, of(least, { apiVersion: 'v9' }))),
    'a version of its own': asked(create(dry, of(least, {}, { resourceVersion: '5' }))),
    'POST to an object': asked(create(path, of(least))),
    'PUT to the collection': asked(put(list, of(least))),
    'PATCH of the collection': asked(patch('merge', list, {})),
  }
  if (least.isReview === true)
    return {
      ...named(onlyAsked),
      list: asked(get(list)),
      'GET of one': asked(get(`${list}/x`)),
      'DELETE of one': asked(remove(`${list}/x`)),
    }
  return {
    ...onlyAsked,
    'GET of none': asked(get(`${list}/nosuch`)),
    'DELETE of none': asked(remove(`${list}/nosuch`)),
    'PATCH of none': asked(patch('merge', `${list}/nosuch`, { metadata: { labels: { a: 'b' } } })),
    'a bad PATCH of none': asked(patch('json', `${list}/nosuch`, { a: 1 })),
    'PUT under another name': asked(put(`${path}-x`, of(least))),
    ...(raced.has(subject.kind) || protectedKinds.has(subject.kind) ? {} : changesOf(least)),
  }
}

/** What is wrong with a review's metadata shows all of it, and who set it. */
const named = (cases: Record<string, ParityCase>): Record<string, ParityCase> =>
  Object.fromEntries(
    Object.entries(cases).map(([title, kase]) =>
      /name|bad|version of its own/.test(title)
        ? [title, { ...kase, steps: kase.steps.map((step) => ({ ...step, codeOnly: true })) }]
        : [title, kase],
    ),
  )

/** Questions about an object that is there. */
function changesOf(least: LeastObject): Record<string, ParityCase> {
  const { subject } = least
  const list = collectionOf(subject)
  const path = `${list}/${nameOf(subject)}`
  const dry = `${path}?dryRun=All`
  const identity = { apiVersion: subject.apiVersion, kind: subject.kind, metadata: { name: nameOf(subject) } }
  const made = create(list, of(least), { setup: true, capture: { rv: 'metadata.resourceVersion' } })
  const gone = remove(path, { gracePeriodSeconds: 0 }, { setup: true })
  const changed = (...steps: ParityStep[]): ParityCase => ({
    steps: [made, ...steps, ...(subject.clusterScoped === true ? [gone] : [])],
  })
  const label = { metadata: { labels: { x: 'y' } } }
  const bad = { metadata: { labels: { 'a b': 'c d' }, annotations: { 'e f': 'g' } } }
  return {
    'made twice': changed(create(list, of(least))),
    'patched: merge, strategic and JSON': changed(
      patch('merge', dry, label),
      patch('strategic', dry, label),
      patch('json', dry, [{ op: 'add', path: '/metadata/labels', value: { x: 'y' } }]),
      patch('json', dry, [{ op: 'test', path: '/kind', value: 'x' }]),
      patch('json', dry, [{ op: 'remove', path: '/metadata/nope' }]),
    ),
    'patched: wrongly': changed(
      patch('merge', dry, bad),
      patch('merge', dry, { metadata: { ownerReferences: [{ kind: 'K' }], finalizers: ['a b'] } }),
      patch('merge', dry, { metadata: { name: 'other' } }),
      patch('merge', dry, { metadata: { uid: 'other' } }),
      patch('merge', dry, { metadata: { resourceVersion: '1' } }),
      patch('strategic', dry, { metadata: { labels: 'x' } }),
      // The text shows all of the object.
      patch('merge', dry, { kind: 'Nope' }, { codeOnly: true }),
    ),
    applied: {
      keep: ['managedFields'],
      ...changed(
        patch('apply', `${dry}&fieldManager=m`, { ...identity, ...label }),
        patch('apply', `${dry}&fieldManager=m`, { ...identity, metadata: { ...identity.metadata, ...bad.metadata } }),
        patch('apply', dry, identity),
        patch('apply', `${dry}&fieldManager=m`, { ...identity, kind: 'Nope' }),
        patch('apply', `${dry}&fieldManager=m`, of(least)),
        patch('apply', `${dry}&fieldManager=m&force=true`, of(least)),
      ),
    },
    replaced: changed(
      put(dry, of(least)),
      put(dry, of(least, {}, { resourceVersion: '{{cap.rv}}', ...label.metadata })),
      put(dry, of(least, {}, { resourceVersion: '1' })),
      put(dry, of(least, {}, { resourceVersion: 'x' })),
      put(dry, of(least, {}, { resourceVersion: '{{cap.rv}}', ...bad.metadata })),
      put(dry, of(least, {}, { resourceVersion: '{{cap.rv}}', uid: 'other' })),
    ),
    'held back by a finalizer': {
      steps: [
        create(list, of(least, {}, { finalizers: ['example.com/x'] }), { setup: true }),
        remove(path, { gracePeriodSeconds: 0 }),
        patch('merge', path, { metadata: { finalizers: ['example.com/x', 'example.com/y'] } }),
        patch('merge', path, { metadata: { finalizers: null } }),
        get(path),
      ],
    },
    deleted: changed(
      remove(dry),
      remove(path, { preconditions: { uid: 'x' } }),
      remove(path, { preconditions: { resourceVersion: '1' } }),
      remove(path, { propagationPolicy: 'Nope' }),
      remove(path, { gracePeriodSeconds: 0 }),
      get(path),
    ),
  }
}

const namespaced = (least: LeastObject): boolean => least.subject.clusterScoped !== true

function all(list: readonly LeastObject[]): ParityCases {
  return Object.fromEntries(
    list.flatMap((least) =>
      Object.entries(mistakesOf(least)).map(([title, kase]) => [
        `${least.subject.apiVersion} ${least.subject.kind}: ${title}`,
        withoutAsker(least, kase),
      ]),
    ),
  )
}

/** Who asks differs from server to server. */
const whoAsks = new Map([
  ['CertificateSigningRequest', ['spec.username', 'spec.extra', 'spec.groups']],
  ['SelfSubjectReview', ['status']],
  ['SelfSubjectRulesReview', ['status']],
])

function withoutAsker(least: LeastObject, kase: ParityCase): ParityCase {
  const ignore = whoAsks.get(least.subject.kind)
  return ignore === undefined ? kase : { ...kase, steps: kase.steps.map((step) => ({ ...step, ignore })) }
}

/** By the file they are recorded in. */
export const mistakes: Record<string, ParityCases> = {
  'made-mistakes': all(leastObjects.filter(namespaced)),
  'made-mistakes-cluster': all(leastObjects.filter((least) => !namespaced(least))),
}
