/**
 * Extenders' answers as their own languages write them: the case of names does not matter, as it does not to upstream.
 * Unknown names are skipped. Only objects are looked into, and of those only what is named.
 */
export function named(value: unknown, ...names: string[]): Record<string, unknown> {
  const wanted = new Map(names.map((name) => [name.toLowerCase(), name]))
  const found: Record<string, unknown> = {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return found
  for (const [key, one] of Object.entries(value)) {
    const name = wanted.get(key.toLowerCase())
    if (name !== undefined && one !== null) found[name] = one as unknown
  }
  return found
}

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
export const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0)
export const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : []
