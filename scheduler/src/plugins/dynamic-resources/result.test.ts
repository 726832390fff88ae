import type { ResourceV1ResourceClaim, V1DeviceClass, V1ResourceSlice } from '@kapell/openapi/types'
import { PoolBook } from '../../devices/pool-book.ts'
import { claim, device, exactly, node, plainSelector, slice } from '../../devices/testing.ts'
import { allocate } from './allocate.ts'
import { requestsOf } from './requests.ts'
import { allocationResult } from './result.ts'
import { SelectorBook } from './selectors.ts'

const opaque = (n: number) => ({ opaque: { driver: 'd.example.com', parameters: { n } } })
const configured: V1DeviceClass = { metadata: { name: 'any' }, spec: { config: [opaque(1)] } }
const inZone = (key: string) => ({
  nodeSelector: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'Exists' }] }] },
})

function resultOf(given: ResourceV1ResourceClaim, slices: V1ResourceSlice[]) {
  const pools = new PoolBook()
  for (const one of slices) pools.set(one)
  const requests = requestsOf(given, () => configured)
  if (typeof requests === 'string') throw new Error(requests)
  const open = { claim: given, key: 'ns/a', requests, constraints: [] }
  const reachable = pools.on({ node: node('n1', { x: '', y: '' }) })
  const found = allocate({
    claims: [open],
    pools: reachable,
    uses: new Map(),
    selectors: new SelectorBook(plainSelector),
  })
  return allocationResult(open, found?.[0] ?? [], 'n1')
}

describe('what the status says of an allocation', () => {
  it('lists devices by request, with the settings of classes first, then those of the claim that concern them', () => {
    const given = claim('a', [exactly('r', { tolerations: [{ key: 'k', operator: 'Exists' }] })])
    given.spec = {
      devices: {
        ...given.spec?.devices,
        config: [{ ...opaque(2), requests: ['r'] }, { ...opaque(3), requests: ['other'] }, opaque(4)],
      },
    }
    expect(resultOf(given, [slice('s', [device('d0')])])).toEqual({
      devices: {
        results: [
          {
            request: 'r',
            driver: 'd.example.com',
            pool: 's',
            device: 'd0',
            tolerations: [{ key: 'k', operator: 'Exists' }],
          },
        ],
        config: [
          { ...opaque(1), source: 'FromClass', requests: ['r'] },
          { ...opaque(2), source: 'FromClaim', requests: ['r'] },
          { ...opaque(4), source: 'FromClaim' },
        ],
      },
      nodeSelector: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
      },
    })
  })

  it.each<[string, Parameters<typeof slice>[2], Parameters<typeof device>[2], unknown]>([
    ['anywhere', { allNodes: true }, {}, undefined],
    ['where its slice says', inZone('x'), {}, inZone('x').nodeSelector],
    [
      'on the node it was chosen for, when it is bound to one',
      { allNodes: true },
      { bindsToNode: true },
      { nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }] },
    ],
  ])('can be used %s', (_where, place, more, expected) => {
    const found = resultOf(claim('a', [exactly('r')]), [slice('s', [device('d0', {}, more)], place)])
    expect(found.nodeSelector).toEqual(expected)
  })

  it('can be used where all of its devices can', () => {
    const slices = [slice('s', [device('d0')], inZone('x')), slice('t', [device('d0')], inZone('y'))]
    const found = resultOf(claim('a', [exactly('r', { count: 2 })]), slices)
    expect(found.nodeSelector?.nodeSelectorTerms).toEqual([
      {
        matchExpressions: [
          { key: 'x', operator: 'Exists' },
          { key: 'y', operator: 'Exists' },
        ],
      },
    ])
  })

  it('says what a share has taken', () => {
    const shared = device(
      'd0',
      {},
      {
        allowMultipleAllocations: true,
        capacity: {
          mem: {
            value: '10Gi',
            requestPolicy: { default: '1Gi', validRange: { min: '1Gi', step: '1Gi', max: '8Gi' } },
          },
          fixed: { value: '7' },
        },
      },
    )
    const given = claim('a', [exactly('r', { capacity: { requests: { mem: '1500Mi' } } })])
    const [result] = resultOf(given, [slice('s', [shared])]).devices?.results ?? []
    expect(result?.consumedCapacity).toEqual({ mem: '2Gi', fixed: '7' })
    expect(result?.shareID).toMatch(/^[0-9a-f-]{36}$/)
  })
})
