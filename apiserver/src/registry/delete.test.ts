import type { KubeObject, ObjectMeta } from '@kapell/openapi/meta/object'
import type { ResourceDefinition } from './definition.ts'
import { planDeletion, propagationFinalizers, readyToGo } from './delete.ts'

const now = new Date('2026-01-01T00:01:00Z')
const object = (metadata: ObjectMeta): KubeObject & { metadata: ObjectMeta } => ({ metadata })
const plain = { group: '', version: 'v1', kind: 'X', plural: 'xs', namespaced: true } as ResourceDefinition
const graceful: ResourceDefinition = { ...plain, deletion: { gracePeriodSeconds: (_o, asked) => asked ?? 30 } }

describe('how an object goes', () => {
  it('at once, when nothing holds it', () => {
    expect(planDeletion(plain, object({}), {}, now)).toEqual({ act: 'remove' })
  })

  it('not before its finalizers', () => {
    const held = object({ finalizers: ['a/b'], generation: 1 })
    expect(planDeletion(plain, held, {}, now)).toEqual({ act: 'mark' })
    expect(held.metadata).toEqual({
      finalizers: ['a/b'],
      generation: 2,
      deletionTimestamp: '2026-01-01T00:01:00Z',
      deletionGracePeriodSeconds: 0,
    })
  })

  it('after its grace', () => {
    const pod = object({ generation: 1 })
    expect(planDeletion(graceful, pod, {}, now)).toEqual({ act: 'mark' })
    expect(pod.metadata).toMatchObject({
      deletionTimestamp: '2026-01-01T00:01:30Z',
      deletionGracePeriodSeconds: 30,
      generation: 2,
    })
  })

  it('marked first and then removed, without grace', () => {
    expect(planDeletion(graceful, object({}), { gracePeriodSeconds: 0 }, now)).toEqual({ act: 'mark-and-remove' })
  })

  it.each([
    [5, 'mark', '2026-01-01T00:01:05Z'],
    [60, 'wait', '2026-01-01T00:01:30Z'],
    [undefined, 'wait', '2026-01-01T00:01:30Z'],
  ])('with a pending grace only ever shortened: asked for %s', (asked, act, deletionTimestamp) => {
    const pod = object({ deletionTimestamp: '2026-01-01T00:01:30Z', deletionGracePeriodSeconds: 30 })
    const options = asked === undefined ? {} : { gracePeriodSeconds: asked }
    expect(planDeletion(graceful, pod, options, now)).toEqual({ act })
    expect(pod.metadata.deletionTimestamp).toBe(deletionTimestamp)
  })

  it.each([
    [[], {}, false, []],
    [[], {}, true, ['orphan']],
    [['orphan'], {}, false, ['orphan']],
    [['orphan', 'a/b'], { propagationPolicy: 'Background' }, true, ['a/b']],
    [['orphan'], { propagationPolicy: 'Foreground' }, false, ['foregroundDeletion']],
    [[], { orphanDependents: true }, false, ['orphan']],
    [['foregroundDeletion'], { orphanDependents: false }, false, []],
  ])('with the finalizers that %j and %j (orphaning by default: %s) make: %j', (before, options, byDefault, after) => {
    expect(propagationFinalizers(before, options, byDefault)).toEqual(after)
  })

  it('for good only when nothing is left to wait for', () => {
    const ended = { deletionTimestamp: 'x', deletionGracePeriodSeconds: 0 }
    expect(readyToGo(plain, object({}))).toBe(false)
    expect(readyToGo(plain, object(ended))).toBe(true)
    expect(readyToGo(plain, object({ ...ended, finalizers: ['a/b'] }))).toBe(false)
    expect(readyToGo(plain, object({ ...ended, deletionGracePeriodSeconds: 30 }))).toBe(false)
    expect(readyToGo({ ...plain, deletion: { heldBack: () => true } }, object(ended))).toBe(false)
  })
})
