import { compileJsonPath, JsonPathError } from './json-path.ts'

const object = {
  a: 1,
  f: [{ x: '1', y: 'Y', z: 1 }, { x: '2', y: 'Z', z: 2 }, { y: 'q' }],
  h: ['h0', 'h1', 'h2'],
  m: { k: 'K', j: 'J' },
  metadata: { labels: { 'app.io/x': 'lab' } },
}

it.each<[rule: string, path: string, found: unknown[]]>([
  ['a field', '.a', [1]],
  ['a missing field', '.b.c', []],
  ['dots in names are escaped', '.metadata.labels.app\\.io/x', ['lab']],
  ['names may be quoted', ".m['k']", ['K']],
  ['an index', '.h[1]', ['h1']],
  ['an index from the end', '.h[-1]', ['h2']],
  ['an index beyond the end', '.h[7]', []],
  ['no index is the first', '.f[].x', ['1']],
  ['a slice', '.h[0:2]', ['h0', 'h1']],
  ['a slice with steps', '.h[0:3:2]', ['h0', 'h2']],
  ['a union', '.h[0,2]', ['h0', 'h2']],
  ['all', '.h[*]', ['h0', 'h1', 'h2']],
  ['all members', '.m.*', ['K', 'J']],
  ['a filter on a text', '.f[?(@.x=="1")].y', ['Y']],
  ['a filter on a number', '.f[?(@.z>1)].z', [2]],
  ['a filter on presence', '.f[?(@.x)].x', ['1', '2']],
  ['recursion', '..k', ['K']],
  ['what is not a list has no items', '.m[*].x', []],
])('%s: %s', (_, path, found) => {
  expect(compileJsonPath(path)(object)).toEqual(found)
})

it.each(['.h[', '.m["k"]', '.a..[', '.h[0:2:0]', `.${'a'.repeat(2000)}`])('refuses %s', (path) => {
  expect(() => compileJsonPath(path)).toThrow(JsonPathError)
})
