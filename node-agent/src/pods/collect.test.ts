import { garbageOf, type RuntimeContent } from './collect.ts'

const container = (id: string, attempt: number, more: Partial<RuntimeContent['containers'][number]> = {}) => ({
  id,
  podUid: 'u',
  name: 'c',
  sandboxId: 's0',
  attempt,
  alive: false,
  ...more,
})
const sandbox = (id: string, attempt: number, ready: boolean, podUid = 'u') => ({ id, podUid, attempt, ready })

describe('garbageOf', () => {
  it.each<
    [rule: string, content: RuntimeContent, known: boolean, garbage: { containers: string[]; sandboxes: string[] }]
  >([
    [
      'of ended instances the newest stays',
      { containers: [container('a', 0), container('b', 1), container('c', 2)], sandboxes: [sandbox('s0', 0, true)] },
      true,
      { containers: ['a', 'b'], sandboxes: [] },
    ],
    [
      'what an older instance left goes while the newest runs',
      { containers: [container('a', 0), container('b', 1, { alive: true })], sandboxes: [sandbox('s0', 0, true)] },
      true,
      { containers: ['a'], sandboxes: [] },
    ],
    [
      'each container name for itself',
      { containers: [container('a', 0), container('b', 0, { name: 'd' })], sandboxes: [sandbox('s0', 0, true)] },
      true,
      { containers: [], sandboxes: [] },
    ],
    [
      'an older sandbox goes once it is empty',
      {
        containers: [container('a', 0), container('b', 1, { sandboxId: 's1', alive: true })],
        sandboxes: [sandbox('s0', 0, false), sandbox('s1', 1, true)],
      },
      true,
      { containers: ['a'], sandboxes: ['s0'] },
    ],
    [
      'a sandbox with the newest instance of some container stays',
      {
        containers: [container('a', 0, { name: 'init' }), container('b', 0, { sandboxId: 's1', alive: true })],
        sandboxes: [sandbox('s0', 0, false), sandbox('s1', 1, true)],
      },
      true,
      { containers: [], sandboxes: [] },
    ],
    [
      'the newest sandbox stays though it ended',
      { containers: [], sandboxes: [sandbox('s0', 0, false)] },
      true,
      { containers: [], sandboxes: [] },
    ],
    [
      'of a pod that is gone everything that ended goes',
      { containers: [container('a', 0)], sandboxes: [sandbox('s0', 0, false)] },
      false,
      { containers: ['a'], sandboxes: ['s0'] },
    ],
    [
      'what runs is left to its worker',
      { containers: [container('a', 0, { alive: true })], sandboxes: [sandbox('s0', 0, true)] },
      false,
      { containers: [], sandboxes: [] },
    ],
  ])('%s', (_, content, known, garbage) => {
    expect(garbageOf(content, () => known)).toEqual(garbage)
  })
})
