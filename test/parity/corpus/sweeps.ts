import { resources } from '@kapell/apiserver/resources/index'
import { apiVersionOf } from '@kapell/openapi/meta/object'
import type { ParityCase, ParityCases, ParityStep } from '../case.ts'
import { configMap, core, create, deployment, get, grouped, patch, put, remove } from './build.ts'
import { crds, definition, object, thing, things } from './crd-build.ts'

/** Options of reads, watches and writes, one after another, at every kind that has such a door. */

interface Door {
  title: string
  collection: string
  verbs: readonly string[]
  apiVersion: string
  kind: string
}

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const doors: Door[] = resources.map(({ definition: d }) => {
  const apiVersion = apiVersionOf(d)
  const root = `${apiVersion.includes('/') ? '/apis' : '/api'}/${apiVersion}`
  const collection = `${root}/${d.namespaced ? 'namespaces/{{ns}}/' : ''}${d.plural}`
  return { title: `${d.plural}.${apiVersion}`, collection, verbs: d.verbs ?? allVerbs, apiVersion, kind: d.kind }
})

const token = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const v = 'meta.k8s.io/v1'

const badReads = [
  'limit=x', 'limit=1.5', 'limit=99999999999999999999', 'timeoutSeconds=x', 'labelSelector=a%20in%20b', 'labelSelector=%3D',
  'labelSelector=a!', 'labelSelector=a%3Db%2C%2C', 'labelSelector=a%3D%20b%20c', `labelSelector=${'a'.repeat(64)}`,
  'fieldSelector=x%3D1', 'fieldSelector=x', 'fieldSelector=metadata.name', 'resourceVersion=x', 'resourceVersion=-1',
  'resourceVersion=18446744073709551616', 'resourceVersionMatch=Exact', 'resourceVersionMatch=x&resourceVersion=1',
  'resourceVersionMatch=Exact&resourceVersion=0', 'resourceVersionMatch=NotOlderThan', 'sendInitialEvents=true',
  'sendInitialEvents=x', 'continue=x', 'continue=%7B%7D', `continue=${token({})}`, `continue=${token({ v })}`,
  `continue=${token({ v: 'x', rv: 1, start: 'a' })}`, `continue=${token({ v, rv: 1 })}`, `continue=${token({ v, rv: 0, start: 'a' })}`,
  `continue=${token({ v, rv: 'x', start: 'a' })}`, `continue=${token({ v, rv: 1, start: '../x' })}`, `continue=${token([])}`,
  `continue=${token('x')}`, `continue=${token({ v, rv: 5, start: 'a' })}&resourceVersion=5`,
  `continue=${token({ v, rv: 5, start: 'a' })}&resourceVersionMatch=Exact&resourceVersion=5`, 'continue=a&sendInitialEvents=true',
] // prettier-ignore
const badWatches = [
  'timeoutSeconds=x', 'timeoutSeconds=99999999999999999999', 'labelSelector=a%20in%20b', 'fieldSelector=x%3D1', 'fieldSelector=x',
  'resourceVersion=x', 'resourceVersion=-1', 'resourceVersion=18446744073709551616', 'resourceVersionMatch=Exact',
  'resourceVersionMatch=NotOlderThan', 'resourceVersionMatch=x', 'resourceVersionMatch=Exact&resourceVersion=1',
  'sendInitialEvents=true', 'sendInitialEvents=false', 'sendInitialEvents=true&resourceVersionMatch=Exact',
  'sendInitialEvents=true&resourceVersionMatch=x', 'sendInitialEvents=true&allowWatchBookmarks=true', 'limit=x',
  'sendInitialEvents=&resourceVersionMatch=Exact',
] // prettier-ignore

/** Kinds that stand for a way of being served; they are asked everything, the others a sixth each, in turn. */
const whole = new Set(['configmaps.v1', 'events.v1', 'componentstatuses.v1', 'jobs.batch/v1', 'apiservices.apiregistration.k8s.io/v1', 'customresourcedefinitions.apiextensions.k8s.io/v1']) // prettier-ignore
const share = <T>(title: string, list: readonly T[]): readonly T[] => {
  const turn = doors.findIndex((one) => one.title === title)
  return whole.has(title) ? list : list.filter((_, i) => (i + turn) % 6 === 0)
}

const one = (title: string, steps: ParityStep[]): [string, ParityCase] => [title, { keepsNothing: true, steps }]
const shown = { ignore: ['items', 'metadata.resourceVersion'] }

const reads: ParityCases = Object.fromEntries(
  doors
    .filter(({ verbs }) => verbs.includes('list'))
    .map(({ title, collection }) =>
      one(
        `lists with wrong options: ${title}`,
        share(title, badReads).map((query) => get(`${collection}?${query}`, shown)),
      ),
    ),
)
const watches: ParityCases = Object.fromEntries(
  doors
    .filter(({ verbs }) => verbs.includes('watch'))
    .map(({ title, collection }) =>
      one(
        `watches with wrong options: ${title}`,
        share(title, badWatches).map((query) => get(`${collection}?watch=true&${query}`)),
      ),
    ),
)

const gets: ParityCases = Object.fromEntries(
  doors
    .filter(({ verbs }) => verbs.includes('get'))
    .map(({ title, collection }) =>
      one(
        `reads of what is missing: ${title}`,
        ['', '?resourceVersion=0', '?resourceVersion=x', '?resourceVersion=1', '?pretty=true', '?unknown=1'].map(
          (query) => get(`${collection}/nothing${query}`),
        ),
      ),
    ),
)

const badWrites = ['dryRun=x', 'dryRun=All&dryRun=x', 'dryRun=', 'fieldManager=a%00b', 'fieldManager=a%0Ab', `fieldManager=${'%C3%A9'.repeat(65)}`, 'fieldValidation=x', 'fieldValidation=strict', 'dryRun=x&fieldValidation=x&fieldManager=%01', 'force=true', 'force=x'] // prettier-ignore
const creates: ParityCases = Object.fromEntries(
  doors
    .filter(({ verbs }) => verbs.includes('create'))
    .map(({ title, collection, apiVersion, kind }) =>
      one(
        `creates with wrong options: ${title}`,
        share(title, badWrites)
          .filter((query) => !/^(dryRun=|force=.*)$/.test(query))
          .map((query) => create(`${collection}?${query}`, { apiVersion, kind })),
      ),
    ),
)
const changes: ParityCases = Object.fromEntries(
  doors
    .filter(({ verbs }) => verbs.includes('update'))
    .map(({ title, collection, apiVersion, kind }) =>
      one(`changes of what is missing: ${title}`, [
        ...share(title, badWrites)
          .filter((query) => !/^(dryRun=|force=.*)$/.test(query))
          .map((query) => put(`${collection}/nothing?${query}`, { apiVersion, kind })),
        ...share(title, badWrites).map((query) => patch('merge', `${collection}/nothing?${query}`, {})),
        ...share(title, badWrites).map((query) => patch('json', `${collection}/nothing?${query}`, [])),
        ...share(title, badWrites).map((query) => patch('strategic', `${collection}/nothing?${query}`, {})),
        ...['x', 'dryRun=x', 'fieldManager=a%00b', 'fieldManager=a&fieldValidation=x'].map((query) =>
          patch('apply', `${collection}/nothing?${query}`, { apiVersion, kind }),
        ),
      ]),
    ),
)

const badDeletes: unknown[] = [
  { dryRun: ['x'] }, { dryRun: 'All' }, { dryRun: ['All', 'All'] }, { propagationPolicy: 'x' }, { propagationPolicy: '' },
  { propagationPolicy: 'Orphan', orphanDependents: true }, { gracePeriodSeconds: 'x' }, { gracePeriodSeconds: 1.5 },
  { kind: 'x' }, { kind: 'DeleteOptions', apiVersion: 'x/v1' }, { kind: 'DeleteOptions', apiVersion: 'v1' }, { apiVersion: 'a/b/c' },
  { preconditions: { uid: 5 } }, { preconditions: [] }, [], 'x', 5, null, { nope: 1 }, { ignoreStoreReadErrorWithClusterBreakingPotential: true },
] // prettier-ignore
const deletes: ParityCases = Object.fromEntries(
  doors
    .filter(({ verbs }) => verbs.includes('delete'))
    .map(({ title, collection }) =>
      one(`deletions of what is missing: ${title}`, [
        ...share(title, badDeletes).map((body) => remove(`${collection}/nothing`, body)),
        ...[
          'dryRun=x',
          'propagationPolicy=x',
          'gracePeriodSeconds=x',
          'orphanDependents=x',
          'propagationPolicy=Orphan&orphanDependents=true',
        ].map((query) => remove(`${collection}/nothing?${query}`)),
      ]),
    ),
)
const collections: ParityCases = Object.fromEntries(
  doors
    .filter(({ verbs }) => verbs.includes('deletecollection'))
    .map(({ title, collection }) =>
      one(`deletions of all with wrong options: ${title}`, [
        ...share(title, badDeletes)
          .filter(
            (body) =>
              JSON.stringify(body) !== 'null' &&
              !/nope|v1"|All|ignore|propagationPolicy":""/.test(JSON.stringify(body)),
          )
          .map((body) => remove(collection, body)),
        ...[
          'dryRun=x',
          'limit=x',
          'labelSelector=a%20in%20b',
          'fieldSelector=x%3D1',
          'resourceVersion=x',
          'continue=x',
          'timeoutSeconds=x',
          'resourceVersionMatch=Exact',
          'sendInitialEvents=true',
        ].map((query) => remove(`${collection}?${query}`)),
      ]),
    ),
)

const configs = core('configmaps')
const labelled = (name: string): ParityStep =>
  create(configs, { ...configMap(name), metadata: { name, labels: { l: name } } }, { setup: true })
const three = ['a', 'b', 'c'].map(labelled)
const flows: ParityCases = {
  'all deleted, with options': {
    steps: [
      ...three,
      remove(`${configs}?dryRun=All`),
      get(configs),
      remove(`${configs}?labelSelector=l%3Da&propagationPolicy=Foreground`),
      get(configs),
      remove(`${configs}?fieldSelector=metadata.name%3Db`, { preconditions: { uid: 'x' } }),
      remove(`${configs}?limit=1`),
      get(configs),
    ],
  },
  'lists by pages, on from where it was': {
    steps: [
      ...three,
      get(`${configs}?limit=1`, { capture: { c: 'metadata.continue', rv: 'metadata.resourceVersion' } }),
      get(`${configs}?limit=1&continue={{q:c}}`),
      get(`${configs}?continue={{q:c}}&resourceVersion={{cap.rv}}`),
      get(`${configs}?continue={{q:c}}&resourceVersion=0`),
      get(`${configs}?limit=0&continue={{q:c}}`),
      get(`${configs}?limit=-1&continue={{q:c}}`),
      get(`${configs}?continue={{q:c}}&labelSelector=l%3Dc`),
      get(`${core('secrets')}?continue={{q:c}}`),
      get(`/api/v1/configmaps?continue={{q:c}}&labelSelector=none`),
      get(`${configs}?limit=1&labelSelector=l`),
      get(`${configs}?limit=1&resourceVersion=0`),
      get(`${configs}?limit=1&resourceVersion={{cap.rv}}&resourceVersionMatch=Exact`),
      get(`${configs}?limit=1&resourceVersion={{cap.rv}}&resourceVersionMatch=NotOlderThan`),
      get(`${configs}?limit=1&resourceVersion={{cap.rv}}`),
      get(`${configs}?resourceVersion={{cap.rv}}&resourceVersionMatch=Exact&labelSelector=l%3Da`),
    ],
  },
  'reads at a version': {
    steps: [
      create(configs, configMap('a', { data: { a: '1' } }), {
        setup: true,
        capture: { rv: 'metadata.resourceVersion' },
      }),
      patch('merge', `${configs}/a`, { data: { a: '2' } }, { setup: true }),
      get(`${configs}/a?resourceVersion={{cap.rv}}`),
      get(`${configs}/a?resourceVersion=0`),
      get(`${configs}/a?resourceVersion=`),
      get(`${configs}?resourceVersion={{cap.rv}}&resourceVersionMatch=Exact`),
      get(`${configs}?resourceVersion={{cap.rv}}&resourceVersionMatch=NotOlderThan`),
      get(`${configs}?resourceVersion={{cap.rv}}`),
    ],
  },
  'watches with every option at once': {
    steps: [
      ...three,
      get(configs, { capture: { rv: 'metadata.resourceVersion' }, codeOnly: true }),
      patch('merge', `${configs}/a`, { data: { x: 'y' } }, { setup: true }),
      get(
        `${configs}?watch=1&timeoutSeconds=1&resourceVersion={{cap.rv}}&allowWatchBookmarks=true&labelSelector=l%3Da&fieldSelector=metadata.name%3Da`,
      ),
      get(`${configs}?watch=true&timeoutSeconds=1&resourceVersion=0&labelSelector=l%3Da&limit=1&continue=x`),
      get(
        `${configs}?watch=true&timeoutSeconds=1&resourceVersion={{cap.rv}}&sendInitialEvents=false&resourceVersionMatch=NotOlderThan`,
      ),
      get(
        `${configs}?watch=true&timeoutSeconds=1&resourceVersion={{cap.rv}}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=l%3Db`,
      ),
      get(`${configs}?watch=false`, { ignore: ['items'] }),
      get(`${configs}/a?watch=true&timeoutSeconds=1`),
    ],
  },
  'watches as metadata and as tables': {
    steps: [
      ...three,
      get(`${configs}?watch=true&timeoutSeconds=1&labelSelector=l%3Da`, {
        headers: { Accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
      }),
      get(`${configs}?watch=true&timeoutSeconds=1&labelSelector=l%3Da`, {
        headers: { Accept: 'application/json;as=PartialObjectMetadata;v=v1beta1;g=meta.k8s.io' },
      }),
      get(`${configs}?watch=true&timeoutSeconds=1&labelSelector=l&includeObject=None`, {
        headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
        ignore: Array.from({ length: 20 }, (_, i) => `events.0.object.columnDefinitions.${i}.description`),
      }),
      get(
        `${configs}?watch=true&timeoutSeconds=1&labelSelector=l%3Da&includeObject=Object&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
        {
          headers: { Accept: 'application/json;as=Table;v=v1beta1;g=meta.k8s.io' },
          ignore: Array.from({ length: 20 }, (_, i) => `events.0.object.columnDefinitions.${i}.description`),
        },
      ),
      get(`${configs}?watch=true&timeoutSeconds=1&includeObject=Some`, {
        headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
      }),
    ],
  },
  'names in escapes': {
    steps: [
      create(core('configmaps'), configMap('a.b'), { setup: true }),
      ...[
        'a%2Eb',
        'a%2eb',
        'a.b',
        'a%2Fb',
        '%61.b',
        'a.b%00',
        'a.b%20',
        'a.b?',
        'a.b%3F',
        '..',
        '%2e%2e',
        '.',
        'a.b%23',
        'A.B',
        'a%25b',
        '%C3%A9',
      ].map((name) => get(`${configs}/${name}`, { ignore: ['metadata'] })),
      get('/api/v1/namespaces/%7B%7D/configmaps/a'),
      get('/api/v1/names%70aces', { codeOnly: true }),
      remove(`${configs}/a%2Fb`),
      put(`${configs}/a%2Fb`, configMap('a/b')),
    ],
  },
  'custom resources: options': {
    steps: [
      create(crds, definition({ schema: object({ spec: object({}) }) }), { setup: true }),
      create(things(), thing('a'), { setup: true, until: { code: 201 } }),
      ...badReads
        .filter((query) => !/^(limit=-|sendInitialEvents=x)/.test(query))
        .map((query) => get(`${things()}?${query}`, shown)),
      ...badWatches.map((query) => get(`${things()}?watch=true&${query}`)),
      ...badDeletes.map((body) => remove(`${things('nothing')}`, body)),
      ...badWrites.map((query) => patch('merge', `${things('nothing')}?${query}`, {})),
      ...['', '?resourceVersion=0', '?resourceVersion=x', '?pretty=true'].map((query) =>
        get(`${things('nothing')}${query}`),
      ),
      get(`/apis/{{id}}.example.com/v1/things?fieldSelector=metadata.name%3Da`, { ignore: ['items'] }),
      get(`${things()}?limit=1`, { ignore: ['items'] }),
      remove(`${crds}/things.{{id}}.example.com`, undefined, { setup: true }),
    ],
  },
  'scales: options': {
    steps: [
      create(grouped('apps/v1', 'deployments'), deployment('d'), { setup: true }),
      ...badWrites.map((query) =>
        patch('merge', `${grouped('apps/v1', 'deployments', 'd')}/scale?${query}`, {}, { ignore: ['metadata'] }),
      ),
      get(`${grouped('apps/v1', 'deployments', 'd')}/scale?resourceVersion=x`),
      get(`${grouped('apps/v1', 'deployments', 'd')}/scale?resourceVersion=0`, { ignore: ['metadata'] }),
      get(`${grouped('apps/v1', 'deployments', 'd')}/status?resourceVersion=x`),
    ],
  },
}

export const sweeps: ParityCases = {
  ...reads,
  ...watches,
  ...gets,
  ...creates,
  ...changes,
  ...deletes,
  ...collections,
  ...flows,
}
