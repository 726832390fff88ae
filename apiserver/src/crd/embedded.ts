import type { FieldError } from '@kapell/openapi/meta/field-errors'
import { pathSegmentName } from '@kapell/openapi/meta/names'
import type { ObjectMeta } from '@kapell/openapi/meta/object'
import {
  isEmbedded,
  isJsonObject,
  itemSchema,
  memberSchema,
  type JsonSchema,
} from '@kapell/openapi/schema/structural/json-schema'
import { customMetadata } from '../registry/metadata-rules.ts'
import { validateMetadata } from '../registry/metadata-validation.ts'

/** The metadata of whole objects inside of a custom resource follows the rules of all metadata. */

const maxErrors = 100

/** `schema` and `value` are those of the resource itself, whose own metadata is somebody else's business. */
export function embeddedMetadataErrors(schema: JsonSchema, value: unknown): FieldError[] {
  const errors: FieldError[] = []
  const visit = (at: JsonSchema, one: unknown, path: string): void => {
    if (errors.length >= maxErrors) return
    if (Array.isArray(one)) {
      const item = itemSchema(at)
      if (item !== undefined) one.forEach((inner, i) => visit(item, inner, `${path}[${i}]`))
    } else if (isJsonObject(one)) {
      if (path !== '' && isEmbedded(at) && isJsonObject(one['metadata'])) {
        const found = validateMetadata(one['metadata'] as ObjectMeta, {
          namespaced: (one['metadata'] as ObjectMeta).namespace !== undefined,
          rules: customMetadata,
          validateName: pathSegmentName,
        })
        // A name is not needed here.
        const wrong = found.filter(({ type }) => type !== 'FieldValueRequired')
        for (const error of wrong) errors.push({ ...error, field: `${path}.${error.field}` })
      }
      for (const [key, inner] of Object.entries(one)) {
        const member = memberSchema(at, key)
        if (member !== undefined && member !== true) visit(member, inner, path === '' ? key : `${path}.${key}`)
      }
    }
  }
  visit(schema, value, '')
  return errors
}
