/**
 * Why a value does not decode, in the words clients of the API know. The caller decides which Status carries it:
 * `decodeObject` says 400, a patch whose result does not decode 422.
 */
export class DecodeError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'DecodeError'
  }
}

/** "string", "number 1.5", "object": how errors call the JSON value that was found. */
export function foundName(value: unknown, withNumber = false): string {
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

export interface PlaceOfProblem {
  /** The struct that is being read; undefined at the top of a document. */
  struct: string | undefined
  /** Field names from the top, list indexes left out. */
  path: readonly (string | number)[]
}

export function typeProblem(found: string, typeName: string, at: PlaceOfProblem): DecodeError {
  const fields = at.path.filter((step) => typeof step === 'string')
  const into = at.struct === undefined ? 'Go value' : `Go struct field ${[at.struct, ...fields].join('.')}`
  return new DecodeError(`json: cannot unmarshal ${found} into ${into} of type ${typeName}`)
}

/** ["spec", "volumes", 0, "nope"] -> "spec.volumes[0].nope". */
export function pathText(path: readonly (string | number)[]): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else text += text === '' ? step : `.${step}`
  }
  return text
}
