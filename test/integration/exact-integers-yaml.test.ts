import { setImmediate } from 'node:timers/promises'
import { startTestServer, type TestServer } from './apiserver-support.ts'

/** Custom resources keep integers of 64 bits, in whatever form they come and go. */
let server: TestServer
const things = '/apis/example.com/v1/namespaces/default/things'
const big = '9007199254740993'

beforeAll(async () => {
  server = await startTestServer()
  await server.ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { spec: { type: 'object', properties: { size: { type: 'integer', format: 'int64' } } } },
            },
          },
        },
      ],
    },
  })
  // The server follows its own store.
  for (let i = 0; i < 5000 && (await server.ask('GET', things)).status !== 200; i++) await setImmediate()
})
afterAll(() => server.close())

it.each([
  ['YAML', `apiVersion: example.com/v1\nkind: Thing\nspec:\n  size: ${big}\n`],
  ['JSON', `{"apiVersion":"example.com/v1","kind":"Thing","spec":{"size":${big}}}`],
])('an applied %s', async (form, body) => {
  const path = `${things}/applied-${form.toLowerCase()}?fieldManager=me`
  const type = { 'content-type': 'application/apply-patch+yaml' }
  const made = await server.ask('PATCH', path, body, type)
  expect([made.status, made.text.includes(`"size":${big}`)]).toEqual([201, true])
  const again = await server.ask('PATCH', path, body, type)
  expect(again.json.metadata?.resourceVersion).toBe(made.json.metadata?.resourceVersion)
  const changed = await server.ask('PATCH', path, body.replace(big, '9007199254740995'), type)
  expect(changed.text).toContain('"size":9007199254740995')
  expect((await server.ask('GET', path, undefined, { accept: 'application/yaml' })).text).toContain(
    'size: 9007199254740995\n',
  )
})

it('one created of YAML', async () => {
  const body = `apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: made\nspec:\n  size: ${big}\n`
  const made = await server.ask('POST', things, body, { 'content-type': 'application/yaml' })
  expect([made.status, made.text.includes(`"size":${big}`)]).toEqual([201, true])
})
