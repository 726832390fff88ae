import { invalid } from '@kapell/openapi/meta/field-errors'
import type { GroupVersionKind, KubeObject } from '@kapell/openapi/meta/object'
import { apiVersionOf } from '@kapell/openapi/meta/object'
import { badRequest, invalidObject } from '@kapell/openapi/meta/status'
import { decodeStruct } from '@kapell/openapi/schema/decode'
import { memberProblems } from '@kapell/openapi/schema/duplicates'
import { DecodeError } from '@kapell/openapi/schema/problems'
import { objectMetaSchema } from '@kapell/openapi/schema/registry'
import { customResourceSchema } from '@kapell/openapi/schema/structural/custom-schema'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import { defaultCustomResource, pruneCustomResource } from '@kapell/openapi/schema/structural/prune'
import type { CustomShape } from '../registry/definition.ts'

/** An object that an older schema let in, as this one has it: pruned and defaulted, in a copy. */
export function repaired(schema: JsonSchema, stored: KubeObject): KubeObject {
  const { object } = pruneCustomResource(schema, stored as KubeObject & Record<string, unknown>)
  defaultCustomResource(schema, object)
  return object as KubeObject
}

/** How objects of a custom kind are read: pruned by their schema, then defaulted. */
export function customShape(gvk: GroupVersionKind, schema: JsonSchema, preserve: boolean): CustomShape {
  const apiVersion = apiVersionOf(gvk)
  return {
    jsonSchema: schema,
    schema: customResourceSchema(schema, gvk.kind),
    decode(value, options) {
      const given = value as KubeObject & Record<string, unknown>
      if (given.apiVersion !== apiVersion) {
        throw badRequest(
          `the API version in the data (${given.apiVersion ?? ''}) does not match the expected API version (${apiVersion})`,
        )
      }
      if (given.kind !== undefined && given.kind !== gvk.kind) {
        throw invalidObject({ group: gvk.group, kind: given.kind }, given.metadata?.name, [
          invalid('kind', given.kind, `must be ${gvk.kind}`),
        ])
      }
      const pruned = preserve ? { object: structuredClone(given), removed: [] } : pruneCustomResource(schema, given)
      const object = pruned.object as KubeObject & Record<string, unknown>
      object.apiVersion = apiVersion
      object.kind = gvk.kind
      const metadata = decodeStruct(objectMetaSchema(), object.metadata ?? {})
      object.metadata = metadata.value as NonNullable<KubeObject['metadata']>
      defaultCustomResource(schema, object, options)
      if (options.unknownFields === 'ignore') return { object, unknown: [] }
      const removed = [...metadata.unknown.map((path) => `metadata.${path}`), ...pruned.removed]
      const told = [
        ...(options.problems ?? []),
        ...(options.text === undefined
          ? removed.map((path) => `unknown field ${JSON.stringify(path)}`)
          : [
              ...memberProblems(options.text),
              ...removed.sort().map((path) => `unknown field ${JSON.stringify(path)}`),
            ]),
      ]
      if (options.unknownFields === 'strict' && told.length > 0) {
        throw new DecodeError(`strict decoding error: ${told.join(', ')}`)
      }
      return { object, unknown: told }
    },
  }
}
