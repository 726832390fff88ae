import { resources } from '@kapell/apiserver/resources/index'
import { apiVersionOf } from '@kapell/openapi/meta/object'
import type { ParityCase, ParityCases, ParityRequest, ParityStep } from '../case.ts'
import { configMap, core, create, deployment, get, grouped, patch, put, remove } from './build.ts'
import { crds, definition, object, thing, things } from './crd-build.ts'

/**
 * In which forms clients may ask for answers and send bodies, what is said of the others, and which methods a path has:
 * every Accept of a list at every sort of door.
 */

const as = (kind: string, version: string, group = 'meta.k8s.io', type = 'application/json'): string =>
  `${type};as=${kind};v=${version};g=${group}`
const protobuf = 'application/vnd.kubernetes.protobuf'

const accepts = [
  '*/*', '*', 'application/*', 'application/json', 'application/yaml', 'application/xml', 'text/plain', ';;', ',',
  'application/json;q=x', 'application/json;charset=utf-8', 'application/json;charset=latin1', 'application/json ; q=0.3',
  'APPLICATION/JSON', 'application/json;stream=watch', 'application/json;stream=other', 'application/json;unknown=1',
  'application/xml;q=0.9,application/json;q=0.1', 'application/json;q=0', 'application/json; v=1', 'application/cbor',
  'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'application/cbor,application/json',
  'application/yaml;q=0.9,application/json', 'application/x-yaml', 'text/yaml', 'application/json-patch+json',
  as('Table', 'v1'), as('Table', 'v1beta1'), as('Table', 'v2'), as('Table', 'v1', 'x'), as('table', 'v1'),
  as('Table', 'v1', 'meta.k8s.io', protobuf), `${as('Table', 'v1', 'meta.k8s.io', protobuf)},application/json`,
  `${as('Table', 'v9')},application/json`, `${as('Table', 'v1')};q=0.1,application/yaml;q=0.9`,
  'application/json;as=Table', 'application/json;as=Table;v=v1', 'application/json;g=meta.k8s.io;v=v1',
  as('PartialObjectMetadata', 'v1'), as('PartialObjectMetadata', 'v1beta1'), as('PartialObjectMetadata', 'v2'),
  as('PartialObjectMetadataList', 'v1'), as('PartialObjectMetadataList', 'v1beta1'), as('Nothing', 'v1'),
  as('APIGroupDiscoveryList', 'v2', 'apidiscovery.k8s.io'), as('APIGroupDiscoveryList', 'v2beta1', 'apidiscovery.k8s.io'),
  `${as('PartialObjectMetadataList', 'v1')},${as('PartialObjectMetadata', 'v1')}`,
] // prettier-ignore

const prose = Array.from({ length: 20 }, (_, i) => `columnDefinitions.${i}.description`)
const ignore = [...prose, 'serverAddressByClientCIDRs', 'gitVersion', 'gitCommit', 'gitTreeState', 'buildDate', 'goVersion', 'compiler', 'platform', 'resources', 'groups', 'items', 'rows.0.cells.2', 'metadata.uid'] // prettier-ignore

type Door = (headers: Record<string, string>) => ParityStep
const doors: Record<string, { first?: ParityStep[]; door: Door; last?: ParityStep[] }> = {
  list: { door: (headers) => get(core('secrets'), { headers, ignore }) },
  'list of a retiring kind': { door: (headers) => get(core('endpoints'), { headers, ignore }) },
  'list of nothing such': { door: (headers) => get(core('nothings'), { headers }) },
  get: {
    first: [create(core('configmaps'), configMap('a'), { setup: true })],
    door: (headers) => get(core('configmaps', 'a'), { headers, ignore }),
  },
  'get of a missing one': { door: (headers) => get(core('configmaps', 'a'), { headers }) },
  create: { door: (headers) => create(`${core('configmaps')}?dryRun=All`, configMap('a'), { headers, ignore }) },
  'create of a bad one': { door: (headers) => create(core('configmaps'), configMap('A b'), { headers }) },
  update: {
    first: [create(core('configmaps'), configMap('a'), { setup: true })],
    door: (headers) => put(core('configmaps', 'a'), configMap('a'), { headers, ignore }),
  },
  patch: {
    first: [create(core('configmaps'), configMap('a'), { setup: true })],
    door: (headers) => patch('merge', core('configmaps', 'a'), {}, { headers, ignore }),
  },
  delete: {
    first: [create(core('configmaps'), configMap('a'), { setup: true })],
    door: (headers) => remove(`${core('configmaps', 'a')}?dryRun=All`, undefined, { headers, ignore }),
  },
  'delete of all': { door: (headers) => remove(core('configmaps'), undefined, { headers, ignore }) },
  scale: {
    first: [create(grouped('apps/v1', 'deployments'), deployment('d'), { setup: true })],
    door: (headers) => get(`${grouped('apps/v1', 'deployments', 'd')}/scale`, { headers, ignore }),
  },
  review: {
    door: (headers) =>
      create(
        '/apis/authentication.k8s.io/v1/selfsubjectreviews',
        {},
        { headers, ignore: [...ignore, 'status', 'rows'] },
      ),
  },
  token: {
    first: [],
    door: (headers) =>
      create(
        `${core('serviceaccounts', 'default')}/token`,
        {},
        { headers, ignore: [...ignore, 'status', 'spec', 'rows', 'metadata'] },
      ),
  },
  binding: {
    door: (headers) =>
      create(`${core('pods', 'p')}/binding`, { metadata: { name: 'p' }, target: { name: 'n' } }, { headers }),
  },
  eviction: { door: (headers) => create(`${core('pods', 'p')}/eviction`, { metadata: { name: 'p' } }, { headers }) },
  log: { door: (headers) => get(`${core('pods', 'p')}/log`, { headers }) },
  exec: { door: (headers) => get(`${core('pods', 'p')}/exec`, { headers }) },
  'custom resources': {
    first: [
      create(crds, definition({ schema: object({ spec: object({}) }) }), { setup: true }),
      get(things(), { setup: true, until: { code: 200 } }),
    ],
    door: (headers) => get(things(), { headers, ignore }),
    last: [remove(`${crds}/things.{{id}}.example.com`, undefined, { setup: true })],
  },
  'a custom resource': {
    first: [
      create(crds, definition({ schema: object({ spec: object({}) }) }), { setup: true }),
      create(things(), thing('a'), { setup: true, until: { code: 201 } }),
    ],
    door: (headers) => get(things('a'), { headers, ignore }),
    last: [remove(`${crds}/things.{{id}}.example.com`, undefined, { setup: true })],
  },
  'versions of the core': { door: (headers) => get('/api', { headers, ignore }) },
  groups: { door: (headers) => get('/apis', { headers, ignore }) },
  'a group': { door: (headers) => get('/apis/apps', { headers, ignore }) },
  'a version': { door: (headers) => get('/apis/apps/v1', { headers, ignore }) },
  'the version': { door: (headers) => get('/version', { headers, ignore }) },
  paths: { door: (headers) => get('/', { headers, codeOnly: true }) },
  health: { door: (headers) => get('/healthz', { headers }) },
}

const negotiated: ParityCases = Object.fromEntries(
  Object.entries(doors).map(([title, { first = [], door, last = [] }]): [string, ParityCase] => {
    // A custom resource as a list is a bare 500 to the original.
    const odd = title === 'a custom resource' ? 'PartialObjectMetadataList' : 'none'
    const steps = accepts.filter((accept) => !accept.includes(odd)).map((Accept) => door({ Accept }))
    // What YAML shows of an object is told apart from run to run by its managers.
    for (const step of steps) if (/yaml/.test(step.request.headers?.['Accept'] ?? '')) step.codeOnly = true
    return [`${title}: every Accept`, { steps: [...first, ...steps, ...last] }]
  }),
)

/** Streams that are refused end at once; those that are not would cost a second each. */
const refused = accepts.filter((accept) =>
  /xml|cbor$|^;;|^,$|latin|yaml$|v2$|=x$|Nothing|=Table$|stream=other|^text\/plain/.test(accept),
)
const watches: ParityCases = {
  'watch: every Accept that is refused': {
    keepsNothing: true,
    steps: refused.map((Accept) =>
      get(`${core('configmaps')}?watch=true&timeoutSeconds=1`, {
        headers: { Accept },
        codeOnly: /q=|yaml/.test(Accept),
      }),
    ),
  },
}

const bodyTypes = ['application/json', 'application/yaml', 'text/yaml', 'application/x-yaml', 'application/xml', 'text/plain', 'application/json; charset=utf-8', 'APPLICATION/JSON', '*/*', 'application/cbor', 'application/json-patch+json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml', 'application/apply-patch+cbor', 'multipart/form-data', 'application/', 'a', ''] // prettier-ignore
const sent = (method: ParityRequest['method'], path: string, body: unknown): ParityStep[] =>
  bodyTypes.map((type) => ({
    request: { method, path, body, headers: { 'Content-Type': type } },
    ignore: ['metadata.resourceVersion'],
  }))
const bodies: ParityCases = {
  'create: every type of body': { steps: sent('POST', `${core('configmaps')}?dryRun=All`, configMap('a')) },
  'update: every type of body': {
    steps: [
      create(core('configmaps'), configMap('a'), { setup: true }),
      ...sent('PUT', core('configmaps', 'a'), configMap('a')),
    ],
  },
  'patch: every type of body': {
    steps: [
      create(core('configmaps'), configMap('a'), { setup: true }),
      ...sent('PATCH', core('configmaps', 'a'), configMap('a', { nope: 1 })),
    ],
  },
  'patch of a scale: every type of body': {
    steps: [
      create(grouped('apps/v1', 'deployments'), deployment('d'), { setup: true }),
      ...sent('PATCH', `${grouped('apps/v1', 'deployments', 'd')}/scale`, { spec: { replicas: 2 } }),
    ],
  },
  'patch of a custom resource: every type of body': {
    steps: [
      create(crds, definition({ schema: object({ spec: object({}) }) }), { setup: true }),
      create(things(), thing('a'), { setup: true, until: { code: 201 } }),
      ...sent('PATCH', things('a'), thing('a', { spec: {} })),
      ...sent('PUT', things('a'), thing('a', { spec: {} })),
      remove(`${crds}/things.{{id}}.example.com`, undefined, { setup: true }),
    ],
  },
  'delete: every type of body': {
    steps: [
      create(core('configmaps'), configMap('a'), { setup: true }),
      ...sent('DELETE', `${core('configmaps', 'a')}?dryRun=All`, { dryRun: ['All'] }),
    ],
  },
  'patch: neither the type of the body nor of the answer': {
    steps: [
      patch(
        'merge',
        core('configmaps', 'a'),
        {},
        { headers: { 'Content-Type': 'application/xml', Accept: 'application/xml' } },
      ),
    ],
  },
}

/** Objects are named by the types that the original keeps them in. */
const kinds = resources.map(({ definition: d }) => d).filter((d) => d.verbs?.includes('list') ?? true)
const pathOf = (d: (typeof kinds)[number]): string =>
  `${d.group === '' ? '/api/' : '/apis/'}${apiVersionOf(d)}/${d.plural}`
const types: ParityCases = {
  'lists as one object, of every kind': {
    keepsNothing: true,
    steps: kinds.map((d) => get(`${pathOf(d)}?limit=1`, { headers: { Accept: as('PartialObjectMetadata', 'v1') } })),
  },
}

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'get', 'FOO'] as const
const paths = ['/', '/api', '/api/', '/api/v1', '/api/v1/', '/api/v2', '/api/v1/nope', '/api/v1/namespaces', '/api/v1/namespaces/', '/api/v1/namespaces/x', '/api/v1/namespaces/x/finalize', '/api/v1/namespaces/x/nope', '/api/v1/namespaces/x/pods', '/api/v1/namespaces/x/pods/p', '/api/v1/namespaces/x/pods/p/', '/api/v1/namespaces/x/pods/p/status', '/api/v1/namespaces/x/pods/p/binding', '/api/v1/namespaces/x/pods/p/eviction', '/api/v1/namespaces/x/pods/p/nope', '/api/v1/namespaces/x/pods/p/status/more', '/api/v1/namespaces/x/bindings', '/api/v1/pods', '/api/v1/pods/p', '/api/v1/nodes/n/status', '/api/v1/namespaces/x/nodes', '/api/v1/namespaces/x/nodes/n', '/api/v1/componentstatuses', '/api/v1/componentstatuses/c', '/apis', '/apis/', '/apis/apps', '/apis/apps/', '/apis/apps/v1', '/apis/apps/v2', '/apis/apps/v1/nope', '/apis/apps/v1/deployments', '/apis/apps/v1/deployments/d', '/apis/apps/v1/namespaces/x/deployments/d/scale', '/apis/nope', '/apis/nope/v1', '/apis/nope/v1/things', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/a', '/apis/authorization.k8s.io/v1/namespaces/x/localsubjectaccessreviews', '/version', '/version/', '/healthz', '/livez', '/readyz/ping', '/healthz/nope', '/openapi', '/openapi/v1', '/openapi/v3/nope', '/nope', '/metrics/nope', '/api/v1/watch/pods', '/api/v1/watch/pods/p', '/api/v1/watch/componentstatuses', '/api/v1/bindings', '/apis/authorization.k8s.io/v1/localsubjectaccessreviews', '/api/v1/watch/namespaces/x/pods/p', '/api/v1/proxy/nodes/n', '//api/v1', '/api//v1', '/api/v1/./pods', '/api/v1/../v1/pods', '/apis/apps/v1/namespaces', '/apis/apps/v1/namespaces/x', '/.well-known/openid-configuration', '/openid/v1/jwks', '/logs', '/swagger.json', '/ui', '/favicon.ico'] // prettier-ignore

const door = (method: (typeof methods)[number], path: string): ParityStep => {
  const isQuiet =
    method === 'GET' &&
    /^\/(version\/?|openapi.*|apis?\/?|apis?\/(apps\/)?v1\/?|apis\/apps\/?|.*watch.*|\.well.*|openid.*|)$/.test(path)
  return {
    request: { method, path: path.includes('watch') ? `${path}?timeoutSeconds=1` : path } as ParityRequest,
    ignore: [
      'items',
      'metadata',
      'spec',
      'status',
      'paths',
      'resources',
      'groups',
      'versions',
      'serverAddressByClientCIDRs',
    ],
    ...(isQuiet ? { codeOnly: true } : {}),
  }
}
const routed: ParityCases = Object.fromEntries(
  methods.map((method) => [
    `${method} of every sort of path`,
    {
      keepsNothing: true,
      steps: paths.filter((path) => method !== 'GET' || !/watch.*pods/.test(path)).map((path) => door(method, path)),
    },
  ]),
)

export const negotiation: ParityCases = { ...negotiated, ...watches, ...bodies, ...types, ...routed }
