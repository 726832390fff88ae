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
