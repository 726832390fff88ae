/** The configuration cannot be used; the message names the field. */
export class ConfigurationError extends Error {}

/** Reads fields of parsed YAML, naming each as `profiles[0].schedulerName` when it is not what it must be. */
export class Fields {
  readonly #object: Readonly<Record<string, unknown>>
  readonly #path: string

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ConfigurationError(`${path === '' ? 'the configuration' : path} must be an object`)
    this.#object = value as Readonly<Record<string, unknown>>
    this.#path = path
  }

  path(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  /** @throws ConfigurationError for any field that is not among them: a misspelt one would silently do nothing. */
  only(...known: string[]): this {
    for (const name of Object.keys(this.#object))
      if (!known.includes(name)) throw new ConfigurationError(`${this.path(name)}: there is no such field`)
    return this
  }

  raw(name: string): unknown {
    return this.#object[name] ?? undefined
  }

  text(name: string): string | undefined {
    const value = this.raw(name)
    if (value !== undefined && typeof value !== 'string')
      throw new ConfigurationError(`${this.path(name)} must be a string`)
    return value
  }

  flag(name: string): boolean | undefined {
    const value = this.raw(name)
    if (value !== undefined && typeof value !== 'boolean')
      throw new ConfigurationError(`${this.path(name)} must be true or false`)
    return value
  }

  integer(name: string, range: { least: number; most: number }): number | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (typeof value !== 'number' || !Number.isInteger(value) || value < range.least || value > range.most)
      throw new ConfigurationError(`${this.path(name)} must be an integer from ${range.least} to ${range.most}`)
    return value
  }

  choice<T extends string>(name: string, among: readonly T[]): T | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const chosen = among.find((one) => one === value)
    if (chosen === undefined) throw new ConfigurationError(`${this.path(name)} must be one of ${among.join(', ')}`)
    return chosen
  }

  /** Empty when absent. */
  list(name: string): Fields[] {
    return this.values(name).map((value, i) => new Fields(value, `${this.path(name)}[${i}]`))
  }

  values(name: string): unknown[] {
    const value = this.raw(name) ?? []
    if (!Array.isArray(value)) throw new ConfigurationError(`${this.path(name)} must be a list`)
    return value as unknown[]
  }

  texts(name: string): string[] {
    return this.values(name).map((value, i) => {
      if (typeof value !== 'string') throw new ConfigurationError(`${this.path(name)}[${i}] must be a string`)
      return value
    })
  }

  object(name: string): Fields | undefined {
    const value = this.raw(name)
    return value === undefined ? undefined : new Fields(value, this.path(name))
  }
}
