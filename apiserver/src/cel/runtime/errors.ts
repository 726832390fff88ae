/** Why an evaluation gave no value. `&&`, `||` and folds may still absorb it. */
export class CelError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CelError'
  }
}

/** The budget is spent: nothing absorbs this one. */
export class CostExceededError extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded')
    this.name = 'CostExceededError'
  }
}

export const noSuchOverload = (): CelError => new CelError('no such overload')
/** No overload of a function takes such values. */
export const noMatchingOverload = (fn: string, types: readonly string[]): CelError =>
  new CelError(`no such overload: ${fn}(${types.join(', ')})`)

export const conversionError = (from: string, to: string): CelError =>
  new CelError(`type conversion error from '${from}' to '${to}'`)
