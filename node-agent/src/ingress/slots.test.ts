import type { Backend } from './backends.ts'
import { Slots } from './slots.ts'

const of = (...servers: string[]): Map<string, Backend> =>
  new Map([['b', { servers, protocol: 'http', sticky: false }]])

it('gives each pod a place, and room for more', () => {
  const slots = new Slots()
  expect(slots.update(of('1', '2'))).toEqual({ changes: [], reshaped: true })
  expect(slots.of('b')).toEqual(['1', '2', undefined, undefined])
})

it('pods come and go without others moving', () => {
  const slots = new Slots()
  slots.update(of('1', '2', '3'))
  expect(slots.update(of('2', '4', '3'))).toEqual({
    changes: [
      { backend: 'b', slot: 1, server: undefined },
      { backend: 'b', slot: 1, server: '4' },
    ],
    reshaped: false,
  })
  expect(slots.of('b')).toEqual(['4', '2', '3', undefined])
  expect(slots.update(of())).toMatchObject({ reshaped: false })
  expect(slots.of('b')).toEqual([undefined, undefined, undefined, undefined])
})

it('a backend that outgrows its places, comes or goes has to be made anew', () => {
  const slots = new Slots()
  slots.update(of('1'))
  expect(slots.update(of('1', '2', '3', '4', '5')).reshaped).toBe(true)
  expect(slots.of('b')).toHaveLength(8)
  expect(slots.update(new Map()).reshaped).toBe(true)
  expect(slots.of('b')).toEqual([])
})
