/** A fact table groups names by package to stay short: `{'io.k8s.api.core.v1': 'PodSpec.a PodSpec.b'}`. */
export function namesIn(table: Record<string, string>): Set<string> {
  return new Set(
    Object.entries(table).flatMap(([pkg, names]) =>
      names
        .trim()
        .split(/\s+/)
        .map((name) => `${pkg}.${name}`),
    ),
  )
}

/** `{'io.k8s.api.core.v1': {'PodSpec.a': 'x'}}` as a map from the full name. */
export function valuesIn<V>(table: Record<string, Record<string, V>>): Map<string, V> {
  return new Map(
    Object.entries(table).flatMap(([pkg, values]) =>
      Object.entries(values).map(([name, value]) => [`${pkg}.${name}`, value] as const),
    ),
  )
}
