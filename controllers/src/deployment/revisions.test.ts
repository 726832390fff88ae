import { newReplicaSetAnnotations, revisionAnnotation, revisionOf } from './revisions.ts'

const at = (revision: string) => ({ metadata: { annotations: { [revisionAnnotation]: revision } } })

test.each([
  ['3546343826724305832', 3546343826724305832n],
  ['', 0n],
  ['x', 0n],
])('revision %j is %s', (text, revision) => expect(revisionOf(at(text))).toBe(revision))

test('a revision counts on exactly, however large, and remembers the ones before', () => {
  expect(newReplicaSetAnnotations({}, at('3546343826724305832'), 3546343826724305833n)).toEqual({
    'deployment.kubernetes.io/revision': '3546343826724305833',
    'deployment.kubernetes.io/revision-history': '3546343826724305832',
  })
  expect(newReplicaSetAnnotations({}, at('x'), 2n)).toEqual({ 'deployment.kubernetes.io/revision': 'x' })
})
