import type { KubeObject } from '@kapell/openapi/meta/object'
import { humanDuration } from '@kapell/openapi/meta/time'
import type { Column } from '../registry/definition.ts'
import { EncodedForms } from '../registry/encoded-forms.ts'
import type { StoredResource } from '../registry/resource-table.ts'
import { asBuffer } from '../storage/watch-cache/splice.ts'
import type { CachedObject } from '../storage/watch-cache/types.ts'
import { servedObject } from './get.ts'
import { columnDefinitions, columnsOf, rowConditions, type IncludeObject } from './table.ts'

/**
 * Tables put together from bytes: what a row says of its object is worked out once an object version, but for the
 * cells that say how long something has been so.
 */
interface Row {
  /** The JSON of the cells, with one gap for each that depends on the time: `texts` has one more than `clocks`. */
  texts: string[]
  clocks: Clock[]
  /** What follows the cells up to the object's value. */
  after: string
  /** The object's metadata as JSON: a part of the cached bytes where possible. */
  metadata: Uint8Array
  ownBytes: number
}

/** What fills a gap: the time since, in milliseconds since 1970, or whatever the column makes of the object. */
type Clock = { sinceMs: number } | { column: Column<KubeObject> }

const rows = new EncodedForms<Row>({ budgetBytes: 12 * 1024 * 1024, sizeOf: (row) => row.ownBytes })

/** A time that tells whether it was looked at. */
class ObservedTime extends Date {
  seen = false
  override getTime(): number {
    this.seen = true
    return super.getTime()
  }
  override valueOf(): number {
    return this.getTime()
  }
}

function makeRow(resource: StoredResource, cached: CachedObject, now: Date): Row {
  const object = servedObject(resource, cached)
  const texts: string[] = []
  const clocks: Clock[] = []
  let text = ''
  columnsOf(resource).forEach((column, i) => {
    if (i > 0) text += ','
    if (column.since !== undefined) {
      texts.push(text)
      text = ''
      clocks.push({ sinceMs: Date.parse(column.since(object) ?? '') })
      return
    }
    const time = new ObservedTime(now)
    const cell = column.cell(object, time)
    if (!time.seen) text += JSON.stringify(cell)
    else {
      texts.push(text)
      text = ''
      clocks.push({ column })
    }
  })
  texts.push(text)
  const metadata = metadataBytes(cached, object)
  const shared = metadata.buffer === cached.json.buffer
  const conditions = rowConditions(resource, object)
  const after = conditions === undefined ? objectMark : `],"conditions":${JSON.stringify(conditions)},"object":`
  const size = texts.reduce((sum, part) => sum + part.length + 16, 200) + clocks.length * 40
  return { texts, clocks, after, metadata, ownBytes: size + (shared ? 0 : metadata.length) }
}

const metadataMark = Buffer.from('"metadata":')

/** The metadata in the cached bytes; written anew where these spell it otherwise. */
function metadataBytes(cached: CachedObject, object: KubeObject): Uint8Array {
  const bytes = asBuffer(cached.json)
  const written = Buffer.from(JSON.stringify(object.metadata ?? {}))
  const start = bytes.indexOf(metadataMark) + metadataMark.length
  const found = bytes.subarray(start, start + written.length)
  return start >= metadataMark.length && written.equals(found) ? found : written
}

function cellsText(row: Row, object: () => KubeObject, now: Date): string {
  let text = row.texts[0] ?? ''
  for (let i = 0; i < row.clocks.length; i++) {
    const clock = row.clocks[i]
    if (clock === undefined) break
    if ('column' in clock) text += JSON.stringify(clock.column.cell(object(), now))
    else text += `"${Number.isNaN(clock.sinceMs) ? '<unknown>' : humanDuration(now.getTime() - clock.sinceMs)}"`
    text += row.texts[i + 1] ?? ''
  }
  return text
}

const objectMark = '],"object":'
const partialOf = (apiVersion: string): string =>
  `{"kind":"PartialObjectMetadata","apiVersion":"${apiVersion}","metadata":`
const brace = Buffer.from('}')
const braces = Buffer.from('}}')

function pushRow(
  pieces: Uint8Array[],
  resource: StoredResource,
  cached: CachedObject,
  options: { include: IncludeObject; now: Date; before: string; partial: string },
): void {
  const { include, now, before, partial } = options
  const row = rows.of(resource.definition, cached, () => makeRow(resource, cached, now))
  const cells = `${before}{"cells":[${cellsText(row, () => servedObject(resource, cached), now)}${row.after}`
  if (include === 'None') pieces.push(Buffer.from(`${cells}null}`))
  else if (include === 'Object') pieces.push(Buffer.from(cells), cached.json, brace)
  else pieces.push(Buffer.from(cells + partial), row.metadata, braces)
}

/** A list's table, in pieces to be sent one after another. The kind is served as it is stored. */
export function tablePieces(
  resource: StoredResource,
  objects: readonly CachedObject[],
  options: { include: IncludeObject; now: Date; metadata: Record<string, unknown>; apiVersion?: string },
): Uint8Array[] {
  const { include, now, apiVersion = 'meta.k8s.io/v1' } = options
  const opening = {
    kind: 'Table',
    apiVersion,
    metadata: options.metadata,
    columnDefinitions: columnDefinitions(resource),
  }
  const pieces: Uint8Array[] = [Buffer.from(`${JSON.stringify(opening).slice(0, -1)},"rows":[`)]
  const partial = partialOf(apiVersion)
  objects.forEach((cached, i) => pushRow(pieces, resource, cached, { include, now, partial, before: i > 0 ? ',' : '' }))
  pieces.push(Buffer.from(']}\n'))
  return pieces
}
