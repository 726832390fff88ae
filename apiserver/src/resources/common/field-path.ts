/** Field paths of the downward API, such as "metadata.labels['a']". Source: "Downward API", "Available fields". */

/** What a field reference may name at all; those that change with time cannot go into the environment. */
const convertible = new Set([
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
])

export interface Subscripted {
  path: string
  /** The part between the brackets, without quotes. */
  subscript?: string
}

export function splitSubscript(fieldPath: string): Subscripted {
  const match = /^(.*)\['(.*)'\]$/.exec(fieldPath)
  return match?.[1] === undefined ? { path: fieldPath } : { path: match[1], subscript: match[2] ?? '' }
}

export const isConvertible = (path: string): boolean => convertible.has(path)
