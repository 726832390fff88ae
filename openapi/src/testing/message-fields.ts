import { ByteReader } from '../wire/protobuf-bytes.ts'

/** A protobuf message as numbered fields: what any reader sees that knows no types. For tests. */
export function messageFields(bytes: unknown): [number, unknown][] {
  const reader = new ByteReader(bytes as Uint8Array)
  const found: [number, unknown][] = []
  while (!reader.done) {
    const tag = reader.uint32()
    if (tag % 8 === 0) found.push([tag >>> 3, reader.uint32()])
    else if (tag % 8 === 1) found.push([tag >>> 3, reader.double()])
    else found.push([tag >>> 3, reader.data()])
  }
  return found
}

/** The first field at the end of a path of numbers; undefined when there is none. */
export const messageField = (message: unknown, ...path: number[]): unknown =>
  path.reduce((at, number) => messageFields(at).find(([found]) => found === number)?.[1], message)

export const textOf = (value: unknown): string => Buffer.from(value as Uint8Array).toString()
