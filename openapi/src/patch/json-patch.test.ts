import fc from 'fast-check'
import { ApiError } from '../meta/status.ts'
import { applyJsonPatch, parseJsonPatch, type JsonPatchOperation } from './json-patch.ts'

const live = { data: { a: '1', 'b/c': '2', 'x~y': '3' }, list: ['x', 'y'], deep: { list: [{ n: 1 }] } }
const run = (...patch: JsonPatchOperation[]): unknown => applyJsonPatch(live, patch)

describe('applyJsonPatch', () => {
  it.each<[string, JsonPatchOperation[], object]>([
    ['add sets a member', [{ op: 'add', path: '/data/n', value: 'v' }], { data: { ...live.data, n: 'v' } }],
    ['replace of a missing member adds it', [{ op: 'replace', path: '/new', value: 1 }], { new: 1 }],
    ['copy of a missing member writes null', [{ op: 'copy', from: '/zz', path: '/new' }], { new: null }],
    ['add without a value writes null', [{ op: 'add', path: '/new' }], { new: null }],
    ['what precedes the first slash is ignored', [{ op: 'add', path: 'data/new', value: 1 }], { new: 1 }],
    ['negative indexes count from the end', [{ op: 'remove', path: '/list/-1' }], { list: ['x'] }],
    [
      'a negative index to add at counts the new item',
      [{ op: 'add', path: '/list/-1', value: 'z' }],
      { list: ['x', 'y', 'z'] },
    ],
    ['- appends', [{ op: 'add', path: '/list/-', value: 'z' }], { list: ['x', 'y', 'z'] }],
    ['an index inserts', [{ op: 'add', path: '/list/0', value: 'z' }], { list: ['z', 'x', 'y'] }],
    [
      'escapes are undone',
      [
        { op: 'remove', path: '/data/b~1c' },
        { op: 'remove', path: '/data/x~0y' },
      ],
      { data: { a: '1' } },
    ],
    [
      'move takes away',
      [
        { op: 'move', from: '/data/a', path: '/moved' },
        { op: 'replace', path: '/data', value: {} },
      ],
      { moved: '1', data: {} },
    ],
    [
      'copies are independent',
      [
        { op: 'copy', from: '/deep/list', path: '/c' },
        { op: 'add', path: '/c/0/n', value: 2 },
      ],
      { c: [{ n: 2 }] },
    ],
    ['move within a list', [{ op: 'move', from: '/list/0', path: '/list/1' }], { list: ['y', 'x'] }],
    ['a passing test changes nothing', [{ op: 'test', path: '/deep', value: { list: [{ n: 1 }] } }], {}],
    ['a missing member passes for null', [{ op: 'test', path: '/none', value: null }], {}],
    [
      'prototype members are plain data',
      [{ op: 'add', path: '/data', value: { constructor: 'x' } }],
      { data: { constructor: 'x' } },
    ],
  ])('%s', (_rule, patch, change) => {
    expect(run(...patch)).toEqual({ ...live, ...change })
  })

  it.each<[string, JsonPatchOperation]>([
    ['remove of a missing member', { op: 'remove', path: '/data/zz' }],
    ['move of a missing member', { op: 'move', from: '/data/zz', path: '/x' }],
    ['add below a missing member', { op: 'add', path: '/nope/zz', value: 1 }],
    ['an index beyond the list', { op: 'add', path: '/list/99', value: 1 }],
    ['an index before the list', { op: 'remove', path: '/list/-3' }],
    ['a failing test', { op: 'test', path: '/data/a', value: 'nope' }],
    ['an unknown operation', { op: 'nope', path: '/data/a', value: 1 }],
    ['no operation', { path: '/data/a' } as JsonPatchOperation],
    ['a path into a scalar', { op: 'add', path: '/data/a/b', value: 1 }],
    ['a path into inherited members', { op: 'add', path: '/constructor/x', value: 1 }],
    ['a path of one part', { op: 'add', path: 'data', value: 1 }],
    ['the prototype', { op: 'add', path: '/__proto__/x', value: 1 }],
  ])('answers 422 for %s', (_what, operation) => {
    expect(() => run(operation)).toThrow('the server rejected our request due to an error in our request')
  })

  it('leaves the live object alone', () => {
    const before = JSON.stringify(live)
    run({ op: 'remove', path: '/list/0' }, { op: 'add', path: '/deep/list/0/n', value: 5 })
    expect(JSON.stringify(live)).toBe(before)
  })

  it('reads back what was added, and never pollutes prototypes', () => {
    const part = fc.constantFrom('a', 'list', '0', '-', '__proto__', 'constructor', 'deep', 'toString', '-1')
    const operation = fc.record({
      op: fc.constantFrom('add', 'replace', 'copy', 'move', 'remove', 'test'),
      path: fc.array(part, { maxLength: 3 }).map((p) => p.map((s) => `/${s}`).join('')),
      from: fc.array(part, { maxLength: 3 }).map((p) => p.map((s) => `/${s}`).join('')),
      value: fc.jsonValue({ maxDepth: 2 }),
    })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 6 }), (patch) => {
        try {
          JSON.stringify(applyJsonPatch(live, patch))
        } catch (error) {
          if (!(error instanceof ApiError)) throw error
        }
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      { seed: 7, numRuns: 300 },
    )
  })
})

describe('parseJsonPatch', () => {
  it.each([
    [
      'an object',
      '{"op":"add"}',
      400,
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ],
    ['broken JSON', '[', 400, 'error decoding patch: unexpected end of JSON input'],
    [
      'too many operations',
      JSON.stringify(new Array(10001).fill({ op: 'test', path: '/a' })),
      413,
      'The allowed maximum operations in a JSON patch is 10000, got 10001',
    ],
  ])('refuses %s', (_what, text, code, message) => {
    expect(() => parseJsonPatch(text)).toThrow(expect.objectContaining({ code, message }) as Error)
  })
})
