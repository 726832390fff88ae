import { FieldPath } from '@kapell/openapi/meta/field-errors'
import type { ResourceV1ResourceClaim } from '@kapell/openapi/types'
import type { UserInfo } from '../../authentication/user.ts'
import type { WriteContext } from '../../registry/definition.ts'
import type { AuthorizationAttributes } from '../../registry/services.ts'
import { permitClaimStatus } from './claim-status-permission.ts'

type Status = NonNullable<ResourceV1ResourceClaim['status']>

const claim = (status: Status): ResourceV1ResourceClaim => ({
  metadata: { name: 'c', namespace: 'ns' },
  spec: {},
  status,
})
const device = (driver: string, data = 1) => ({ driver, pool: 'p', device: 'x', data: { a: data } })
const atNode = (...values: string[]): Status => ({
  allocation: {
    nodeSelector: {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values }] }],
    },
  },
})
const bob: UserInfo = { username: 'bob', groups: [] }
const driverOn = (node: string): UserInfo => ({
  username: 'system:serviceaccount:ns:driver',
  groups: [],
  extra: { 'authentication.kubernetes.io/node-name': [node] },
})

async function ask(options: {
  user?: UserInfo
  may?: (asked: string) => boolean
  before: Status
  now: Status
}): Promise<{ asked: string[]; refused: string[] }> {
  const asked: string[] = []
  const authorize = ({ verb, subresource, namespace = '', name = '' }: AuthorizationAttributes) => {
    const text = [verb, subresource, namespace, name].join(' ').trim()
    asked.push(text)
    return Promise.resolve({ allowed: options.may?.(text) ?? false, reason: '' })
  }
  const context = { user: options.user ?? bob, verb: 'patch', services: { authorize } } as unknown as WriteContext
  const errors = await permitClaimStatus(claim(options.now), claim(options.before), new FieldPath(), context)
  return { asked, refused: errors.map(({ field, detail }) => `${field}: ${detail}`) }
}

describe('rights to parts of a claim’s status', () => {
  it('are not asked for when nothing changes', async () => {
    const status: Status = { ...atNode('n'), devices: [device('d')] }
    expect(await ask({ before: status, now: structuredClone(status) })).toEqual({ asked: [], refused: [] })
    expect(await ask({ before: {}, now: { devices: [], reservedFor: [] } })).toEqual({ asked: [], refused: [] })
  })

  it.each<[string, Status]>([
    ['an allocation', atNode('n')],
    ['a reservation', { reservedFor: [{ resource: 'pods', name: 'a', uid: 'u' }] }],
  ])('%s is a binding', async (_, now) => {
    const { asked, refused } = await ask({ before: {}, now })
    expect(asked).toEqual(['patch binding'])
    expect(refused).toEqual([
      'status.allocation: changing status.allocation or status.reservedFor requires resource="resourceclaims/binding", verb="patch" permission: resourceclaims.resource.k8s.io is forbidden: User "bob" cannot patch resource "resourceclaims/binding" in API group "resource.k8s.io" at the cluster scope',
    ])
    expect((await ask({ before: {}, now, may: () => true })).refused).toEqual([])
  })

  it('devices are those of their drivers, each of which is asked for', async () => {
    const before: Status = { devices: [device('a'), device('b')] }
    const now: Status = { devices: [device('c'), device('b'), device('a', 2)] }
    const { asked, refused } = await ask({ before, now, may: (text) => text.endsWith(' a') })
    expect(asked).toEqual(['arbitrary-node:patch driver ns a', 'arbitrary-node:patch driver ns c'])
    expect(refused).toEqual([
      'status.devices: changing status.devices requires resource="resourceclaims/driver", verb="[arbitrary-node:patch]" permission: resourceclaims.resource.k8s.io "c" is forbidden: User "bob" cannot arbitrary-node:patch resource "resourceclaims/driver" in API group "resource.k8s.io" in the namespace "ns"',
    ])
  })

  it.each<[string, UserInfo, Status, string[]]>([
    ['on the node', driverOn('n'), atNode('n'), ['associated-node:patch', 'arbitrary-node:patch']],
    ['on another', driverOn('m'), atNode('n'), ['arbitrary-node:patch']],
    ['on one of several', driverOn('n'), atNode('n', 'm'), ['arbitrary-node:patch']],
    ['who is no service account', { ...driverOn('n'), username: 'bob' }, atNode('n'), ['arbitrary-node:patch']],
  ])('a driver %s', async (_, user, before, verbs) => {
    const { asked, refused } = await ask({ user, before, now: { ...before, devices: [device('d')] } })
    expect(asked).toEqual(verbs.map((verb) => `${verb} driver ns d`))
    expect(refused[0]).toContain(`verb="[${verbs.join(' ')}]"`)
    expect(refused[0]).toContain(`cannot ${verbs[0]} resource`)
  })
})
