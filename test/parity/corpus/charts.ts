import type { ParityCases, ParityStep } from '../case.ts'
import { configMap, core, create, deployment, get, grouped, patch, put, template } from './build.ts'
import { anything, defined, object, served, thing, things, type Json } from './crd-build.ts'

/** What the charts of others taught: manifests with nulls and empty maps, rules deep in lists, labels given twice. */

const list = (items: Json, more: Json = {}): Json => ({ type: 'array', items, ...more })
const map = (additionalProperties: Json, more: Json = {}): Json => ({ type: 'object', additionalProperties, ...more })
const ruled = (rule: string, more: Json = {}): Json =>
  object({ a: { type: 'string' }, b: { type: 'string' } }, { 'x-kubernetes-validations': [{ rule }], ...more })

const cheap = 'has(self.a) ? !has(self.b) : has(self.b)'
const dear = "self.a.contains('x') && self.b.contains(self.a)"
const places: Record<string, (inner: Json) => Json> = {
  'a list': (inner) => list(inner),
  'a list in a list': (inner) => list(object({ items: list(inner) })),
  'a map in a list': (inner) => list(object({ items: map(inner) })),
  'a short list in a list': (inner) => list(object({ items: list(inner, { maxItems: 3 }) })),
  'a list in a short list': (inner) => list(object({ items: list(inner) }), { maxItems: 3 }),
  'short lists': (inner) => list(object({ items: list(inner, { maxItems: 3 }) }), { maxItems: 4 }),
  'a field of what is in a list': (inner) =>
    list(object({ long: { type: 'string' }, at: inner }, { required: ['long'] })),
}

const ruleCosts: ParityCases = Object.fromEntries(
  Object.entries(places).flatMap(([where, around]) => [
    [`rule in ${where}`, defined({ schema: object({ spec: object({ f: around(ruled(cheap)) }) }) })],
    [`dear rule in ${where}`, defined({ schema: object({ spec: object({ f: around(ruled(dear)) }) }) })],
    [
      `rule of required fields in ${where}`,
      defined({ schema: object({ spec: object({ f: around(ruled(dear, { required: ['a', 'b'] })) }) }) }),
    ],
  ]),
)

const applied = (path: string, body: Json): ParityStep =>
  patch('apply', `${path}/${(body['metadata'] as { name: string }).name}?fieldManager=second&force=true`, body)

const twice = (path: string, body: Json): { steps: ParityStep[]; keep: string[] } => ({
  keep: ['managedFields'],
  steps: [create(path, body), applied(path, body), applied(path, body)],
})

const service = (spec: Json): Json => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's' },
  spec: { ports: [{ port: 80, ...spec }], selector: { app: 'a' } },
})

const daemonSet = (spec: Json = {}): Json => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'd' },
  spec: { selector: { matchLabels: { app: 'a' } }, template: template(spec) },
})

const webhooks = (more: Json): Json => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: '{{id}}' },
  ...more,
})
const webhookPath = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations'

const nulls: ParityCases = {
  'ConfigMap, created then applied': twice(core('configmaps'), configMap('m', { data: { a: 'b' } })),
  'ConfigMap, data null': twice(core('configmaps'), configMap('m', { data: null })),
  'ConfigMap, data empty': twice(core('configmaps'), configMap('m', { data: {} })),
  'ConfigMap, annotations null': twice(core('configmaps'), {
    ...configMap('m', { data: { a: 'b' } }),
    metadata: { name: 'm', annotations: null },
  }),
  'ConfigMap, time null': twice(core('configmaps'), {
    ...configMap('m', { data: { a: 'b' } }),
    metadata: { name: 'm', creationTimestamp: null },
  }),
  'ConfigMap, labels empty': twice(core('configmaps'), {
    ...configMap('m', { data: { a: 'b' } }),
    metadata: { name: 'm', labels: {} },
  }),
  'Service, node port null': twice(core('services'), service({ nodePort: null })),
  'Service, name null': twice(core('services'), service({ name: null })),
  'Deployment, nulls within': twice(
    grouped('apps/v1', 'deployments'),
    deployment('d', { template: template({ affinity: null, nodeSelector: {}, tolerations: [], hostname: null }) }),
  ),
  DaemonSet: twice(grouped('apps/v1', 'daemonsets'), daemonSet()),
  'webhooks, none': {
    keep: ['managedFields'],
    steps: [
      create(webhookPath, webhooks({ webhooks: [] })),
      applied(webhookPath, webhooks({ webhooks: [] })),
      applied(webhookPath, webhooks({ webhooks: [] })),
      patch('merge', `${webhookPath}/{{id}}`, { metadata: { labels: { a: 'b' } } }),
      { request: { method: 'DELETE', path: `${webhookPath}/{{id}}` }, codeOnly: true },
    ],
  },
}

const jobPath = grouped('batch/v1', 'jobs')
const job = (labels: Json | undefined, inner: Json | undefined): Json => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'j', ...(labels === undefined ? {} : { labels }) },
  spec: {
    template: {
      ...(inner === undefined ? {} : { metadata: { labels: inner } }),
      spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'registry.example/a:1' }] },
    },
  },
})
const jobs: ParityCases = {
  'Job, the same labels twice': { steps: [create(jobPath, job({ app: 'a' }, { app: 'a' }))] },
  'Job, labels of the template': { steps: [create(jobPath, job(undefined, { app: 'a' }))] },
  'Job, labels of its own': { steps: [create(jobPath, job({ app: 'a' }, undefined))] },
  'Job, no labels': { steps: [create(jobPath, job(undefined, undefined))] },
  'Job, empty labels': { steps: [create(jobPath, job({}, { app: 'a' }))] },
  'Job, the same labels twice, applied': { steps: [applied(jobPath, job({ app: 'a' }, { app: 'a' }))] },
  'Job, labels of the template, applied': { steps: [applied(jobPath, job(undefined, { app: 'a' }))] },
}

/** Two containers whose ports have one name: every write that touches the template is told so. */
const twoPorts: Json = {
  containers: ['a', 'b'].map((name, i) => ({
    name,
    image: 'registry.example/a:1',
    ports: [{ name: 'http', containerPort: 80 + i }],
  })),
}
const workload = (kind: string, spec: Json = {}): Json => ({
  apiVersion: 'apps/v1',
  kind,
  metadata: { name: 'w' },
  spec: { selector: { matchLabels: { app: 'a' } }, template: template(twoPorts), ...spec },
})
const once = { ...template(twoPorts), spec: { ...twoPorts, restartPolicy: 'Never' } }
const warnedKinds: Record<string, [path: string, body: Json, other: Json, deeper: Json]> = {
  Deployment: [
    grouped('apps/v1', 'deployments'),
    workload('Deployment'),
    { spec: { minReadySeconds: 3 } },
    { spec: { template: { metadata: { labels: { more: 'yes' } } } } },
  ],
  ReplicaSet: [
    grouped('apps/v1', 'replicasets'),
    workload('ReplicaSet'),
    { spec: { minReadySeconds: 3 } },
    { spec: { template: { metadata: { labels: { more: 'yes' } } } } },
  ],
  DaemonSet: [
    grouped('apps/v1', 'daemonsets'),
    workload('DaemonSet'),
    { spec: { minReadySeconds: 3 } },
    { spec: { template: { metadata: { labels: { more: 'yes' } } } } },
  ],
  StatefulSet: [
    grouped('apps/v1', 'statefulsets'),
    workload('StatefulSet', { serviceName: 's' }),
    { spec: { replicas: 3 } },
    { spec: { template: { metadata: { labels: { more: 'yes' } } } } },
  ],
  ReplicationController: [
    core('replicationcontrollers'),
    {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'w' },
      spec: { selector: { app: 'a' }, template: template(twoPorts) },
    },
    { spec: { replicas: 3 } },
    { spec: { template: { metadata: { labels: { more: 'yes' } } } } },
  ],
  Job: [
    jobPath,
    { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'w' }, spec: { suspend: true, template: once } },
    { spec: { parallelism: 3 } },
    { spec: { template: { metadata: { labels: { more: 'yes' } } } } },
  ],
  CronJob: [
    grouped('batch/v1', 'cronjobs'),
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'w' },
      spec: { schedule: '@hourly', jobTemplate: { spec: { template: once } } },
    },
    { spec: { schedule: '@daily' } },
    { spec: { jobTemplate: { spec: { template: { metadata: { labels: { more: 'yes' } } } } } } },
  ],
  PodTemplate: [
    core('podtemplates'),
    { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'w' }, template: template(twoPorts) },
    { metadata: { annotations: { other: 'yes' } } },
    { template: { metadata: { labels: { more: 'yes' } } } },
  ],
}
const warned: ParityCases = Object.fromEntries(
  Object.entries(warnedKinds).map(([kind, [path, body, other, deeper]]) => [
    `${kind}, warned of its template`,
    {
      steps: [
        create(path, body),
        patch('merge', `${path}/w`, { metadata: { labels: { a: 'b' } } }),
        patch('merge', `${path}/w`, other),
        patch('merge', `${path}/w`, deeper),
        patch('merge', `${path}/w`, {}),
        put(`${path}/w`, body),
      ],
    },
  ]),
)

const typed = object({
  spec: object({
    o: object({ inner: object({ x: { type: 'string' } }) }),
    l: list({ type: 'string' }),
    s: { type: 'string' },
    d: { type: 'string', default: 'd' },
    n: { type: 'string', nullable: true },
    any: anything,
  }),
})
const nothings: Json[] = [
  { o: null },
  { o: { inner: null } },
  { l: null },
  { s: null },
  { d: null },
  { n: null },
  { any: { x: null } },
  { any: null },
]
const customNulls: ParityCases = Object.fromEntries(
  nothings.map((spec) => [
    `custom resource with ${JSON.stringify(spec)}`,
    served(
      { schema: typed },
      create(things(), thing('t', { spec })),
      applied(things(), thing('t', { spec })),
      put(things('t'), thing('t', { spec })),
      patch('json', things('t'), [{ op: 'add', path: '/spec', value: spec }]),
    ),
  ]),
)

const goings: [string, Json, Json][] = [
  ['all that is deep', { o: { inner: { x: '1' } }, l: ['a'] }, {}],
  ['a part of what is deep', { o: { inner: { x: '1' } }, s: 's' }, { o: {}, s: 's' }],
  ['the last within', { o: { inner: { x: '1' } }, s: 's' }, { o: { inner: {} }, s: 's' }],
  ['a list', { l: ['a'], s: 's' }, { s: 's' }],
  ['what is not typed', { any: { x: { y: 1 } } }, { any: {} }],
]
const gone: ParityCases = Object.fromEntries(
  goings.map(([what, before, after]) => [
    `custom resource, no longer applied: ${what}`,
    served(
      { schema: typed },
      applied(things(), thing('t', { spec: before })),
      applied(things(), thing('t', { spec: after })),
    ),
  ]),
)

const asTable = { headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } }
const classes = '/apis/networking.k8s.io/v1/ingressclasses'
const classOf = (isDefault: string): Json => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: '{{id}}', annotations: { 'ingressclass.kubernetes.io/is-default-class': isDefault } },
  spec: { controller: 'example.com/c' },
})
const classTable = (isDefault: string): { steps: ParityStep[] } => ({
  steps: [
    create(classes, classOf(isDefault)),
    get(`${classes}/{{id}}`, { ...asTable, ignore: ['columnDefinitions'] }),
    { request: { method: 'DELETE', path: `${classes}/{{id}}` }, codeOnly: true },
  ],
})
const column = (name: string, jsonPath: string): Json => ({ name, jsonPath, type: 'string' })
const listed = object({ l: list(object({ x: { type: 'string' } })) })
const printed: ParityCases = {
  'IngressClass, default': classTable('true'),
  'IngressClass, not default': classTable('false'),
  'Service, order of its selector': {
    steps: [
      create(core('services'), {
        ...service({}),
        spec: { ports: [{ port: 80 }], selector: { app: 'x', 'app.kubernetes.io/name': 'y', ap: 'z', 'app-b': 'w' } },
      }),
      get(core('services', 's'), { ...asTable, ignore: ['columnDefinitions'] }),
    ],
  },
  'columns of lists': served(
    {
      schema: object({ spec: listed }),
      version: {
        additionalPrinterColumns: [
          column('First', '.spec.l[].x'),
          column('All', '.spec.l[*].x'),
          column('Second', '.spec.l[1].x'),
        ],
      },
    },
    create(things(), thing('none')),
    create(things(), thing('empty', { spec: { l: [] } })),
    create(things(), thing('one', { spec: { l: [{ x: 'a' }] } })),
    create(things(), thing('two', { spec: { l: [{ x: 'a' }, { x: 'b' }] } })),
    get(things(), asTable),
  ),
}

export const charts: ParityCases = {
  ...printed,
  ...ruleCosts,
  ...nulls,
  ...jobs,
  ...warned,
  ...customNulls,
  ...gone,
}
