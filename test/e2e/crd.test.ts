import type { V1APIResource, V1CustomResourceDefinition } from '@kapell/openapi/types'
import { startControlPlane, type ControlPlane } from './support/control-plane.ts'
import { until } from './support/wait.ts'

/** Custom resources as a user of stock kubectl meets them: usable at once, gone without a trace. */
let plane: ControlPlane
const run = (...args: string[]): Promise<string> => plane.kubectl.run(...args)

const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.shop.example.com' },
  spec: {
    group: 'shop.example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all', 'shop'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        selectableFields: [{ jsonPath: '.spec.color' }],
        additionalPrinterColumns: [
          { name: 'Color', type: 'string', jsonPath: '.spec.color' },
          { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
          { name: 'Parts', type: 'string', jsonPath: '.spec.parts[*].name', priority: 1 },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A widget of the shop.',
            required: ['spec'],
            properties: {
              spec: {
                type: 'object',
                required: ['color'],
                properties: {
                  color: { type: 'string', enum: ['red', 'blue'], description: 'What it looks like.' },
                  replicas: { type: 'integer', minimum: 0, default: 1 },
                  parts: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: { name: { type: 'string' }, count: { type: 'integer' } },
                    },
                  },
                },
              },
              status: {
                type: 'object',
                properties: { replicas: { type: 'integer' }, selector: { type: 'string' }, phase: { type: 'string' } },
              },
            },
          },
        },
      },
    ],
  },
}

const widget = (name: string, spec: object, labels?: Record<string, string>): object => ({
  apiVersion: 'shop.example.com/v1',
  kind: 'Widget',
  metadata: { name, ...(labels === undefined ? {} : { labels }) },
  spec,
})

beforeAll(async () => {
  plane = await startControlPlane('crd')
  await plane.kubectl.apply(definition)
  await run('wait', '--for=condition=established', 'crd/widgets.shop.example.com', '--timeout=20s')
}, 60_000)
afterAll(() => plane.close(), 30_000)

it('are there at once: by plural, short name and category', async () => {
  expect(await plane.kubectl.apply(widget('one', { color: 'red', parts: [{ name: 'a' }, { name: 'b' }] }))).toBe(
    'widget.shop.example.com/one created\n',
  )
  for (const name of ['widgets', 'wd', 'widget', 'widgets.shop.example.com', 'shop'])
    expect(await run('get', name, '--no-headers')).toMatch(/^(widget\.shop\.example\.com\/)?one +red +1\n/)
  expect(await run('get', 'wd', '-o', 'wide')).toMatch(/^NAME +COLOR +REPLICAS +PARTS\none +red +1 +a\n$/)
  const listed = await run('api-resources', '--api-group=shop.example.com', '--no-headers')
  expect(listed.trim()).toMatch(/^widgets +wd +shop\.example\.com\/v1 +true +Widget$/)
  expect(await run('api-versions')).toContain('shop.example.com/v1\n')
})

it('are explained', async () => {
  expect(await run('explain', 'widget')).toContain('A widget of the shop.')
  expect(await run('explain', 'wd.spec.color')).toMatch(/ENUM:[\s\S]*blue[\s\S]*What it looks like\./)
  expect(await run('explain', 'wd', '--recursive')).toMatch(/parts\s+<\[\]Object>/)
})

it.each([
  ['a value that is not allowed', { color: 'green' }, 'spec.color: Unsupported value: "green"'],
  ['what is missing', { replicas: 1 }, 'spec.color: Required value'],
  ['what is too little', { color: 'red', replicas: -1 }, 'should be greater than or equal to 0'],
  ['a field that is unknown', { color: 'red', weight: 1 }, 'unknown field "spec.weight"'],
  ['a key that is there twice', { color: 'red', parts: [{ name: 'a' }, { name: 'a' }] }, 'Duplicate value'],
])('are checked by their schema: %s', async (_, spec, message) => {
  const tried = await plane.kubectl.try(['create', '-f', '-'], JSON.stringify(widget('bad', spec)))
  expect(tried.code).not.toBe(0)
  expect(tried.stderr).toContain(message)
})

it('are patched, but not strategically, and edited by their managers', async () => {
  await run('patch', 'wd', 'one', '--type=merge', '-p', '{"spec":{"color":"blue"}}')
  await run('patch', 'wd', 'one', '--type=json', '-p', '[{"op":"replace","path":"/spec/replicas","value":2}]')
  const strategic = await plane.kubectl.try(['patch', 'wd', 'one', '-p', '{"spec":{"color":"red"}}'])
  expect(strategic.stderr).toContain('application/strategic-merge-patch+json is not supported')
  const apply = (manager: string, spec: object): Promise<unknown> =>
    plane.kubectl.try(
      ['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'],
      JSON.stringify(widget('shared', spec)),
    )
  await apply('first', { color: 'red', parts: [{ name: 'a', count: 1 }] })
  await apply('second', { color: 'red', parts: [{ name: 'b', count: 2 }] })
  expect(await run('get', 'wd', 'shared', '-o', 'jsonpath={.spec.parts}')).toBe(
    '[{"count":1,"name":"a"},{"count":2,"name":"b"}]',
  )
  expect(await apply('second', { color: 'blue' })).toMatchObject({
    stderr: expect.stringContaining('Apply failed with 1 conflict: conflict with "first": .spec.color') as string,
  })
})

it('have a status and a scale of their own', async () => {
  await run(
    'patch',
    'wd',
    'one',
    '--subresource=status',
    '--type=merge',
    '-p',
    '{"status":{"replicas":2,"phase":"Up"}}',
  )
  expect(await run('get', 'wd', 'one', '-o', 'jsonpath={.status.phase} {.metadata.generation}')).toBe('Up 3')
  expect(await run('scale', 'wd/one', '--replicas=5')).toBe('widget.shop.example.com/one scaled\n')
  expect(
    await run('get', 'wd', 'one', '--subresource=scale', '-o', 'jsonpath={.spec.replicas} {.status.replicas}'),
  ).toBe('5 2')
})

it('are selected by fields and labels, and deleted together', async () => {
  await plane.kubectl.apply(widget('two', { color: 'red' }, { kind: 'cheap' }))
  expect(await run('get', 'wd', '--field-selector=spec.color=blue', '-o', 'name')).toBe('widget.shop.example.com/one\n')
  expect(await run('delete', 'wd', '-l', 'kind=cheap')).toBe(
    'widget.shop.example.com "two" deleted from default namespace\n',
  )
  const wrong = await plane.kubectl.try(['get', 'wd', '--field-selector=spec.replicas=1'])
  expect(wrong.stderr).toContain('field label not supported: spec.replicas')
})

it('are granted by group and resource', async () => {
  await run('create', 'role', 'reader', '--verb=get,list', '--resource=widgets.shop.example.com')
  await run('create', 'rolebinding', 'reader', '--role=reader', '--serviceaccount=default:visitor')
  const as = ['--as=system:serviceaccount:default:visitor']
  expect(await run('get', 'wd', 'one', '-o', 'name', ...as)).toBe('widget.shop.example.com/one\n')
  const tried = await plane.kubectl.try(['delete', 'wd', 'one', ...as])
  expect(tried.stderr).toContain(
    'cannot delete resource "widgets" in API group "shop.example.com" in the namespace "default"',
  )
})

it('go with their namespace and with their owner', async () => {
  await run('create', 'namespace', 'away')
  await run('create', 'configmap', 'owner', '-n', 'default')
  const uid = await run('get', 'configmap', 'owner', '-o', 'jsonpath={.metadata.uid}')
  const owned = widget('owned', { color: 'red' }) as { metadata: object }
  owned.metadata = { name: 'owned', ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }] }
  await plane.kubectl.apply(owned)
  await run('apply', '-n', 'away', '-f', plane.file('away.json', JSON.stringify(widget('w', { color: 'red' }))))
  await run('delete', 'namespace', 'away', '--timeout=60s')
  await run('delete', 'configmap', 'owner')
  await until('the owned widget to go', async () => {
    const tried = await plane.kubectl.try(['get', 'wd', 'owned'])
    return tried.stderr.includes('NotFound')
  })
}, 120_000)

it('are gone with their definition, from discovery too', async () => {
  const { metadata } = await plane.kubectl.json<V1CustomResourceDefinition>('get', 'crd', 'widgets.shop.example.com')
  expect(metadata?.name).toBe('widgets.shop.example.com')
  expect(await run('delete', 'crd', 'widgets.shop.example.com', '--timeout=60s')).toContain('deleted')
  // kubectl remembers for a while what was there.
  const tried = await plane.kubectl.try(['get', 'wd'])
  expect(tried.stderr).toMatch(/the server doesn't have a resource type "wd"|the server could not find the requested/)
  const fresh = ['api-resources', '--api-group=shop.example.com', '--no-headers']
  expect(await run(...fresh)).toBe('')
  const groups = await run('get', '--raw', '/apis')
  expect(groups).not.toContain('shop.example.com')
  const resources = JSON.parse(await run('get', '--raw', '/api/v1')) as { resources: V1APIResource[] }
  expect(resources.resources.length).toBeGreaterThan(0)
}, 90_000)
