import { addressText, inRange, parseAddressRange } from './address-range.ts'

it.each<[string, [string, string] | undefined]>([
  ['192.0.2.0/24', ['192.0.2.1', '192.0.2.254']],
  ['192.0.2.77/24', ['192.0.2.1', '192.0.2.254']],
  ['192.0.2.4/31', ['192.0.2.4', '192.0.2.5']],
  ['192.0.2.4/32', ['192.0.2.4', '192.0.2.4']],
  ['192.0.2.10-192.0.2.20', ['192.0.2.10', '192.0.2.20']],
  ['192.0.2.10 - 192.0.2.10', ['192.0.2.10', '192.0.2.10']],
  ['192.0.2.20-192.0.2.10', undefined],
  ['192.0.2.1', undefined],
  ['192.0.2.0/33', undefined],
  ['fd00::/64', undefined],
  ['a-b', undefined],
  ['', undefined],
])('the range %s', (text, expected) => {
  const range = parseAddressRange(text)
  expect(range && [addressText(range.first), addressText(range.last)]).toEqual(expected)
})

it('knows what is in it', () => {
  const range = parseAddressRange('192.0.2.10-192.0.2.20')!
  expect(['192.0.2.9', '192.0.2.10', '192.0.2.20', '192.0.2.21', '::1'].map((each) => inRange(range, each))).toEqual([
    false,
    true,
    true,
    false,
    false,
  ])
})
