import { WrittenNumber } from '../wire/written-number.ts'
import type { FieldStep } from './schema.ts'

/**
 * Why a value does not decode, in the words clients of the API know. The caller decides which Status carries it:
 * `decodeObject` says 400, a patch whose result does not decode 422.
 */
export class DecodeError extends Error {
  /** The same for the result of a strategic merge patch, which is not read from JSON. */
  readonly restored: string
  constructor(message: string, restored = message) {
    super(message)
    this.name = 'DecodeError'
    this.restored = restored
  }
}

/** "string", "number 1.5", "object": how errors call the JSON value that was found. */
export function foundName(value: unknown, withNumber = false): string {
  if (value instanceof WrittenNumber) return withNumber ? `number ${value.source}` : 'number'
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
    case 'bigint':
      return withNumber ? `number ${String(value)}` : 'number'
    case 'boolean':
      return 'bool'
    default:
      return Array.isArray(value) ? 'array' : value === null ? 'null' : 'object'
  }
}

export type Step = string | number | FieldStep

export interface PlaceOfProblem {
  /** The struct that is being read; undefined at the top of a document. */
  struct: string | undefined
  /** From the top; errors leave list indexes out. */
  path: readonly Step[]
}

/** The value that was found, and the kind of schema that it does not fit. */
export interface Misfit {
  value: unknown
  kind: string
}

export function typeProblem(found: string, typeName: string, at: PlaceOfProblem, misfit?: Misfit): DecodeError {
  const fields = at.path.flatMap((step) =>
    typeof step === 'object' ? step.fields : typeof step === 'string' ? step : [],
  )
  const into = at.struct === undefined ? 'Go value' : `Go struct field ${[at.struct, ...fields].join('.')}`
  const restored =
    misfit === undefined ? `json: cannot unmarshal ${found} into Go value of type ${typeName}` : restoreProblem(misfit)
  return new DecodeError(`json: cannot unmarshal ${found} into ${into} of type ${typeName}`, restored)
}

const goKinds: Readonly<Record<string, string>> = { boolean: 'bool', number: 'float64' }

function restoreProblem({ value, kind }: Misfit): string {
  const found = kindOf(value)
  if (kind === 'struct') return `cannot restore struct from: ${found}`
  if (kind === 'map') return `cannot restore map from ${found}`
  if (kind === 'list' || kind === 'bytes') return `cannot restore slice from ${found}`
  const wanted = goKinds[kind] ?? kind
  return typeof value === 'number' ? numberProblem(found, wanted) : `unrecognized type: ${wanted}`
}

const numberProblem = (found: string, wanted: string): string =>
  wanted === 'bool' ? `unrecognized type: ${wanted}` : `cannot convert ${found} to ${wanted}`

function kindOf(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'string' : Array.isArray(value) ? 'slice' : 'map'
}

/** ["spec", "volumes", 0, "nope"] -> "spec.volumes[0].nope". */
export function pathText(path: readonly Step[]): string {
  let text = ''
  for (const given of path) {
    const step = typeof given === 'object' ? given.name : given
    if (typeof step === 'number') text += `[${step}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}
