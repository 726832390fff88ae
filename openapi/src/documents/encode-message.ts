import { ByteWriter } from '../wire/protobuf-bytes.ts'

/** Messages by name. field: [number, type], "*" before the type of a repeated one. */
export type Messages = Readonly<Record<string, Readonly<Record<string, readonly [number, string]>>>>

type Ordered = Map<string, [string, readonly [number, string]][]>
const orders = new WeakMap<Messages, Ordered>()

/** Writes a message of plain values, the fields in the order of their numbers; what has no field is left out. */
export function encodeMessage(messages: Messages, type: string, value: Record<string, unknown>): Uint8Array {
  let ordered = orders.get(messages)
  if (ordered === undefined) orders.set(messages, (ordered = new Map()))
  const out = new ByteWriter()
  write({ out, messages, ordered }, type, value)
  return out.finish()
}

interface Writing {
  out: ByteWriter
  messages: Messages
  ordered: Ordered
}

function write(writing: Writing, type: string, value: Record<string, unknown>): void {
  for (const [field, [number, is]] of descending(writing, type)) {
    const content = value[field]
    if (content === undefined) continue
    if (!is.startsWith('*')) writeField(writing, { number, type: is }, content)
    // The writer goes from the end to the front.
    else
      for (const each of (content as unknown[]).toReversed()) writeField(writing, { number, type: is.slice(1) }, each)
  }
}

function writeField(writing: Writing, { number, type }: { number: number; type: string }, value: unknown): void {
  const { out } = writing
  if (type === 'string') return out.stringField(number, String(value))
  if (type === 'bool') return out.varintField(number, value === true ? 1 : 0)
  if (type === 'int64') return out.varintField(number, value as number)
  if (type === 'double') {
    out.double(value as number)
    return out.tag(number, 1)
  }
  const before = out.length
  write(writing, type, value as Record<string, unknown>)
  out.close(number, before)
}

function descending({ messages, ordered }: Writing, type: string): [string, readonly [number, string]][] {
  const known = ordered.get(type)
  if (known !== undefined) return known
  const fields = Object.entries(messages[type] ?? {}).sort(([, [a]], [, [b]]) => b - a)
  ordered.set(type, fields)
  return fields
}
