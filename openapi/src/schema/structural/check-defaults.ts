import { invalid, type FieldError, type FieldPath } from '../../meta/field-errors.ts'
import { isJsonObject, type JsonSchema } from './json-schema.ts'
import { defaultCustomResource, pruneCustomResource } from './prune.ts'
import { validateCustomResource } from './validate.ts'

/** A default must be what the schema itself would accept, with nothing in it that would be pruned. */
export function checkDefault(options: {
  schema: JsonSchema
  at: FieldPath
  errors: FieldError[]
  isResource: boolean
}): void {
  const { schema, at, errors, isResource } = options
  const value = structuredClone(schema.default)
  if (value === null) return
  // The default as a member, so that pruning does not take its own apiVersion, kind and metadata for granted.
  const holder: JsonSchema = {
    type: 'object',
    properties: { value: { ...schema, 'x-kubernetes-embedded-resource': isResource } },
  }
  const pruned = pruneCustomResource(holder, { value })
  if (pruned.removed.length > 0) {
    errors.push(invalid(at, schema.default, 'must not have unknown fields'))
    return
  }
  defaultCustomResource(holder, pruned.object)
  for (const error of validateCustomResource(holder, pruned.object)) {
    const inner = error.field.replace(/^value\.?/, '')
    errors.push({
      ...error,
      field: inner === '' ? at.text : inner.startsWith('[') ? `${at.text}${inner}` : `${at.text}.${inner}`,
      detail: error.detail.replace(/^value(\.?)/, isJsonObject(value) ? '$1' : ''),
    })
  }
}
