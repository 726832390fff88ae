import type { V1ServiceCIDR } from '@kapell/openapi/types'
import { canGo, overlap } from './ranges.ts'

const range = (...cidrs: string[]): V1ServiceCIDR => ({ metadata: { name: cidrs.join() }, spec: { cidrs } })

describe('whether a range of Service addresses may go', () => {
  it.each([
    ['nothing of it is in use', ['10.0.0.0/24'], [], ['10.0.1.1'], true],
    ['an address of it is in use', ['10.0.0.0/24'], [], ['10.0.0.7'], false],
    ['another range holds all of it', ['10.0.0.0/24'], [['10.0.0.0/16']], ['10.0.0.7'], true],
    ['another has the same', ['10.0.0.0/24'], [['10.0.0.0/24']], ['10.0.0.7'], true],
    ['another holds the address in use', ['10.0.0.0/16'], [['10.0.0.0/24']], ['10.0.0.7'], true],
    ['another does not hold the address in use', ['10.0.0.0/16'], [['10.0.0.0/24']], ['10.0.1.7'], false],
    ['one of its families is in use', ['10.0.0.0/24', 'fd00::/112'], [['10.0.0.0/8']], ['fd00::5'], false],
    ['the address is of the other family', ['10.0.0.0/24'], [], ['fd00::5'], true],
    ['what is stored is no address', ['10.0.0.0/24', 'nonsense'], [['worse/x']], ['', 'x'], true],
  ])('%s', (_, cidrs, staying, addresses, verdict) => {
    expect(
      canGo(
        range(...cidrs),
        staying.map((list) => range(...list)),
        addresses,
      ),
    ).toBe(verdict)
  })

  it.each([
    ['10.0.0.0/24', '10.0.0.0/16', true],
    ['10.0.0.0/16', '10.0.0.0/24', true],
    ['10.0.0.0/24', '10.0.1.0/24', false],
    ['10.0.0.0/24', '::/0', false],
  ])('%s and %s', (one, other, expected) => {
    expect(overlap(range(one), range(other))).toBe(expected)
  })
})
