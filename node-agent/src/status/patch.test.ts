import { testPod } from '../pods/testing.ts'
import { equal, statusPatch } from './patch.ts'

const condition = (type: string, status: string, more = {}) => ({ type, status, ...more })

it('is nothing when nothing changed', () => {
  const status = { phase: 'Running', conditions: [condition('Ready', 'True')], containerStatuses: [] }
  expect(
    statusPatch(
      testPod({}, { status: { ...status, conditions: [condition('Mine', 'True'), ...status.conditions] } }),
      status,
    ),
  ).toBeUndefined()
})

it('sends what changed, and removes what is gone', () => {
  const stored = testPod(
    {},
    {
      status: {
        phase: 'Running',
        message: 'old',
        podIPs: [{ ip: '1' }],
        conditions: [condition('Ready', 'False', { reason: 'X' }), condition('Other', 'True')],
      },
    },
  )
  expect(
    statusPatch(stored, { phase: 'Running', podIPs: [{ ip: '2' }], conditions: [condition('Ready', 'True')] }),
  ).toEqual({
    metadata: { uid: 'u1' },
    status: {
      message: null,
      podIPs: [{ $patch: 'replace' }, { ip: '2' }],
      conditions: [{ type: 'Ready', status: 'True', reason: null }],
    },
  })
})

it('takes away that a resize is going on, when it is done', () => {
  const stored = testPod({}, { status: { phase: 'Running', conditions: [condition('PodResizeInProgress', 'True')] } })
  expect(statusPatch(stored, { phase: 'Running', conditions: [] })).toEqual({
    metadata: { uid: 'u1' },
    status: { conditions: [{ type: 'PodResizeInProgress', $patch: 'delete' }] },
  })
  expect(statusPatch(stored, { phase: 'Running', conditions: stored.status!.conditions! })).toBeUndefined()
})

it.each([
  [undefined, null, true],
  [{}, undefined, true],
  [{ a: null }, {}, true],
  [{ a: { b: undefined } }, { a: {} }, true],
  [[1], [1, 2], false],
  [{ a: 1 }, { a: 2 }, false],
  [0, undefined, false],
  ['', undefined, false],
])('%j and %j: %s', (a, b, same) => {
  expect(equal(a, b)).toBe(same)
})
