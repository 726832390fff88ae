import type { V1Endpoints, V1EndpointSlice } from '@kapell/openapi/types'
import { isMirrored, mirrorSlices, planMirror } from './desired.ts'

const endpoints = (more: Partial<V1Endpoints> = {}): V1Endpoints => ({
  metadata: { name: 'e', namespace: 'a', uid: 'u', labels: { x: 'y' } },
  subsets: [
    {
      addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }],
      notReadyAddresses: [{ ip: '10.0.0.2' }],
      ports: [{ port: 80, name: 'web' }],
    },
  ],
  ...more,
})

describe('Endpoints kept by hand', () => {
  it.each([
    ['of a Service without a selector', {}, {}, true],
    ['not of one with a selector', {}, { spec: { selector: { a: 'b' } } }, false],
    [
      'not when they ask for it',
      { metadata: { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } } },
      {},
      false,
    ],
    [
      'not those of leader elections',
      { metadata: { annotations: { 'control-plane.alpha.kubernetes.io/leader': '{}' } } },
      {},
      false,
    ],
  ])('are mirrored: %s', (_, more, service, expected) => expect(isMirrored(endpoints(more), service)).toBe(expected))

  it('become one slice for each subset and family', () => {
    const { slices } = mirrorSlices(endpoints())
    expect(
      slices.map(({ addressType, endpoints: e }) => [
        addressType,
        e?.map((one) => [one.addresses[0], one.conditions?.ready]),
      ]),
    ).toEqual([
      [
        'IPv4',
        [
          ['10.0.0.1', true],
          ['10.0.0.2', false],
        ],
      ],
      ['IPv6', [['fd00::1', true]]],
    ])
    expect(slices[0]?.metadata?.labels).toEqual({
      x: 'y',
      'kubernetes.io/service-name': 'e',
      'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
    })
  })

  it('nothing changed: nothing is written; a change is an update; what is gone goes', () => {
    const { slices } = mirrorSlices(endpoints())
    const stored: V1EndpointSlice[] = slices.map((slice, i) => ({
      ...slice,
      metadata: { ...slice.metadata, name: `s${i}` },
    }))
    const count = (wanted: V1EndpointSlice[]) => {
      const plan = planMirror(stored, wanted)
      return [plan.create.length, plan.update.length, plan.delete.length]
    }
    expect(count(slices)).toEqual([0, 0, 0])
    const fewer = mirrorSlices(
      endpoints({ subsets: [{ addresses: [{ ip: '10.0.0.9' }], ports: [{ port: 80, name: 'web' }] }] }),
    ).slices
    expect(count(fewer)).toEqual([0, 1, 1])
  })
})
