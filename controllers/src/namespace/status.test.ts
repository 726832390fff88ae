import type { ContentResult } from './content.ts'
import { deletionConditions } from './status.ts'

const now = new Date('2026-01-01T00:00:00Z')
const content = (more: Partial<ContentResult> = {}): ContentResult => ({
  remaining: new Map(),
  finalizers: new Map(),
  failures: [],
  found: false,
  ...more,
})
const told = (discovery: string[], result: ContentResult) =>
  Object.fromEntries(
    deletionConditions({}, discovery, result, now).map(({ type, status, reason, message }) => [
      type.replace('Namespace', ''),
      `${status} ${reason}: ${message}`,
    ]),
  )

describe('why a namespace is still there', () => {
  it('nothing holds it', () => {
    expect(told([], content())).toEqual({
      DeletionDiscoveryFailure: 'False ResourcesDiscovered: All resources successfully discovered',
      DeletionGroupVersionParsingFailure: 'False ParsedGroupVersions: All legacy kube types successfully parsed',
      DeletionContentFailure: 'False ContentDeleted: All content successfully deleted, may be waiting on finalization',
      ContentRemaining: 'False ContentRemoved: All content successfully removed',
      FinalizersRemaining: 'False ContentHasNoFinalizers: All content-preserving finalizers finished',
    })
  })
  it.each([
    [
      'content that is left',
      content({
        remaining: new Map([
          ['pods.', 2],
          ['deployments.apps', 1],
        ]),
      }),
      'ContentRemaining',
      'True SomeResourcesRemain: Some resources are remaining: deployments.apps has 1 resource instances, pods. has 2 resource instances',
    ],
    [
      'finalizers',
      content({ finalizers: new Map([['example.com/hold', 1]]) }),
      'FinalizersRemaining',
      'True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
    ],
  ])('%s', (_, result, type, expected) => expect(told([], result)[type]).toBe(expected))
  it('a condition that stays keeps its time', () => {
    const first = deletionConditions({}, [], content(), now)
    const later = deletionConditions({ status: { conditions: first } }, [], content(), new Date('2026-01-01T01:00:00Z'))
    expect(later).toEqual(first)
  })
})
