import { forbidden, invalid, notSupported, required, type FieldError, type FieldPath } from '../../meta/field-errors.ts'
import { itemSchema, type JsonSchema } from './json-schema.ts'

/** What x-kubernetes-list-type, -list-map-keys and -map-type demand of the schema that they stand in. */
export function checkListTypes(schema: JsonSchema, at: FieldPath, errors: FieldError[]): void {
  checkMapType(schema, at, errors)
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  if (listType === undefined) {
    if (keys.length > 0) {
      const why = 'must be map if x-kubernetes-list-map-keys is non-empty'
      errors.push(required(at.child('x-kubernetes-list-type'), why))
    }
    return
  }
  mustBeType(schema, 'array', 'x-kubernetes-list-type', at, errors)
  if (!['atomic', 'set', 'map'].includes(listType)) {
    // The original lists these in this order, unsorted.
    errors.push({
      ...notSupported(at.child('x-kubernetes-list-type'), listType, []),
      detail: 'supported values: "atomic", "set", "map"',
    })
  }
  const items = itemSchema(schema)
  if (listType === 'set' && items !== undefined) checkSetItems(items, at.child('items'), errors)
  if (listType === 'map') checkMapKeys(schema, keys, at, errors)
}

function mustBeType(schema: JsonSchema, type: string, because: string, at: FieldPath, errors: FieldError[]): void {
  if (schema.type === type) return
  const why = `must be ${type} if ${because} is specified`
  errors.push(
    (schema.type ?? '') === '' ? required(at.child('type'), why) : invalid(at.child('type'), schema.type, why),
  )
}

function checkMapType(schema: JsonSchema, at: FieldPath, errors: FieldError[]): void {
  const mapType = schema['x-kubernetes-map-type']
  if (mapType === undefined) return
  mustBeType(schema, 'object', 'x-kubernetes-map-type', at, errors)
  if (mapType !== 'atomic' && mapType !== 'granular') {
    errors.push(notSupported(at.child('x-kubernetes-map-type'), mapType, ['atomic', 'granular']))
  }
}

/** Items of a set are compared as a whole, so they must be scalars or atomic. */
function checkSetItems(items: JsonSchema, at: FieldPath, errors: FieldError[]): void {
  if (items.nullable === true) {
    errors.push(forbidden(at.child('nullable'), 'cannot be nullable when x-kubernetes-list-type is set'))
  }
  const whole = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    errors.push(invalid(at.child('x-kubernetes-map-type'), items['x-kubernetes-map-type'] ?? null, whole))
  }
  const listType = items['x-kubernetes-list-type']
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic') {
    errors.push(invalid(at.child('x-kubernetes-list-type'), listType, whole))
  }
}

function checkMapKeys(schema: JsonSchema, keys: string[], at: FieldPath, errors: FieldError[]): void {
  const where = at.child('x-kubernetes-list-map-keys')
  if (keys.length === 0) errors.push(required(where, 'must not be empty if x-kubernetes-list-type is map'))
  const items = itemSchema(schema)
  if (items === undefined) {
    errors.push(required(at.child('items'), 'must have a schema if x-kubernetes-list-type is map'))
    return
  }
  if (items.type !== 'object') {
    const why = "must be object if parent array's x-kubernetes-list-type is map"
    errors.push(invalid(at.child('items', 'type'), items.type, why))
    return
  }
  if (new Set(keys).size < keys.length) errors.push(invalid(where, keys, 'must not contain duplicate entries'))
  if (items.nullable === true) {
    const why = 'cannot be nullable when x-kubernetes-list-type is map'
    errors.push(forbidden(at.child('items', 'nullable'), why))
  }
  const properties = items.properties ?? {}
  for (const key of keys) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined
    const place = at.child('items', 'properties').key(key)
    if (property === undefined) {
      errors.push(invalid(where, keys, 'entries must all be names of item properties'))
      continue
    }
    if (property.type === 'array' || property.type === 'object') {
      const why = "must be a scalar type if parent array's x-kubernetes-list-type is map"
      errors.push(invalid(place.child('type'), property.type, why))
    }
    if (property.nullable === true) {
      const why = 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'
      errors.push(forbidden(place.child('nullable'), why))
    }
    if (property.default === undefined && items.required?.includes(key) !== true) {
      const why = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
      errors.push(required(place.child('default'), why))
    }
  }
}
