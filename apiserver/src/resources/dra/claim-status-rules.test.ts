import { FieldPath } from '@kapell/openapi/meta/field-errors'
import type { ResourceV1ResourceClaim } from '@kapell/openapi/types'
import { fakeContext } from '../testing/fake-services.ts'
import { validateClaimStatus } from './claim-status-rules.ts'

type Status = NonNullable<ResourceV1ResourceClaim['status']>
const result = { request: 'r', driver: 'd.example.com', pool: 's', device: 'd0' }
const of = (...results: object[]): Status => ({ allocation: { devices: { results: results as (typeof result)[] } } })
const spec = { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] } }
const user = (uid: string) => ({ resource: 'pods', name: uid, uid })
const device = (more: object = {}) => ({ driver: 'd.example.com', pool: 's', device: 'd0', ...more })

describe('what may be said of a claim', () => {
  it.each<[string, Status, Status, string[]]>([
    ['an allocation', {}, of(result), []],
    ['users of what is not allocated', {}, { reservedFor: [user('u')] }, ['status.reservedFor']],
    ['a user twice', of(result), { ...of(result), reservedFor: [user('u'), user('u')] }, ['status.reservedFor[1]']],
    [
      'a user without a name',
      of(result),
      { ...of(result), reservedFor: [{ resource: '', name: '', uid: '' }] },
      ['status.reservedFor[0].resource', 'status.reservedFor[0].name', 'status.reservedFor[0].uid'],
    ],
    [
      'more users than there may be',
      of(result),
      { ...of(result), reservedFor: Array.from({ length: 257 }, (_, i) => user(String(i))) },
      ['status.reservedFor'],
    ],
    ['another allocation in its place', of(result), of({ ...result, device: 'd1' }), ['status.allocation']],
    [
      'what names nothing',
      {},
      of({ ...result, request: 'q', driver: '', pool: '', device: '', shareID: 'x' }),
      ['request', 'driver', 'pool', 'device', 'shareID'].map(
        (field) => `status.allocation.devices.results[0].${field}`,
      ),
    ],
    [
      'an administrator where none may be',
      {},
      of({ ...result, adminAccess: true }),
      ['status.allocation.devices.results[0].adminAccess'],
    ],
    [
      'more devices than there may be',
      {},
      of(...Array.from({ length: 33 }, () => result)),
      ['status.allocation.devices.results'],
    ],
    [
      'a device that is not allocated',
      of(result),
      { ...of(result), devices: [device({ device: 'd1' })] },
      ['status.devices[0]'],
    ],
    ['a device twice', of(result), { ...of(result), devices: [device(), device()] }, ['status.devices[1]']],
    [
      'what no device can be',
      of(result),
      {
        ...of(result),
        devices: [
          device({
            data: [1],
            conditions: [{ type: 'A', status: 'x' }],
            networkData: { interfaceName: 'x'.repeat(300), ips: ['1.2.3'] },
          }),
        ],
      },
      [
        'conditions[0].status',
        'conditions[0].lastTransitionTime',
        'conditions[0].reason',
        'data',
        'networkData.interfaceName',
        'networkData.ips[0]',
      ].map((field) => `status.devices[0].${field}`),
    ],
  ])('%s', (_rule, before, after, fields) => {
    const metadata = { name: 'a', namespace: 'ns' }
    const errors = validateClaimStatus(
      { metadata, spec, status: after },
      { metadata, spec, status: before },
      new FieldPath(),
      fakeContext(),
    )
    expect(errors.map(({ field }) => field)).toEqual(fields)
  })

  it('takes no new users while it is on its way out', () => {
    const metadata = { name: 'a', namespace: 'ns', deletionTimestamp: 'now' }
    const before = { metadata, spec, status: { ...of(result), reservedFor: [user('a')] } }
    const check = (...uids: string[]) =>
      validateClaimStatus(
        { ...before, status: { ...of(result), reservedFor: uids.map(user) } },
        before,
        new FieldPath(),
        fakeContext(),
      )
    expect(check('a')).toEqual([])
    expect(check('a', 'b').map(({ field }) => field)).toEqual(['status.reservedFor'])
  })
})
