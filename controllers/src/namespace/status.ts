import { rfc3339 } from '@kapell/openapi/meta/time'
import type { V1Namespace, V1NamespaceCondition } from '@kapell/openapi/types'
import { withCondition } from '../shared/conditions.ts'
import type { ContentResult } from './content.ts'

/** Why a namespace is still there, as `kubectl describe namespace` shows it. */
export function deletionConditions(
  namespace: V1Namespace,
  discoveryFailures: readonly string[],
  content: ContentResult,
  now: Date,
): V1NamespaceCondition[] {
  const lastTransitionTime = rfc3339(now)
  const rows: { type: string; bad: string | undefined; reasons: [bad: string, good: string]; good: string }[] = [
    {
      type: 'NamespaceDeletionDiscoveryFailure',
      bad:
        discoveryFailures.length === 0
          ? undefined
          : `Discovery failed for some groups, ${discoveryFailures.length} failing: ${discoveryFailures.join(', ')}`,
      reasons: ['DiscoveryFailed', 'ResourcesDiscovered'],
      good: 'All resources successfully discovered',
    },
    {
      type: 'NamespaceDeletionGroupVersionParsingFailure',
      bad: undefined,
      reasons: ['GroupVersionParsingFailed', 'ParsedGroupVersions'],
      good: 'All legacy kube types successfully parsed',
    },
    {
      type: 'NamespaceDeletionContentFailure',
      bad:
        content.failures.length === 0
          ? undefined
          : `Failed to delete all resource types, ${content.failures.length} remaining: ${[...content.failures].sort().join(', ')}`,
      reasons: ['ContentDeletionFailed', 'ContentDeleted'],
      good: 'All content successfully deleted, may be waiting on finalization',
    },
    {
      type: 'NamespaceContentRemaining',
      bad: told('Some resources are remaining', content.remaining, (name, n) => `${name} has ${n} resource instances`),
      reasons: ['SomeResourcesRemain', 'ContentRemoved'],
      good: 'All content successfully removed',
    },
    {
      type: 'NamespaceFinalizersRemaining',
      bad: told(
        'Some content in the namespace has finalizers remaining',
        content.finalizers,
        (name, n) => `${name} in ${n} resource instances`,
      ),
      reasons: ['SomeFinalizersRemain', 'ContentHasNoFinalizers'],
      good: 'All content-preserving finalizers finished',
    },
  ]
  let conditions: V1NamespaceCondition[] = namespace.status?.conditions ?? []
  for (const { type, bad, reasons, good } of rows)
    conditions = withCondition(conditions, {
      type,
      status: bad === undefined ? 'False' : 'True',
      reason: bad === undefined ? reasons[1] : reasons[0],
      message: bad ?? good,
      lastTransitionTime,
    })
  return conditions
}

function told(
  intro: string,
  counts: ReadonlyMap<string, number>,
  text: (name: string, count: number) => string,
): string | undefined {
  if (counts.size === 0) return undefined
  const parts = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => text(name, count))
  return `${intro}: ${parts.join(', ')}`
}
