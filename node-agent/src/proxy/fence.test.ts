import { FakeClock } from '@kapell/controllers/machinery/clock'
import { createFence, nobodyTakesOver, type PeerState } from './fence.ts'
import { parsePeer } from './peers.ts'

const heard: PeerState = { node: 'b', leaseAgeMs: 3000 }
const unheard: PeerState = { node: 'b', leaseAgeMs: 60_000 }

it.each<[string, PeerState[], boolean]>([
  ['this is the only node', [], true],
  ['none of the others is heard either', [unheard, { node: 'c', leaseAgeMs: null }], true],
  ['the others have no agent', ['down', unheard], true],
  ['one of them is heard', [unheard, heard], false],
  ['one cannot be reached', [unheard, undefined], false],
])('nobody takes over when %s: %#', (_, answers, expected) => {
  expect(nobodyTakesOver(answers)).toBe(expected)
})

it('lets go before others may take over, when it is not heard and they are; and holds again once heard', async () => {
  const clock = new FakeClock()
  const stop = new AbortController()
  let answer: PeerState = heard
  const changes: boolean[] = []
  const fence = createFence({
    clock,
    peers: () => ['b'],
    ask: () => Promise.resolve(answer),
    changed: () => void changes.push(fence.mayHold()),
    signal: stop.signal,
  })
  await clock.advance(100_000)
  expect(changes).toEqual([])
  fence.renewed(clock.now())
  await clock.advance(39_000)
  expect(fence.leaseAgeMs()).toBe(39_000)
  expect(fence.mayHold()).toBe(true)
  await clock.advance(5000)
  expect(changes).toEqual([false])
  fence.renewed(clock.now())
  expect(changes).toEqual([false, true])
  // The control plane is away: nobody is heard, and all go on.
  answer = unheard
  await clock.advance(120_000)
  expect(changes).toEqual([false, true])
  // It comes back, but not for this one.
  answer = heard
  await clock.advance(4000)
  expect(changes).toEqual([false, true, false])
  stop.abort()
})

it.each<[string, string, PeerState]>([
  ['the node that was asked', '{"node":"b","leaseAgeMs":12}', { node: 'b', leaseAgeMs: 12 }],
  ['one that was never heard', '{"node":"b","leaseAgeMs":null}', { node: 'b', leaseAgeMs: null }],
  ['a node of another cluster', '{"node":"x","leaseAgeMs":12}', undefined],
  ['something else', '404 page not found', undefined],
  ['half an answer', '{"node":"b"', undefined],
])('believes %s', (_, text, expected) => {
  expect(parsePeer(text, 'b')).toEqual(expected)
})
