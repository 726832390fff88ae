import type { KubeObject } from '@kapell/openapi/meta/object'
import { column } from '../registry/definition.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { ageColumn, nameColumn } from '../resources/common/columns.ts'
import type { CachedObject } from '../storage/watch-cache/types.ts'
import { tableOf, type IncludeObject } from './table.ts'
import { tablePieces } from './table-rows.ts'

let shown = 0
const definition = {
  columns: [
    nameColumn,
    column('Shown', 'string', () => `é ${++shown}`),
    ageColumn,
    column('Since', 'string', (_o, now) => `${now.getTime() / 1000} s`),
    column('Last', 'integer', () => 1),
  ],
} as unknown as StoredResource['definition']
const resource = { definition } as unknown as StoredResource

function cached(object: KubeObject, spelling = JSON.stringify(object)): CachedObject {
  return { object, json: Buffer.from(spelling) } as unknown as CachedObject
}

const podOf = (name: string, more: object = {}): KubeObject => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { resourceVersion: '7', name, labels: { app: 'ü' }, creationTimestamp: '2026-01-01T00:00:00Z' },
  ...more,
})

describe('tables put together from bytes', () => {
  const metadata = { resourceVersion: '9' }
  const text = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString()

  it.each<IncludeObject>(['Metadata', 'None', 'Object'])('are those put together from objects: %s', (include) => {
    const objects = [podOf('a', { spec: { x: 1 } }), podOf('b')]
    const entries = objects.map((one) => cached(one))
    for (const time of ['2026-01-01T00:00:30Z', '2026-01-01T00:05:00Z']) {
      const now = new Date(time)
      shown = 0
      const whole = JSON.stringify(tableOf(resource, objects, { include, now, metadata }))
      shown = 0
      const first = text(tablePieces(resource, entries, { include, now, metadata }))
      expect(JSON.parse(first)).toEqual(JSON.parse(whole))
      // Only the time moves on.
      expect(text(tablePieces(resource, entries, { include, now, metadata }))).toBe(first)
    }
    expect(shown).toBeLessThanOrEqual(2)
  })

  it('hold the metadata also where the bytes spell it otherwise', () => {
    const object = podOf('a')
    const entry = cached(object, JSON.stringify(object).replaceAll(':', ': '))
    const pieces = tablePieces(resource, [entry], { include: 'Metadata', now: new Date(0), metadata })
    const table = JSON.parse(text(pieces)) as { rows: { object: KubeObject }[] }
    expect(table.rows[0]?.object.metadata).toEqual(object.metadata)
  })

  it('may be empty', () => {
    const pieces = tablePieces(resource, [], { include: 'Metadata', now: new Date(0), metadata })
    expect(JSON.parse(text(pieces))).toMatchObject({ kind: 'Table', rows: [] })
  })
})
