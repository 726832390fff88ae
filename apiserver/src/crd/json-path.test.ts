import { compileJsonPath, JsonPathError } from './json-path.ts'

const value = {
  spec: { replicas: 3, 'a.b': 'dotted' },
  items: [
    { type: 'Ready', status: 'True', n: 1 },
    { type: 'Other', status: 'False', n: 2 },
  ],
}

describe('JSONPath of printer columns', () => {
  it.each([
    ['.spec.replicas', [3]],
    ['spec.replicas', [3]],
    ['{.spec.replicas}', [3]],
    ['$.spec.replicas', [3]],
    ['.spec.a\\.b', ['dotted']],
    [".spec['a.b']", ['dotted']],
    ['.items[0].type', ['Ready']],
    ['.items[-1].type', ['Other']],
    ['.items[*].n', [1, 2]],
    ['.items[?(@.type=="Ready")].status', ['True']],
    [".items[?(@.type == 'Other')].status", ['False']],
    ['.items[?(@.n>1)].type', ['Other']],
    ['.items[?(@.missing)].type', []],
    ['.nope.deeper', []],
  ])('%s', (path, expected) => {
    expect(compileJsonPath(path)(value)).toEqual(expected)
  })

  it.each(['.a[', '.a[?(nope)]', '.a..b', 'a]b'])('refuses %s', (path) => {
    expect(() => compileJsonPath(path)).toThrow(JsonPathError)
  })
})
