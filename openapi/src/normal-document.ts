/** OpenAPI documents of both versions without what says nothing to a machine, for comparing. */
export type Json = Record<string, unknown>

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const asObject = (value: unknown): Json => (isObject(value) ? value : {})

/** Removes texts, follows references to shared parameters, and sorts what has no order. */
function normal(value: unknown, shared: Json, inProperties = false): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => normal(item, shared))
    return items.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
  }
  if (!isObject(value)) return value
  const ref = value['$ref']
  if (typeof ref === 'string' && ref.startsWith('#/parameters/')) return normal(shared[ref.slice(13)], shared)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => inProperties || key !== 'description' || isObject(inner))
      .map(([key, inner]) => [key, normal(inner, shared, key === 'properties')]),
  )
}

function sortKey(value: unknown): string {
  const { name, in: place } = asObject(value)
  return typeof name === 'string' ? `${String(place)} ${name}` : JSON.stringify(value)
}

/** A document without texts and the order of lists that have none; shared parameters are put where they are used. */
export function normalDocument(document: Json): Json {
  const { parameters, ...rest } = document
  return normal(rest, asObject(parameters)) as Json
}
