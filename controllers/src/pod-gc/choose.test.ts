import type { V1Pod } from '@kapell/openapi/types'
import { choosePods } from './choose.ts'

const pod = (
  name: string,
  more: { phase?: string; nodeName?: string; deleting?: boolean; created?: string } = {},
): V1Pod => ({
  metadata: {
    name,
    creationTimestamp: more.created ?? '2026-01-01T00:00:00Z',
    ...(more.deleting === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
  },
  spec: { containers: [], ...(more.nodeName === undefined ? {} : { nodeName: more.nodeName }) },
  status: { phase: more.phase ?? 'Running' },
})

describe('choosePods', () => {
  it.each<[string, V1Pod[], string[]]>([
    ['running pods of known nodes stay', [pod('a', { nodeName: 'n' })], []],
    ['pods of nodes that are gone', [pod('a', { nodeName: 'gone' })], ['a orphaned']],
    ['pods deleted before they were placed', [pod('a', { deleting: true })], ['a unscheduled']],
    ['waiting pods stay', [pod('a')], []],
    ['deleted pods of a node out of service', [pod('a', { nodeName: 'out', deleting: true })], ['a out-of-service']],
    ['others of that node stay', [pod('a', { nodeName: 'out' })], []],
    [
      'the oldest ended pods above the threshold',
      ['3', '1', '2'].map((n) => pod(n, { phase: 'Failed', nodeName: 'n', created: `2026-01-0${n}T00:00:00Z` })),
      ['1 terminated'],
    ],
  ])('%s', (_rule, pods, expected) => {
    const nodes = new Map([
      ['n', { metadata: { name: 'n' } }],
      [
        'out',
        {
          metadata: { name: 'out' },
          spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' as const }] },
        },
      ],
    ])
    const chosen = choosePods({ pods, nodes, gone: new Set(['gone']), threshold: 2 })
    expect(chosen.map(({ pod: p, reason }) => `${p.metadata?.name} ${reason}`)).toEqual(expected)
  })
})
