/**
 * What expressions of mutating policies make: `Object{…}` for an apply configuration, `[JSONPatch{…}]` for a patch.
 * Source: the Kubernetes documentation, "Mutating Admission Policy".
 */
import { fixed } from '../library/costs.ts'
import { declare } from '../library/declare.ts'
import { CelError } from '../runtime/errors.ts'
import { jsonFromCel } from '../schema/json-values.ts'
import { types, type CelType } from '../types/types.ts'
import { ListValue, MapValue, StructValue, type Value } from '../values/collections.ts'

const field = (jsonName: string, type: CelType): [string, { type: CelType; jsonName: string; required: boolean }] => [
  jsonName,
  { type, jsonName, required: false },
]
const open = (name: string): CelType => ({ ...types.object(name, new Map()), open: true })

export const objectType = open('Object')
const patchType = types.object(
  'JSONPatch',
  new Map([
    field('op', types.string),
    field('path', types.string),
    field('from', types.string),
    field('value', types.dyn),
  ]),
)
export const patchesType = types.list(patchType)

/** `Object`, `Object.spec` and so on by the way to the field, each with any fields; and `JSONPatch`. */
export function patchStructs(name: string): CelType | undefined {
  if (name === 'JSONPatch') return patchType
  if (name === 'Object') return objectType
  return name.startsWith('Object.') ? open(name) : undefined
}

export const patchLibrary = declare({
  'jsonpatch.escapeKey(string): string': {
    call: (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'),
    cost: fixed(1),
    resultSize: ([size = 0]) => size * 2,
  },
})

/** The first object whose type is not named by its way from the root; undefined when all are. */
export function typeMismatch(value: Value, path = 'Object'): string | undefined {
  if (value instanceof StructValue) {
    if (value.typeName !== path) {
      return `unexpected type name "${value.typeName}", expected "${path}", which matches field name path from root Object type`
    }
    for (const key of value.keys()) {
      const found = typeMismatch(value.get(String(key)) ?? null, `${path}.${String(key)}`)
      if (found !== undefined) return found
    }
  } else if (value instanceof ListValue) {
    for (const item of value) {
      const found = typeMismatch(item, path)
      if (found !== undefined) return found
    }
  }
  return undefined
}

export interface PatchOperation {
  readonly op: string
  readonly path: string
  readonly from?: string
  readonly value?: unknown
}

/** Throws {@link CelError} for what is not JSON. */
export function operationsOf(value: Value): PatchOperation[] {
  if (!(value instanceof ListValue)) throw new CelError('no such overload')
  return [...value].map((one) => {
    if (!(one instanceof MapValue)) throw new CelError('no such overload')
    const text = (name: string): string => {
      const given = one.get(name)
      return typeof given === 'string' ? given : ''
    }
    const op = text('op')
    const moves = op === 'copy' || op === 'move'
    return {
      op,
      path: text('path'),
      ...(moves ? { from: text('from') } : {}),
      // An operation without a value sets null.
      ...(op === 'remove' || moves ? {} : { value: jsonFromCel(one.get('value') ?? null) }),
    }
  })
}
