/** A failure the user can act on: its message is one line saying what to do; no stack trace is shown. */
export class UserError extends Error {
  /** The process' exit code. */
  readonly exitCode: number
  constructor(message: string, options: { exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'UserError'
    this.exitCode = options.exitCode ?? 1
  }
}
