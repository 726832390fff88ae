/** Types from the shapes of built-in kinds, as expressions over them are checked. */
import type { Schema, StructSchema } from '@kapell/openapi/schema/schema'
import { types, type CelType, type Field } from '../types/types.ts'
import { escapeFieldName } from './escape.ts'

const known = new WeakMap<StructSchema, CelType>()

/** Fields are looked at when they are asked for: shapes may contain themselves. */
export function typeOfStruct(schema: StructSchema): CelType {
  let found = known.get(schema)
  if (found === undefined) {
    let fields: ReadonlyMap<string, Field> | undefined
    found = {
      kind: 'object',
      name: schema.name,
      params: [],
      get fields() {
        return (fields ??= fieldsOf(schema))
      },
    }
    known.set(schema, found)
  }
  return found
}

function fieldsOf(schema: StructSchema): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>()
  for (const [jsonName, { schema: own, required }] of schema.fields) {
    const type = typeOf(own)
    const name = escapeFieldName(jsonName)
    if (type !== undefined && name !== undefined) fields.set(name, { type, jsonName, required })
  }
  return fields
}

/** Undefined: checked expressions cannot name it. Quantities are such, since their documents give them no one type. */
function typeOf(schema: Schema): CelType | undefined {
  switch (schema.kind) {
    case 'struct':
      return typeOfStruct(schema)
    case 'list': {
      const items = typeOf(schema.items)
      return items && types.list(items)
    }
    case 'map': {
      const values = typeOf(schema.values)
      return values && types.map(types.string, values)
    }
    case 'string':
      return types.string
    case 'boolean':
      return types.bool
    case 'int32':
    case 'int64':
      return types.int
    case 'number':
      return types.double
    case 'bytes':
      return types.bytes
    case 'time':
    case 'microTime':
      return types.timestamp
    case 'intOrString':
    case 'either':
      return types.dyn
    case 'any':
      return types.object(schema.typeName, new Map())
    case 'quantity':
      return undefined
  }
}
