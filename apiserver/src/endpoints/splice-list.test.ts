import type { StoredResource } from '../registry/resource-table.ts'
import { listChunkBytes, spliceList } from './splice-list.ts'

const resource = (itemsKeepKind: boolean): StoredResource =>
  ({
    listKind: 'PodList',
    apiVersion: 'v1',
    itemsKeepKind,
    head: Buffer.from('{"kind":"Pod","apiVersion":"v1",'),
  }) as unknown as StoredResource

const pod = (name: string, size = 0): Buffer =>
  Buffer.from(`{"kind":"Pod","apiVersion":"v1","metadata":{"name":"${name}"},"x":"${'x'.repeat(size)}"}`)

/** The list parsed, from copies of the chunks as a consumer takes them. */
function read(items: Uint8Array[], keep = false): { parsed: unknown; chunks: number; length: number; told: number } {
  const { length, chunks } = spliceList(resource(keep), { metadata: { resourceVersion: '7' }, items })
  const parts = Array.from(chunks(), (chunk) => Buffer.from(chunk))
  const whole = Buffer.concat(parts)
  return { parsed: JSON.parse(whole.toString()), chunks: parts.length, length: whole.length, told: length }
}

describe('spliceList', () => {
  it.each([
    ['nothing', []],
    ['one', [pod('a')]],
    ['several', [pod('a'), pod('b'), pod('c')]],
    ['exactly a chunk and more', Array.from({ length: 100 }, (_, i) => pod(`p${i}`, 7000))],
    ['an item larger than a chunk', [pod('a'), pod('big', listChunkBytes * 2), pod('b')]],
    ['another shape', [Buffer.from('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"odd"}}'), pod('a')]],
  ])('%s: valid JSON of the length it tells, items without their kind', (_what, items) => {
    const { parsed, length, told } = read(items)
    expect(length).toBe(told)
    const expected = items.map((item) => {
      const { kind: _kind, apiVersion: _version, ...rest } = JSON.parse(item.toString()) as Record<string, unknown>
      return rest
    })
    expect(parsed).toEqual({ kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '7' }, items: expected })
  })

  it('items of custom resources keep their kind', () => {
    expect(read([pod('a'), pod('b')], true).parsed).toMatchObject({ items: [{ kind: 'Pod' }, { kind: 'Pod' }] })
  })

  it('comes in chunks worth a write', () => {
    const { chunks, length } = read(Array.from({ length: 200 }, (_, i) => pod(`p${i}`, 7000)))
    expect(chunks).toBe(Math.ceil(length / listChunkBytes))
  })

  it.each(Array.from({ length: 6 }, (_, i) => i))('fits tightly at a chunk’s end (%i)', (slack) => {
    const { told } = read([pod('a', 0)])
    const { length, told: expected } = read([pod('a', listChunkBytes - told - slack), pod('b')])
    expect(length).toBe(expected)
  })
})
