import type { ResourceV1ResourceClaim, V1DeviceClass, V1ResourceSlice } from '@kapell/openapi/types'
import { PoolBook } from '../../devices/pool-book.ts'
import { anyClass, claim, device, exactly, node, plainSelector, selecting, slice } from '../../devices/testing.ts'
import { UseBook } from '../../devices/use-book.ts'
import { allocate, preference, type Allocation } from './allocate.ts'
import { requestsOf, type ClaimToAllocate } from './requests.ts'
import { allocationResult } from './result.ts'
import { SelectorBook } from './selectors.ts'

interface Given {
  slices: V1ResourceSlice[]
  claims: ResourceV1ResourceClaim[]
  classes?: V1DeviceClass[]
  /** Claims that have been given devices before. */
  before?: ResourceV1ResourceClaim[]
  on?: string
  maxSteps?: number
}

function open(given: ResourceV1ResourceClaim, classes: readonly V1DeviceClass[] = [anyClass]): ClaimToAllocate {
  const requests = requestsOf(given, (name) => classes.find(({ metadata }) => metadata?.name === name))
  if (typeof requests === 'string') throw new Error(requests)
  return {
    claim: given,
    key: `ns/${given.metadata?.name ?? ''}`,
    requests,
    constraints: given.spec?.devices?.constraints ?? [],
  }
}

function run({ slices, claims, classes, before = [], on = 'n1', maxSteps }: Given): Allocation | undefined {
  const pools = new PoolBook()
  for (const one of slices) pools.set(one)
  const book = new UseBook()
  for (const one of before) {
    const found = run({ slices, claims: [one], ...(classes === undefined ? {} : { classes }), on })
    book.take(one.metadata?.name ?? '', allocationResult({ claim: one }, found?.[0] ?? [], on))
  }
  return allocate({
    claims: claims.map((one) => open(one, classes)),
    pools: pools.on({ node: node(on, { zone: on === 'n1' ? 'a' : 'b' }) }),
    uses: book.uses,
    selectors: new SelectorBook(plainSelector),
    ...(maxSteps === undefined ? {} : { maxSteps }),
  })
}

/** "request:pool/device" of all that was found, or "nothing". */
function show(found: Allocation | undefined): string {
  if (found === undefined) return 'nothing'
  return found
    .map((picked) => picked.map((one) => `${one.ask.name}:${one.device.pool.name}/${one.device.device.name}`).join(' '))
    .join('; ')
}

const two = slice('s', [device('d0'), device('d1')])
const numbered = slice('s', [
  device('d0', { numa: 0 }),
  device('d1', { numa: 1 }),
  device('d2', { numa: 1 }),
  device('d3'),
])
const counters = (mem: string) => ({ mem: { value: mem } })
const eating = (mem: string) => ({ consumesCounters: [{ counterSet: 'g', counters: counters(mem) }] })
const partitions = slice(
  's',
  [
    device('whole', {}, eating('10Gi')),
    device('h0', {}, eating('5Gi')),
    device('h1', {}, eating('5Gi')),
    device('h2', {}, eating('5Gi')),
  ],
  {
    sharedCounters: [{ name: 'g', counters: counters('10Gi') }],
  },
)
const shareable = slice('s', [
  device(
    'd0',
    { i: 0 },
    { allowMultipleAllocations: true, capacity: { mem: { value: '10Gi', requestPolicy: { default: '1Gi' } } } },
  ),
  device(
    'd1',
    { i: 1 },
    { allowMultipleAllocations: true, capacity: { mem: { value: '10Gi', requestPolicy: { default: '1Gi' } } } },
  ),
])
const wanting = (mem: string) => ({ capacity: { requests: { mem } } })
const tainted = slice('s', [
  device('d0', {}, { taints: [{ key: 'k', value: 'v', effect: 'NoSchedule' }] }),
  device('d1', {}, { taints: [{ key: 'k', effect: 'None' }] }),
])
const firstOf = (...alternatives: string[]) => ({
  name: 'r',
  firstAvailable: alternatives.map((expression, i) => ({
    name: `a${i}`,
    deviceClassName: 'any',
    allocationMode: 'ExactCount',
    count: i + 1,
    ...selecting(expression),
  })),
})

describe('which devices a claim gets', () => {
  it.each<[string, Given, string]>([
    ['the first that are free', { slices: [two], claims: [claim('a', [exactly('r')])] }, 'r:s/d0'],
    ['as many as asked', { slices: [two], claims: [claim('a', [exactly('r', { count: 2 })])] }, 'r:s/d0 r:s/d1'],
    ['none when they are too few', { slices: [two], claims: [claim('a', [exactly('r', { count: 3 })])] }, 'nothing'],
    [
      'not what others have',
      { slices: [two], before: [claim('b', [exactly('r')])], claims: [claim('a', [exactly('r')])] },
      'r:s/d1',
    ],
    [
      'each claim of a pod its own',
      { slices: [two], claims: [claim('a', [exactly('r')]), claim('b', [exactly('r')])] },
      'r:s/d0; r:s/d1',
    ],
    [
      'those that the selector likes',
      { slices: [numbered], claims: [claim('a', [exactly('r', selecting('numa=1'))])] },
      'r:s/d1',
    ],
    [
      'those that the class likes as well',
      {
        slices: [numbered],
        classes: [{ metadata: { name: 'any' }, spec: selecting('numa=1') }],
        claims: [claim('a', [exactly('r', { count: 2 })])],
      },
      'r:s/d1 r:s/d2',
    ],
    [
      'a first choice is given up when it leaves nothing for a later request',
      { slices: [numbered], claims: [claim('a', [exactly('r'), exactly('q', selecting('numa=0'))])] },
      'r:s/d1 q:s/d0',
    ],
    [
      'all that match',
      { slices: [numbered], claims: [claim('a', [exactly('r', { allocationMode: 'All', ...selecting('numa=1') })])] },
      'r:s/d1 r:s/d2',
    ],
    [
      'all or nothing, when one is taken',
      {
        slices: [two],
        before: [claim('b', [exactly('r')])],
        claims: [claim('a', [exactly('r', { allocationMode: 'All' })])],
      },
      'nothing',
    ],
    [
      'all of none is nothing',
      { slices: [two], claims: [claim('a', [exactly('r', { allocationMode: 'All', ...selecting('x=y') })])] },
      'nothing',
    ],
    [
      'administrators look at what others use',
      {
        slices: [two],
        before: [claim('b', [exactly('r', { count: 2 })])],
        claims: [claim('a', [exactly('r', { allocationMode: 'All', adminAccess: true })])],
      },
      'r:s/d0 r:s/d1',
    ],
    [
      'and take nothing from anybody',
      {
        slices: [two],
        before: [claim('b', [exactly('r', { count: 2, adminAccess: true })])],
        claims: [claim('a', [exactly('r', { count: 2 })])],
      },
      'r:s/d0 r:s/d1',
    ],
    [
      'of one value, and only those that have it',
      {
        slices: [numbered],
        claims: [claim('a', [exactly('r', { count: 2 })], [{ matchAttribute: 'd.example.com/numa' }])],
      },
      'r:s/d1 r:s/d2',
    ],
    [
      'of one value, which so many do not have',
      {
        slices: [numbered],
        claims: [claim('a', [exactly('r', { count: 3 })], [{ matchAttribute: 'd.example.com/numa' }])],
      },
      'nothing',
    ],
    [
      'of different values, in the requests named',
      {
        slices: [slice('s', [device('d0', { i: 0 }), device('d1', { i: 0 }), device('d2', { i: 1 })])],
        claims: [
          claim(
            'a',
            [exactly('r'), exactly('q'), exactly('free')],
            [{ requests: ['r', 'q'], distinctAttribute: 'd.example.com/i' }],
          ),
        ],
      },
      'r:s/d0 q:s/d2 free:s/d1',
    ],
    [
      'the best alternative there is',
      { slices: [numbered], claims: [claim('a', [firstOf('numa=7', 'numa=1')])] },
      'r/a1:s/d1 r/a1:s/d2',
    ],
    [
      'a lesser alternative, so that another request has any',
      { slices: [numbered], claims: [claim('a', [firstOf('numa=0', 'numa=1'), exactly('q', selecting('numa=0'))])] },
      'r/a1:s/d1 r/a1:s/d2 q:s/d0',
    ],
    [
      'partitions within their counters',
      { slices: [partitions], claims: [claim('a', [exactly('r', { count: 2 })])] },
      'r:s/h0 r:s/h1',
    ],
    [
      'and not beyond those of others',
      { slices: [partitions], before: [claim('b', [exactly('r')])], claims: [claim('a', [exactly('r')])] },
      'nothing',
    ],
    [
      'shares of one device, as long as it lasts',
      {
        slices: [shareable],
        before: [claim('b', [exactly('r', wanting('8Gi'))])],
        claims: [claim('a', [exactly('r', wanting('2Gi')), exactly('q', wanting('2Gi'))])],
      },
      'r:s/d0 q:s/d1',
    ],
    [
      'one request never twice the same device',
      { slices: [shareable], claims: [claim('a', [exactly('r', { count: 2 })])] },
      'r:s/d0 r:s/d1',
    ],
    [
      'none for a capacity it does not have',
      { slices: [shareable], claims: [claim('a', [exactly('r', { capacity: { requests: { nope: '1' } } })])] },
      'nothing',
    ],
    ['nothing tainted', { slices: [tainted], claims: [claim('a', [exactly('r', { count: 2 })])] }, 'nothing'],
    ['what has no effect does no harm', { slices: [tainted], claims: [claim('a', [exactly('r')])] }, 'r:s/d1'],
    [
      'unless it tolerates that',
      {
        slices: [tainted],
        claims: [claim('a', [exactly('r', { count: 2, tolerations: [{ key: 'k', operator: 'Equal', value: 'v' }] })])],
      },
      'r:s/d0 r:s/d1',
    ],
    [
      'only of the newest generation',
      {
        slices: [
          slice('old', [device('d0')], { poolName: 'p' }),
          slice('new', [device('d1')], { poolName: 'p', generation: 2 }),
        ],
        claims: [claim('a', [exactly('r')])],
      },
      'r:p/d1',
    ],
    [
      'none of a pool that is being updated',
      { slices: [slice('s', [device('d0')], { count: 2 })], claims: [claim('a', [exactly('r')])] },
      'nothing',
    ],
    [
      'none of a pool with a name twice',
      { slices: [slice('s', [device('d0'), device('d0')])], claims: [claim('a', [exactly('r')])] },
      'nothing',
    ],
    ['none of another node', { slices: [two], claims: [claim('a', [exactly('r')])], on: 'n2' }, 'nothing'],
    [
      'where each device says itself from where it can be reached',
      {
        slices: [
          slice(
            's',
            [
              device('d0', {}, { nodeName: 'n1' }),
              device('d1', {}, { allNodes: true }),
              device(
                'd2',
                {},
                {
                  nodeSelector: {
                    nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['b'] }] }],
                  },
                },
              ),
            ],
            { perDeviceNodeSelection: true },
          ),
        ],
        claims: [claim('a', [exactly('r', { count: 2 })])],
        on: 'n2',
      },
      'r:s/d1 r:s/d2',
    ],
    [
      'first from pools whose devices need no binding',
      {
        slices: [
          slice('a', [device('d0', {}, { bindingConditions: ['x/ready'], bindingFailureConditions: ['x/bad'] })]),
          slice('b', [device('d0')]),
        ],
        claims: [claim('a', [exactly('r', { count: 2 })])],
      },
      'r:b/d0 r:a/d0',
    ],
    ['a claim that asks for nothing gets it', { slices: [], claims: [claim('a', [])] }, ''],
  ])('%s', (_rule, given, expected) => {
    expect(show(run(given))).toBe(expected)
  })

  it.each<[string, Given, string]>([
    [
      'a selector that fails',
      { slices: [two], claims: [claim('a', [exactly('r', selecting('!'))])] },
      'claim ns/a: selector #0: CEL runtime error: no such key: x',
    ],
    [
      'a class whose selector fails',
      {
        slices: [two],
        classes: [{ metadata: { name: 'any' }, spec: selecting('!') }],
        claims: [claim('a', [exactly('r')])],
      },
      'class any: selector #0: CEL runtime error: no such key: x',
    ],
    [
      'all of what nobody knows yet',
      {
        slices: [slice('s', [device('d0')], { count: 2 })],
        claims: [claim('a', [exactly('r', { allocationMode: 'All' })])],
      },
      'claim ns/a, request r: asks for all devices, but resource pool d.example.com/s is currently being updated',
    ],
    [
      'all of a pool that makes no sense',
      {
        slices: [slice('s', [device('d0', {}, eating('1'))])],
        claims: [claim('a', [exactly('r', { allocationMode: 'All' })])],
      },
      'claim ns/a, request r: asks for all devices, but resource pool d.example.com/s is currently invalid',
    ],
    [
      'more than a claim may have',
      { slices: [two], claims: [claim('a', [exactly('r', { count: 33 })])] },
      'claim ns/a: number of requested devices 33 exceeds the claim limit of 32',
    ],
    [
      'a search that does not end',
      {
        slices: [
          slice(
            's',
            Array.from({ length: 31 }, (_, i) => device(`d${i}`)),
          ),
        ],
        claims: [claim('a', [exactly('r', { count: 15 }), exactly('q', selecting('x=y'))])],
        maxSteps: 5000,
      },
      'timed out trying to allocate devices',
    ],
  ])('says why it cannot say: %s', (_rule, given, message) => {
    expect(() => run(given)).toThrow(message)
  })

  it('does not ask a selector about devices that it does not get to', () => {
    const slices = [slice('s', [device('d0', { numa: 0 }), device('d1')])]
    const strict = (expression: string) => (candidate: Parameters<ReturnType<typeof plainSelector>>[0]) => {
      if (candidate.device.name === 'd1') throw new Error('must not be asked')
      return plainSelector(expression)(candidate)
    }
    const pools = new PoolBook()
    for (const one of slices) pools.set(one)
    const found = allocate({
      claims: [open(claim('a', [exactly('r', selecting('numa=0'))]))],
      pools: pools.on({ node: node() }),
      uses: new Map(),
      selectors: new SelectorBook(strict),
    })
    expect(show(found)).toBe('r:s/d0')
  })

  it('likes nodes better where a better alternative is to be had', () => {
    const wanted = open(claim('a', [firstOf('numa=0', 'numa=1')]))
    const score = (slices: V1ResourceSlice[]): number =>
      preference(wanted.requests, run({ slices, claims: [wanted.claim] })?.[0] ?? [])
    expect(score([numbered])).toBeGreaterThan(
      score([slice('s', [device('d1', { numa: 1 }), device('d2', { numa: 1 })])]),
    )
  })

  it('names a class that is not there', () => {
    expect(requestsOf(claim('a', [exactly('r', { deviceClassName: 'nope' })]), () => undefined)).toBe(
      'request r: device class nope does not exist',
    )
  })
})
