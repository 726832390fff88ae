import fc from 'fast-check'
import { admin, startTestServer, type Read, type TestServer } from './apiserver-support.ts'
import {
  changed,
  changeOf,
  hostile,
  templates,
  widgetDefinition,
  type Template,
} from './apiserver-properties-support.ts'

/**
 * What holds whatever is sent: a proper answer in the end, nothing stored half, nothing of JavaScript's own touched. The
 * runs are seeded; fast-check prints seed and path of what fails, and the smallest example.
 */
let server: TestServer

beforeAll(async () => {
  server = await startTestServer()
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
  await server.ask('POST', '/api/v1/namespaces/default/serviceaccounts', account)
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  expect((await server.ask('POST', crds, widgetDefinition)).status).toBe(201)
  for (const { path, object } of templates) {
    const made = await server.ask('POST', path, object)
    expect([object['kind'], made.status, made.json.message]).toEqual([object['kind'], 201, undefined])
  }
})
afterAll(() => server.close())

/** An answer is an object, or a Status that says which failure of the client's it is. */
function checkAnswer(answer: Read): void {
  // As the original has it, this one is a 500; any other is told in full.
  if (answer.json.message === 'resourceVersion should not be set on objects to be created') return
  if (answer.status >= 500) throw new Error(answer.text)
  if (answer.status >= 300) {
    expect(answer.json).toMatchObject({ kind: 'Status', status: 'Failure', code: answer.status })
    expect([400, 403, 404, 405, 409, 413, 415, 422]).toContain(answer.status)
  }
  expect(Object.keys(Object.prototype)).toEqual([])
  expect({}).not.toHaveProperty('polluted')
}

/** An object as text, its members in order: "__proto__" is one of them, which other comparisons overlook. */
const ordered = (text: string): string =>
  JSON.stringify(JSON.parse(text), (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
      : value,
  )
const read = async ({ path, object }: Template): Promise<string> =>
  ordered((await server.ask('GET', `${path}/${object.metadata.name}`)).text)
const withChanges = fc.constantFrom(...templates).chain((template) =>
  fc.record({
    template: fc.constant(template),
    changes: fc.array(changeOf(template.object), { minLength: 1, maxLength: 3 }),
  }),
)

it('a create of anything answers properly, and a dry run of it stores nothing', async () => {
  const request = fc.record({ one: withChanges, validation: fc.constantFrom('Strict', 'Warn', 'Ignore') })
  await fc.assert(
    fc.asyncProperty(request, async ({ one: { template, changes }, validation }) => {
      const text = changed({ ...template.object, metadata: { ...template.object.metadata, name: 'new' } }, changes)
      checkAnswer(await server.ask('POST', `${template.path}?dryRun=All&fieldValidation=${validation}`, text))
      expect((await server.ask('GET', `${template.path}/new`)).status).toBe(404)
    }),
    { seed: 101, numRuns: 1000 },
  )
}, 120_000)

it('an update with anything is what is read then, or changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(withChanges, async ({ template, changes }) => {
      const before = await read(template)
      const answer = await server.ask(
        'PUT',
        `${template.path}/${template.object.metadata.name}`,
        changed(template.object, changes),
      )
      checkAnswer(answer)
      expect(await read(template)).toBe(answer.status === 200 ? ordered(answer.text) : before)
    }),
    { seed: 102, numRuns: 600 },
  )
}, 120_000)

it('a patch with anything is what is read then, or changes nothing', async () => {
  const kinds = [
    'application/json-patch+json',
    'application/merge-patch+json',
    'application/strategic-merge-patch+json',
  ]
  const operation = fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'nope')
  const request = fc.record({ one: withChanges, kind: fc.constantFrom(...kinds), op: operation, from: fc.nat(20) })
  await fc.assert(
    fc.asyncProperty(request, async ({ one: { template, changes }, kind, op, from }) => {
      const pointer = (at: readonly string[]): string => JSON.stringify(at.map((part) => `/${part}`).join(''))
      const places = changes.map(({ at }) => pointer(at))
      const body =
        kind === kinds[0]
          ? `[${changes.map(({ at, to }) => `{"op":"${op}","path":${pointer(at)},"from":${places[from % places.length]},"value":${to ?? 'null'}}`).join()}]`
          : changed(template.object, changes)
      const before = await read(template)
      const answer = await server.ask('PATCH', `${template.path}/${template.object.metadata.name}`, body, {
        'content-type': kind,
      })
      checkAnswer(answer)
      expect(await read(template)).toBe(answer.status === 200 ? ordered(answer.text) : before)
    }),
    { seed: 103, numRuns: 900 },
  )
}, 120_000)

it('an apply of anything answers properly, and the same apply again changes nothing', async () => {
  const request = fc.record({ one: withChanges, manager: fc.constantFrom('m1', 'm2'), force: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(request, async ({ one: { template, changes }, manager, force }) => {
      const body = changed(template.object, changes)
      const path = `${template.path}/${template.object.metadata.name}?fieldManager=${manager}&force=${force}`
      const apply = (): Promise<Read> =>
        server.ask('PATCH', path, body, { 'content-type': 'application/apply-patch+yaml' })
      const before = await read(template)
      const answer = await apply()
      checkAnswer(answer)
      if (answer.status >= 300) expect(await read(template)).toBe(before)
      else {
        expect(await read(template)).toBe(ordered(answer.text))
        expect(ordered((await apply()).text)).toBe(ordered(answer.text))
      }
    }),
    { seed: 104, numRuns: 600 },
  )
}, 120_000)

it('bytes of protobuf with some of them changed answer properly', async () => {
  const type = 'application/vnd.kubernetes.protobuf'
  const transport = server.api.transport(admin)
  const originals = await Promise.all(
    templates
      .filter(({ object }) => object['kind'] !== 'Widget')
      .map(async ({ path, object }) => {
        const answer = await transport({
          method: 'GET',
          path: `${path}/${object.metadata.name}`,
          headers: { accept: type },
        })
        return { path, bytes: await answer.bytes() }
      }),
  )
  const request = fc.record({
    original: fc.constantFrom(...originals),
    changes: fc.array(fc.record({ at: fc.nat(2000), to: fc.nat(255) }), { maxLength: 5 }),
    cut: fc.option(fc.nat(2000), { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(request, async ({ original: { path, bytes }, changes, cut }) => {
      const body = Uint8Array.from(cut === undefined ? bytes : bytes.subarray(0, cut % bytes.length))
      for (const { at, to } of changes) if (body.length > 4) body[4 + (at % (body.length - 4))] = to
      const answer = await transport({
        method: 'POST',
        path: `${path}?dryRun=All`,
        headers: { 'content-type': type, accept: 'application/json' },
        body,
      })
      const text = new TextDecoder().decode(await answer.bytes())
      checkAnswer({ status: answer.status, headers: {}, text, json: JSON.parse(text) as Read['json'] })
    }),
    { seed: 105, numRuns: 1000 },
  )
}, 120_000)

it('any query of a list answers properly', async () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    '=',
    '!=',
    '==',
    ' in ',
    ' notin ',
    '(',
    ')',
    ',',
    '!',
    '>',
    '<',
    ' ',
    '/',
    '.',
    '-',
    '__proto__',
    'metadata.name',
    '\\',
    'é',
    '\u0000',
  )
  const selector = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
  const value = fc.oneof(
    selector,
    hostile,
    fc.constantFrom(
      '-1',
      '0',
      '1',
      '99999999999999999999',
      'abc',
      'eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIvIn0',
    ),
  )
  const names = [
    'labelSelector',
    'fieldSelector',
    'limit',
    'continue',
    'resourceVersion',
    'resourceVersionMatch',
    'timeout',
    'pretty',
  ]
  const request = fc.record({
    one: fc.constantFrom(...templates),
    query: fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(request, async ({ one, query }) => {
      const answer = await server.ask('GET', `${one.path}?${new URLSearchParams(query).toString()}`)
      // 410 for a token that is too old, 504 for a version that is not there yet.
      if (![410, 504].includes(answer.status)) checkAnswer(answer)
    }),
    { seed: 106, numRuns: 800 },
  )
}, 120_000)
