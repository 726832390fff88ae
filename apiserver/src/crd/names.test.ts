import { acceptNames, namesTaken } from './names.ts'
import type { Crd, CrdNames } from './types.ts'

const crd = (names: CrdNames, accepted?: Partial<CrdNames>): Crd => ({
  metadata: { name: `${names.plural}.example.com` },
  spec: { group: 'example.com', scope: 'Namespaced', names, versions: [] },
  ...(accepted === undefined ? {} : { status: { acceptedNames: accepted } }),
})

const gizmos: CrdNames = {
  plural: 'gizmos',
  singular: 'gizmo',
  kind: 'Gizmo',
  listKind: 'GizmoList',
  shortNames: ['gz'],
}
const taken = namesTaken([crd(gizmos, gizmos)])

it('grants names that nobody has', () => {
  expect(acceptNames(crd(gizmos), namesTaken([]))).toEqual({ accepted: gizmos })
})

it('counts only names that were granted', () => {
  expect(acceptNames(crd(gizmos), namesTaken([crd(gizmos, { plural: '', kind: '' })]))).toEqual({ accepted: gizmos })
})

const free: CrdNames = { plural: 'others', singular: 'other', kind: 'Other', listKind: 'OtherList' }

it.each<[rule: string, wanted: Partial<CrdNames>, reason: string, message: string, accepted: Partial<CrdNames>]>([
  ['a plural', { plural: 'gizmos' }, 'PluralConflict', 'gizmos', { plural: '' }],
  ['a singular', { singular: 'gizmo' }, 'SingularConflict', 'gizmo', { singular: undefined }],
  ['a singular that is a short name', { singular: 'gz' }, 'SingularConflict', 'gz', { singular: undefined }],
  [
    'one of the short names',
    { shortNames: ['gizmos', 'o'] },
    'ShortNamesConflict',
    'gizmos',
    { shortNames: undefined },
  ],
  ['a kind', { kind: 'Gizmo' }, 'KindConflict', 'Gizmo', { kind: '' }],
  ['a kind of lists', { listKind: 'GizmoList' }, 'ListKindConflict', 'GizmoList', { listKind: undefined }],
  [
    'several: the last is told',
    { kind: 'Gizmo', listKind: 'GizmoList', shortNames: ['gz'] },
    'ListKindConflict',
    'GizmoList',
    { kind: '', listKind: undefined, shortNames: undefined },
  ],
])('refuses %s', (_, wanted, reason, text, accepted) => {
  const judged = acceptNames(crd({ ...free, ...wanted }), taken)
  expect(judged.clash).toEqual({ reason, message: `"${text}" is already in use` })
  expect(judged.accepted).toMatchObject(JSON.parse(JSON.stringify(accepted)) as object)
  for (const [field, value] of Object.entries(accepted)) {
    if (value === undefined) expect(judged.accepted).not.toHaveProperty(field)
  }
})

it('keeps what was granted before where the new name is refused', () => {
  const { accepted } = acceptNames(crd({ ...free, singular: 'gizmo' }, { ...free, singular: 'other' }), taken)
  expect(accepted.singular).toBe('other')
})
