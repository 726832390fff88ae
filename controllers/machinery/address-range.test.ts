import { addressText, inRange, inRanges, parseAddressRange, parseAddressRanges, rangeText } from './address-range.ts'

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
  ['fd00::5/126', ['fd00::5', 'fd00::7']],
  ['fd00::/128', ['fd00::', 'fd00::']],
  ['fd00::a-fd00::1:0', ['fd00::a', 'fd00::1:0']],
  ['fd00::a-192.0.2.1', undefined],
  ['fd00::/129', undefined],
  ['fd00::%eth0/64', undefined],
  ['a-b', undefined],
  ['', undefined],
])('the range %s', (text, expected) => {
  const range = parseAddressRange(text)
  expect(range && [range.first, range.last].map((number) => addressText(range.family, number))).toEqual(expected)
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

it.each<[string, string[] | undefined]>([
  ['192.0.2.1-192.0.2.2,fd00::1-fd00::2', ['192.0.2.1-192.0.2.2', 'fd00::1-fd00::2']],
  ['fd00::/127', ['fd00::-fd00::1']],
  ['192.0.2.0/30,192.0.2.4/30', undefined],
  ['192.0.2.0/30,', undefined],
])('ranges of both families: %s', (text, expected) => {
  const ranges = parseAddressRanges(text)
  expect(ranges?.map(rangeText)).toEqual(expected)
  if (ranges?.length === 2)
    expect(['192.0.2.2', 'fd00::2', '192.0.2.3', 'fd00::3'].map((each) => inRanges(ranges, each))).toEqual([
      true,
      true,
      false,
      false,
    ])
})
