import type { Field, ScalarKind, Schema, StructSchema } from './schema.ts'

/** The fields of a struct that are written even when absent; found once a struct. */
const writtenFields = new WeakMap<StructSchema, readonly Field[]>()

export function fieldsAlwaysWritten(struct: StructSchema): readonly Field[] {
  let fields = writtenFields.get(struct)
  if (fields === undefined) {
    fields = [...struct.fields.values()].filter((field) => field.whenAbsent !== 'omit')
    writtenFields.set(struct, fields)
  }
  return fields
}

const scalarZeros: Record<ScalarKind, unknown> = {
  string: '',
  boolean: false,
  int32: 0,
  int64: 0,
  number: 0,
  bytes: null,
  time: null,
  microTime: null,
  quantity: '0',
  intOrString: 0,
  any: null,
}

/** What is written for a value that was never given; a struct as a fresh object. */
export function zeroOf(schema: Schema): unknown {
  switch (schema.kind) {
    case 'list':
    case 'map':
    case 'either':
      return null
    case 'struct': {
      const zero: Record<string, unknown> = {}
      for (const field of fieldsAlwaysWritten(schema)) {
        zero[field.name] = field.whenAbsent === 'null' ? null : zeroOf(field.schema)
      }
      return zero
    }
    default:
      return scalarZeros[schema.kind]
  }
}

export function isZeroScalar(value: unknown): boolean {
  return value === '' || value === 0 || value === false
}
