import { compareVersions } from '../registry/resource-table.ts'

/** One version of a group that another server answers for, as discovery shows it. */
export interface RemoteVersion {
  group: string
  version: string
  groupPriority: number
  versionPriority: number
  /** In the form of aggregated discovery; undefined when nobody could be asked: the version is stale. */
  resources: readonly unknown[] | undefined
}

/** The part of discovery that other servers answer for. */
export interface RemoteGroups {
  /** Counted up at every change. */
  readonly generation: number
  list(): readonly RemoteVersion[]
}

export const noRemoteGroups: RemoteGroups = { generation: 0, list: () => [] }

/** What versions that this server answers itself count, beside others'. */
const localVersionPriority = 100

/** The versions of a group, most liked first: its own in Kubernetes' order, others where their priority puts them. */
export function mergedVersions(own: readonly string[], remote: readonly RemoteVersion[]): string[] {
  if (remote.length === 0) return [...own]
  const priority = new Map(own.map((version) => [version, localVersionPriority]))
  for (const { version, versionPriority } of remote) priority.set(version, versionPriority)
  return [...priority.keys()].sort((a, b) => (priority.get(b) ?? 0) - (priority.get(a) ?? 0) || compareVersions(a, b))
}
