import { approvalOf, isProtectedGroup, settledStatus, withCondition } from './status.ts'
import type { Crd } from './types.ts'

const now = new Date('2026-01-01T00:00:00Z')
const later = new Date('2026-01-01T00:00:01Z')
const accepted = { plural: 'things', kind: 'Thing' }
const fresh: Crd = {
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: accepted,
    versions: [{ name: 'v1', served: true, storage: true }],
  },
  status: { acceptedNames: { plural: '', kind: '' }, storedVersions: ['v1'] },
}
const clash = { reason: 'KindConflict', message: '"Thing" is already in use' }

const said = (status: NonNullable<Crd['status']>): string[] =>
  (status.conditions ?? []).map((one) => `${one.type} ${one.status} ${one.reason}`)

it('establishes a definition whose names are free', () => {
  const status = settledStatus(fresh, { accepted }, now)
  expect(said(status)).toEqual(['NamesAccepted True NoConflicts', 'Established True InitialNamesAccepted'])
  expect(status.acceptedNames).toEqual(accepted)
})

it('says nothing new the second time', () => {
  const status = settledStatus(fresh, { accepted }, now)
  const again = settledStatus({ ...fresh, status }, { accepted }, later)
  expect(again).toBe(status)
})

it('does not establish one whose names are taken', () => {
  expect(said(settledStatus(fresh, { accepted: {}, clash }, now))).toEqual([
    'NamesAccepted False KindConflict',
    'Established False NotAccepted',
  ])
})

it('leaves an established one established when a later name is refused', () => {
  const status = settledStatus(fresh, { accepted }, now)
  const next = settledStatus({ ...fresh, status }, { accepted, clash }, later)
  expect(said(next)).toEqual(['NamesAccepted False KindConflict', 'Established True InitialNamesAccepted'])
  expect(next.conditions?.map((one) => one.lastTransitionTime)).toEqual([
    '2026-01-01T00:00:01Z',
    '2026-01-01T00:00:00Z',
  ])
})

it('remembers every version that objects were stored in', () => {
  const versions = [
    { name: 'v1', served: true, storage: false },
    { name: 'v2', served: true, storage: true },
  ]
  const status = settledStatus({ ...fresh, spec: { ...fresh.spec, versions } }, { accepted }, now)
  expect(status.storedVersions).toEqual(['v1', 'v2'])
})

it('moves the time of a condition only with its status', () => {
  const first = withCondition([], { type: 'A', status: 'True', reason: 'X' }, now)
  const second = withCondition(first, { type: 'A', status: 'True', reason: 'Y' }, later)
  expect(second).toEqual([{ type: 'A', status: 'True', reason: 'Y', lastTransitionTime: '2026-01-01T00:00:00Z' }])
})

it.each([
  ['example.com', false],
  ['k8s.io', true],
  ['a.k8s.io', true],
  ['a.kubernetes.io', true],
  ['notk8s.io', false],
])('group %s is protected: %s', (group, wanted) => {
  expect(isProtectedGroup(group)).toBe(wanted)
})

it.each([
  ['https://example.com/1', 'approved'],
  ['unapproved, for tests', 'unapproved'],
  ['yes', undefined],
])('approval %s means %s', (text, wanted) => {
  expect(approvalOf(text)).toBe(wanted)
})
