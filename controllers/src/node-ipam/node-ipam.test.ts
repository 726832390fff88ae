import { capacityOf, freeRange, freeRanges, overlap } from './ranges.ts'

it.each([
  ['the first', '10.244.0.0/16', [], '10.244.0.0/24'],
  ['the next', '10.244.0.0/16', ['10.244.0.0/24', '10.244.1.0/24'], '10.244.2.0/24'],
  ['a gap', '10.244.0.0/16', ['10.244.2.0/24', '10.244.0.0/24'], '10.244.1.0/24'],
  ['behind a wider one', '10.244.0.0/16', ['10.244.0.0/22'], '10.244.4.0/24'],
  ['behind a narrower one', '10.244.0.0/16', ['10.244.0.128/25'], '10.244.1.0/24'],
  ['ranges elsewhere are no matter', '10.244.0.0/16', ['10.0.0.0/24', 'nonsense'], '10.244.0.0/24'],
  ['used up', '10.244.0.0/23', ['10.244.0.0/24', '10.244.1.0/24'], undefined],
  ['never room', '10.244.0.0/25', [], undefined],
])('a free range: %s', (_, cluster, taken, want) => {
  expect(freeRange(cluster, 24, taken)).toBe(want)
})

it('knows how many ranges there are, and which overlap', () => {
  expect(capacityOf('10.244.0.0/16', 24)).toBe(256)
  expect(capacityOf('10.244.0.0/25', 24)).toBe(0)
  expect(overlap('10.244.0.0/16', '10.244.3.0/24')).toBe(true)
  expect(overlap('10.244.0.0/24', '10.244.1.0/24')).toBe(false)
})

it.each([
  ['of one family', '10.244.0.0/16', ['10.244.0.0/24'], ['10.244.1.0/24']],
  ['of two', '10.244.0.0/16,fd00:10:244::/56', [], ['10.244.0.0/24', 'fd00:10:244::/64']],
  [
    'the next of each',
    '10.244.0.0/16,fd00:10:244::/56',
    ['10.244.0.0/24', 'fd00:10:244:0::/64', 'fd00:10:244:1::/64'],
    ['10.244.1.0/24', 'fd00:10:244:2::/64'],
  ],
  ['one used up', '10.244.0.0/16,fd00::/64', ['fd00::/64'], undefined],
  ['one too small', '10.244.0.0/16,fd00::/80', [], undefined],
])('ranges %s', (_, cluster, taken, want) => {
  expect(freeRanges(cluster, taken)).toEqual(want)
})
