import type { ParityCase, ParityCases } from '../../case.ts'
import { configMap, core, create, deployment, get, grouped, patch, pod, put, remove } from '../build.ts'

/** Options of reads and writes, in combinations: which go together, and what is said of those that do not. */

const configs = core('configmaps')
const ask = (path: string, headers?: Record<string, string>): ParityCase => ({
  keepsNothing: true,
  steps: [get(path, { ...(headers && { headers }), ignore: ['items', 'rows'] })],
})
const query = (options: Record<string, string>): string =>
  Object.entries(options)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')

const versions = ['', '0', '-1', 'x', '99999999999']
const matches = ['', 'Exact', 'NotOlderThan', 'Wrong']
const extras: Record<string, string>[] = [{}, { limit: '1' }, { continue: 'rubbish' }, { sendInitialEvents: 'true' }]
const lists: ParityCases = {}
for (const resourceVersion of versions)
  for (const resourceVersionMatch of matches)
    for (const more of extras) {
      const options: Record<string, string> = { resourceVersion, resourceVersionMatch, ...more }
      lists[`list: ${query(options)}`] = ask(`${core('secrets')}?${query(options)}`)
    }

const selectors = ['a', '!a', 'a=b', 'a in (b,c)', 'a notin (b)', 'a>1', 'a in b', '=', 'a==b,c!=d', 'a in ()', 'A B']
for (const labelSelector of selectors)
  lists[`list: ${query({ labelSelector })}`] = ask(`${core('secrets')}?${query({ labelSelector })}`)
const fields = [
  'metadata.name=a',
  'metadata.name!=a',
  'spec.nodeName=n',
  'type=x',
  'nope=1',
  'a',
  'a=b,',
  'a=b=c',
  'x\\=1',
]
for (const plural of ['pods', 'secrets', 'configmaps', 'services', 'events'])
  for (const fieldSelector of fields)
    lists[`list ${plural}: ${query({ fieldSelector })}`] = ask(`${core(plural)}?${query({ fieldSelector })}`)

const accepts = [
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=Table;v=v1beta1;g=meta.k8s.io',
  'application/json;as=Table;v=v2;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;as=Nothing;v=v1;g=meta.k8s.io',
  'application/xml',
  'text/html,application/json;q=0.5',
  '*/*',
]
for (const Accept of accepts) lists[`list: Accept ${Accept}`] = ask(core('endpoints'), { Accept })

const body = configMap('a', { data: { a: '1' } })
const writes: ParityCases = {}
for (const options of [
  'dryRun=All',
  'dryRun=Some',
  'dryRun=',
  'fieldManager=a%01b',
  `fieldManager=${'x'.repeat(129)}`,
  'fieldValidation=Wrong',
  'fieldValidation=Strict',
  'fieldValidation=Ignore',
  'force=true',
]) {
  const made = create(configs, body, { setup: true })
  const door = `${configs}/a?${options}`
  writes[`create: ${options}`] = { steps: [create(`${configs}?${options}`, { ...body, nope: 1 })] }
  writes[`update: ${options}`] = { steps: [made, put(door, { ...body, nope: 1 })] }
  for (const type of ['merge', 'strategic', 'apply'] as const)
    writes[`${type} patch: ${options}`] = { steps: [made, patch(type, door, body)] }
  writes[`json patch: ${options}`] = {
    steps: [made, patch('json', door, [{ op: 'add', path: '/data/b', value: '2' }])],
  }
}
for (const options of [
  { propagationPolicy: 'Wrong' },
  { propagationPolicy: 'Foreground' },
  { propagationPolicy: 'Orphan', orphanDependents: true },
  { orphanDependents: true },
  { preconditions: { resourceVersion: '1' } },
  { preconditions: { uid: 'x' } },
  { gracePeriodSeconds: -1 },
  { dryRun: ['All'] },
  { dryRun: ['x'] },
  { nope: 1 },
])
  writes[`delete: ${JSON.stringify(options)}`] = {
    steps: [create(configs, body, { setup: true }), remove(`${configs}/a`, options), get(`${configs}/a`)],
  }

const scaled = grouped('apps/v1', 'deployments', 'd')
const flows: ParityCases = {
  'scale: noted only where the replicas have an owner': {
    steps: [
      patch('apply', `${scaled}?fieldManager=m`, deployment('d'), { setup: true }),
      patch('merge', `${scaled}/scale?fieldManager=s`, { spec: { replicas: 4 } }),
      get(scaled),
    ],
    keep: ['managedFields'],
  },
  'delete: a pod is answered with the version of its end': {
    steps: [create(core('pods'), pod('a'), { setup: true }), remove(core('pods', 'a'), { gracePeriodSeconds: 0 })],
  },
  'watch of old: one object': {
    steps: [
      create(configs, body, { setup: true }),
      create(configs, configMap('b'), { setup: true }),
      get('/api/v1/watch/namespaces/{{ns}}/configmaps/a?timeoutSeconds=1'),
    ],
  },
}

export const options: ParityCases = { ...lists, ...writes, ...flows }
