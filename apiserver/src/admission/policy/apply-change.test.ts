import { schemaOf } from '@kapell/openapi/schema/registry'
import { compileMutations, type MutationSpec } from '../../cel/admission/mutating-policy.ts'
import { applyChange, ChangeError } from './apply-change.ts'

const kind = { group: '', version: 'v1', kind: 'Pod' }
const how = { kind, schema: schemaOf(kind) }
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', labels: { a: 'b' } },
  spec: { containers: [{ name: 'c', image: 'i', args: ['x'] }], nodeSelector: { a: 'b' } },
}

function change(one: MutationSpec, object: object = pod): unknown {
  const [mutation] = compileMutations({ mutations: [one] })
  const outcome = mutation?.evaluate({ object, oldObject: null, request: { operation: 'CREATE' } })
  if (outcome === undefined || outcome.kind === 'error') throw new ChangeError(outcome?.message)
  return applyChange(outcome, object, how)
}
const apply = (expression: string): MutationSpec => ({
  patchType: 'ApplyConfiguration',
  applyConfiguration: { expression },
})
const patch = (expression: string): MutationSpec => ({ patchType: 'JSONPatch', jsonPatch: { expression } })

it.each<[rule: string, mutation: MutationSpec, spec: object]>([
  [
    'items of lists with keys are merged by them, others stay',
    apply(
      'Object{spec: Object.spec{containers: [Object.spec.containers{name: "c", image: "j"}, Object.spec.containers{name: "d"}]}}',
    ),
    { containers: [{ name: 'c', image: 'j', args: ['x'] }, { name: 'd' }], nodeSelector: { a: 'b' } },
  ],
  [
    'operations come one after the other',
    patch(
      '[JSONPatch{op: "remove", path: "/spec/nodeSelector"}, JSONPatch{op: "add", path: "/spec/containers/-", value: Object.spec.containers{name: "d"}}]',
    ),
    { containers: [{ name: 'c', image: 'i', args: ['x'] }, { name: 'd' }] },
  ],
])('%s', (_, mutation, spec) => {
  const before = structuredClone(pod)
  expect(change(mutation)).toMatchObject({ metadata: pod.metadata, spec })
  expect(pod).toEqual(before)
})

it('escapes keys for paths', () => {
  const escaped = change(
    patch('[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("x/~y"), value: "z"}]'),
  )
  expect(escaped).toMatchObject({ metadata: { labels: { a: 'b', 'x/~y': 'z' } } })
})

it('does nothing when a test fails', () => {
  expect(change(patch('[JSONPatch{op: "test", path: "/metadata/name", value: "q"}]'))).toBeUndefined()
  expect(change(patch('false ? [JSONPatch{op: "remove", path: "/spec"}] : []'))).toBeUndefined()
})

it.each([
  [
    'lists that are replaced as a whole',
    apply('Object{spec: Object.spec{containers: [Object.spec.containers{name: "c", args: ["y"]}]}}'),
    'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.containers[0].args',
  ],
  [
    'maps that are replaced as a whole',
    apply('Object{spec: Object.spec{nodeSelector: Object.spec.nodeSelector{a: "c"}}}'),
    'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.nodeSelector',
  ],
  [
    'fields that the kind does not have',
    apply('Object{spec: Object.spec{nope: 1}}'),
    'error applying patch: failed to convert patch object to typed object: .spec.nope: field not declared in schema',
  ],
  [
    'objects of another type than their place',
    apply('Object{spec: Object.metadata{}}'),
    'type mismatch: unexpected type name "Object.metadata", expected "Object.spec", which matches field name path from root Object type',
  ],
  [
    'objects in lists of another type than their place',
    apply('Object{spec: Object.spec{containers: [Object.spec.volumes{name: "c"}]}}'),
    'type mismatch: unexpected type name "Object.spec.volumes", expected "Object.spec.containers", which matches field name path from root Object type',
  ],
  [
    'operations that do not apply',
    patch('[JSONPatch{op: "remove", path: "/spec/nope"}]'),
    "JSON Patch: error in remove for path: '/spec/nope': Unable to remove nonexistent key: nope: missing value",
  ],
  [
    'values that are no JSON',
    patch('[JSONPatch{op: "add", path: "/x", value: optional.none()}]'),
    'JSON has no values of type optional_type',
  ],
])('refuses %s', (_, mutation, text) => {
  expect(() => change(mutation)).toThrow(new ChangeError(text))
})

it('a kind without a type cannot be merged', () => {
  const scale = { kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' }, schema: undefined }
  expect(() => applyChange({ kind: 'apply', configuration: {} }, pod, scale)).toThrow(
    'no corresponding type for autoscaling/v1, Kind=Scale',
  )
})
