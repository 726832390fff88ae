import { metadataStart, spliceResourceVersion } from './splice.ts'

const splice = (json: string, revision = 7): string =>
  Buffer.from(spliceResourceVersion(Buffer.from(json), revision)).toString()

describe('spliceResourceVersion', () => {
  it.each([
    [
      'goes first in the metadata',
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"metadata":{"x":1}}}',
      '{"apiVersion":"v1","kind":"Pod","metadata":{"resourceVersion":"7","name":"a"},"spec":{"metadata":{"x":1}}}',
    ],
    [
      'kind may come before apiVersion',
      '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"é"}}',
      '{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"7","name":"é"}}',
    ],
    [
      'empty metadata needs no comma',
      '{"apiVersion":"v1","kind":"Pod","metadata":{}}',
      '{"apiVersion":"v1","kind":"Pod","metadata":{"resourceVersion":"7"}}',
    ],
    [
      'a value that has one gets the new one',
      '{"apiVersion":"v1","kind":"Pod","metadata":{"resourceVersion":"3","name":"a"}}',
      '{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"7","name":"a"}}',
    ],
    [
      'another order of fields is respelled',
      '{"spec":{"metadata":{}},"metadata":{"name":"a"},"kind":"Pod","apiVersion":"v1"}',
      '{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"7","name":"a"},"spec":{"metadata":{}}}',
    ],
    [
      'spaces are respelled',
      '{ "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"} }',
      '{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"7","name":"a"}}',
    ],
    [
      'no metadata at all gets some',
      '{"kind":"X","apiVersion":"v1"}',
      '{"kind":"X","apiVersion":"v1","metadata":{"resourceVersion":"7"}}',
    ],
  ])('%s', (_rule, stored, served) => {
    expect(splice(stored)).toBe(served)
  })

  it('splices the same bytes once for writer and cache', () => {
    const stored = Buffer.from('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}')
    expect(spliceResourceVersion(stored, 7)).toBe(spliceResourceVersion(stored, 7))
    expect(spliceResourceVersion(stored, 8)).not.toBe(spliceResourceVersion(stored, 7))
  })

  it('never reads past the end of cut-off bytes', () => {
    const whole = Buffer.from('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}')
    for (let length = 0; length < 45; length++) {
      expect(metadataStart(whole.subarray(0, length))).toBe(length < 44 ? -1 : 44)
    }
  })
})
