import { parseApiVersion, type KubeObject } from '@kapell/openapi/meta/object'
import { humanDuration } from '@kapell/openapi/meta/time'
import { column, type Column } from '../../registry/definition.ts'

/** Printer columns and cell texts that many kinds share. Texts as `kubectl get` shows them. */

export const nameColumn: Column<KubeObject> = column('Name', 'string', (o) => o.metadata?.name ?? '', {
  format: 'name',
})

export const ageColumn: Column<KubeObject> = {
  ...column('Age', 'string', (o, now) => timeSince(o.metadata?.creationTimestamp, now)),
  since: (o) => o.metadata?.creationTimestamp,
}

/** "5m", or "<unknown>" without a time. */
export function timeSince(time: string | undefined | null, now: Date): string {
  if (time === undefined || time === null || time === '') return '<unknown>'
  return humanDuration(now.getTime() - Date.parse(time))
}

/** "a=b,c=d" in key order, or "<none>". */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  // Sorted as the pairs that they are written as, not by key: "a.b=" comes before "a=".
  const text = Object.entries(labels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',')
  return text === '' ? '<none>' : text
}

interface LabelSelectorLike {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/** A label selector in its string form; '' selects everything. Requirements are ordered by key. */
export function labelSelectorText(selector: LabelSelectorLike | undefined): string {
  const parts: { key: string; text: string }[] = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => ({
    key,
    text: `${key}=${value}`,
  }))
  for (const { key, operator, values } of selector?.matchExpressions ?? []) {
    const list = `(${[...(values ?? [])].sort().join(',')})`
    const text =
      operator === 'In'
        ? `${key} in ${list}`
        : operator === 'NotIn'
          ? `${key} notin ${list}`
          : operator === 'DoesNotExist'
            ? `!${key}`
            : key
    parts.push({ key, text })
  }
  return parts
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map((part) => part.text)
    .join(',')
}

/** The selector cell: "<none>" when absent or selecting everything. */
export function formatLabelSelector(selector: LabelSelectorLike | undefined): string {
  const text = labelSelectorText(selector)
  return text === '' ? '<none>' : text
}

interface PodSpecLike {
  containers?: { name: string; image?: string }[]
}

/** Containers and Images, shown with -o wide. */
export function containerColumns<T extends KubeObject>(spec: (object: T) => PodSpecLike | undefined): Column<T>[] {
  return [
    column('Containers', 'string', (o) => containersOf(spec(o)).names, { priority: 1 }),
    column('Images', 'string', (o) => containersOf(spec(o)).images, { priority: 1 }),
  ]
}

export function containersOf(spec: PodSpecLike | undefined): { names: string; images: string } {
  const containers = spec?.containers ?? []
  return {
    names: containers.map((c) => c.name).join(','),
    images: containers.map((c) => c.image ?? '').join(','),
  }
}

/** "a,b,c + 2 more...", cut after `max` entries. */
export function listSome(entries: readonly string[], max = 3): string {
  return entries.length > max
    ? `${entries.slice(0, max).join(',')} + ${entries.length - max} more...`
    : entries.join(',')
}

/** "True", "False" or "<unset>". */
export function formatFlag(value: boolean | undefined): string {
  return value === undefined ? '<unset>' : value ? 'True' : 'False'
}

/** "deployment.apps/web": an owner as the Controller cell shows it. */
export function formatOwner(owner: { apiVersion: string; kind: string; name: string } | undefined): string {
  if (owner === undefined) return '<none>'
  const { group } = parseApiVersion(owner.apiVersion)
  return `${owner.kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${owner.name}`
}
