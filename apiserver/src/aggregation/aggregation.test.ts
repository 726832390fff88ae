import type { V1APIService, V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import { readRemoteUser, remoteUserHeaders } from '../authentication/remote-user.ts'
import { localVerdict, withVerdict } from './availability.ts'
import { locate } from './locate.ts'
import { fromLegacy } from './remote-discovery.ts'
import { partOf, withoutCollisions } from './remote-documents.ts'
import { mergedVersions, type RemoteVersion } from './remote-groups.ts'
import { remoteOf, type RemoteService } from './remote-service.ts'

const apiService = (more: object = {}): V1APIService => ({
  metadata: { name: 'v1.g' },
  spec: {
    group: 'g',
    version: 'v1',
    groupPriorityMinimum: 10,
    versionPriority: 20,
    service: { namespace: 'ns', name: 'svc' },
    ...more,
  },
})
const remote = remoteOf(apiService()) as RemoteService

it('an APIService without a Service is no remote one; the port is 443 unless it says otherwise', () => {
  expect(
    remoteOf({ metadata: { name: 'v1.g' }, spec: { groupPriorityMinimum: 1, versionPriority: 1 } }),
  ).toBeUndefined()
  expect(remote.service.port).toBe(443)
  expect(remoteOf(apiService({ caBundle: 'cGVt' }))?.ca).toBe('pem')
})

describe('where a remote server listens', () => {
  const service = (spec: V1Service['spec']): V1Service => ({ metadata: { name: 'svc', namespace: 'ns' }, spec })
  const slice = (port: number, name: string, endpoints: V1EndpointSlice['endpoints']): V1EndpointSlice =>
    ({ ports: [{ name, port }], endpoints }) as unknown as V1EndpointSlice
  const web = service({ ports: [{ name: 'web', port: 443 }] })
  it.each([
    [
      'ready endpoints of the named port',
      web,
      [slice(8443, 'web', [{ addresses: ['10.0.0.1'] }])],
      [{ host: '10.0.0.1', port: 8443 }],
    ],
    [
      'an external name',
      service({ type: 'ExternalName', externalName: 'far.example' }),
      [],
      [{ host: 'far.example', port: 443 }],
    ],
  ])('is %s', (_what, found, slices, places) => {
    expect(locate(remote, { service: found, slices })).toEqual({ places })
  })
  it.each([
    ['no Service', undefined, [], 'ServiceNotFound'],
    ['another port', service({ ports: [{ port: 80 }] }), [], 'ServicePortError'],
    ['no slices', web, [], 'EndpointsNotFound'],
    ['another port in the slices', web, [slice(1, 'other', [{ addresses: ['10.0.0.1'] }])], 'MissingEndpoints'],
    ['nobody ready', web, [slice(1, 'web', [{ addresses: ['a'], conditions: { ready: false } }])], 'MissingEndpoints'],
  ])('is nowhere with %s', (_what, found, slices, reason) => {
    expect(locate(remote, { service: found, slices })).toMatchObject({ reason })
  })
})

it('a condition changes its time only with its status', () => {
  const now = new Date('2026-01-02T00:00:00Z')
  const with_ = (conditions: object[]): V1APIService => ({
    ...apiService(),
    status: { conditions } as V1APIService['status'],
  })
  const old = {
    type: 'Available',
    status: 'True',
    reason: 'Passed',
    message: 'm',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  }
  expect(withVerdict(with_([old]), localVerdict, now)).toMatchObject([
    { reason: 'Local', lastTransitionTime: '2026-01-01T00:00:00Z' },
  ])
  const bad = { status: 'False', reason: 'ServiceNotFound', message: 'x' } as const
  expect(withVerdict(with_([old]), bad, now)).toMatchObject([{ lastTransitionTime: '2026-01-02T00:00:00Z' }])
  expect(
    withVerdict(with_([{ ...old, reason: 'Local', message: localVerdict.message }]), localVerdict, now),
  ).toBeUndefined()
})

it('versions stand by their priority, own ones among them', () => {
  const at = (version: string, versionPriority: number): RemoteVersion => ({
    group: 'g',
    version,
    versionPriority,
    groupPriority: 1,
    resources: undefined,
  })
  expect(mergedVersions(['v2', 'v1'], [])).toEqual(['v2', 'v1'])
  expect(mergedVersions(['v1'], [at('v3', 50), at('v2beta1', 200), at('v1', 10)])).toEqual(['v2beta1', 'v3', 'v1'])
})

it('an old list of resources becomes a new one, subresources below theirs', () => {
  const verbs = ['get']
  expect(
    fromLegacy([
      { name: 'as', singularName: 'a', namespaced: true, kind: 'A', verbs, categories: ['all'] },
      { name: 'as/scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs },
    ]),
  ).toEqual([
    {
      resource: 'as',
      responseKind: { group: '', version: '', kind: 'A' },
      scope: 'Namespaced',
      singularResource: 'a',
      verbs,
      categories: ['all'],
      subresources: [
        { subresource: 'scale', responseKind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, verbs },
      ],
    },
  ])
})

describe('documents', () => {
  const ref = (name: string): object => ({ $ref: `#/definitions/${name}` })
  const document = {
    paths: { '/apis/g/v1/as': { get: ref('A') }, '/apis/g/v1beta1/as': {}, '/version/': {} },
    definitions: { A: { of: [ref('B')] }, B: { x: 1 }, C: {} },
  }
  it('are cut down to the version and what it leads to', () => {
    expect(partOf(document, '/apis/g/v1')).toEqual({
      paths: { '/apis/g/v1/as': { get: ref('A') } },
      definitions: { A: { of: [ref('B')] }, B: { x: 1 } },
    })
    expect(partOf('rubbish', '/apis/g/v1')).toEqual({ paths: {}, definitions: {} })
  })
  it('share definitions that are the same, and rename those that are not', () => {
    const taken: Record<string, unknown> = { B: { x: 2 }, B_v2: {} }
    const fit = withoutCollisions(partOf(document, '/apis/g/v1'), taken)
    expect(fit.definitions).toEqual({ A: { of: [ref('B_v3')] }, B_v3: { x: 1 } })
    expect(
      withoutCollisions(partOf(document, '/apis/g/v1'), { A: { of: [ref('B')] }, B: { x: 1 } }).definitions,
    ).toEqual({})
  })
})

it('a user goes into headers and comes out of them again', () => {
  const user = {
    username: 'dora',
    uid: '7',
    groups: ['a', 'b'],
    extra: { 'example.com/scopes': ['x', 'y'], '50%': ['z'], __proto__x: ['p'] },
  }
  const headers = remoteUserHeaders(user)
  expect(Object.keys(headers)).toContain('x-remote-extra-example.com%2Fscopes')
  const joined = Object.entries(headers).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : value,
  ])
  expect(readRemoteUser(joined)).toEqual(user)
  expect(readRemoteUser([['x-remote-group', 'a']])).toBeUndefined()
})
