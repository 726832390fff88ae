import fc from 'fast-check'
import { canonicalQuantity, parseQuantity } from './quantity.ts'

describe('canonical form, as the original prints it', () => {
  it.each([
    ['1.', '1.'],
    ['+1', '+1'],
    ['001', '001'],
    ['1.00', '1'],
    ['1e03', '1e03'],
    ['1000.', '1k'],
    ['+1.5', '1500m'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1000m', '1'],
    ['1000000', '1M'],
    ['1e1', '10'],
    ['1.10', '1100m'],
    ['0.1n', '1n'],
    ['-0', '0'],
    ['0Ki', '0'],
    ['1e-10', '1e-9'],
    ['1Mi', '1Mi'],
    ['1024Ki', '1Mi'],
    ['1025Mi', '1025Mi'],
    ['1.5Ki', '1536'],
    ['0.5Gi', '512Mi'],
    ['1.1Ki', '1126400m'],
    ['1.0001Mi', '1048680857600u'],
    ['1e20', '100e18'],
    ['1e400', '10e399'],
    ['12345678901234567890', '12345678901234567890'],
    ['12345678901234567890Ki', '9223372036854775807'],
    ['10Ei', '9223372036854775807'],
    ['1.234567890123', '1234567891n'],
    ['1.5m', '1500u'],
    ['1.001', '1.001'],
    ['1.500', '1.500'],
    ['1.0001', '1000100u'],
    ['0.123', '123m'],
    ['1.000k', '1k'],
    ['1.001k', '1.001k'],
    ['1.01e1', '10100e-3'],
    ['1000e-3', '1'],
    ['123456789012345670', '123456789012345670'],
    ['1234567890.123456789', '1234567890123456789n'],
    ['9999999999999999999n', '9999999999999999999n'],
    ['.', '0'],
    ['+', '0'],
    ['-1.5Ki', '-1536'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical)
  })
})

it.each([
  ['', 'quantities must match the regular expression'],
  ['1x', 'quantities must match the regular expression'],
  ['1..2', 'quantities must match the regular expression'],
  ['1KiB', 'quantities must match the regular expression'],
  ['1K', "unable to parse quantity's suffix"],
  ['1e', "unable to parse quantity's suffix"],
  ['1nn', "unable to parse quantity's suffix"],
  ['1-', "unable to parse quantity's suffix"],
  ['1e99999999999', "unable to parse quantity's suffix"],
])('refuses %j', (text, message) => {
  expect(() => parseQuantity(text)).toThrow(message)
})

it.each([
  ['100m', 1, 100],
  ['1500m', 2, 1500],
  ['1n', 1, 1],
  ['-1500m', -2, -1500],
  ['1Gi', 1073741824, 1073741824000],
])('%s rounds up to %d and %d thousandths', (text, value, milli) => {
  expect(parseQuantity(text).value()).toBe(value)
  expect(parseQuantity(text).milliValue()).toBe(milli)
})

it('adds and subtracts exactly, keeping the format', () => {
  expect(parseQuantity('1Gi').add(parseQuantity('1Gi')).toString()).toBe('2Gi')
  expect(parseQuantity('0').add(parseQuantity('1Gi')).toString()).toBe('1Gi')
  expect(parseQuantity('1').sub(parseQuantity('1m')).toString()).toBe('999m')
  expect(parseQuantity('1Ki').cmp(parseQuantity('1k'))).toBe(1)
  expect(parseQuantity('1u').roundUp(-3).toString()).toBe('1m')
})

it('prints text that reads as the same value', () => {
  const quantity = fc
    .tuple(
      fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }),
      fc.constantFrom('', 'n', 'u', 'm', 'k', 'Ki', 'Mi', 'e3', 'e-2'),
    )
    .map(([n, suffix]) => `${n}${suffix}`)
  fc.assert(
    fc.property(quantity, (text) => {
      const first = parseQuantity(text)
      return parseQuantity(first.toString()).equals(first)
    }),
    { seed: 4, numRuns: 300 },
  )
})
it('never throws anything but its own error', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.+-eEinumkKMGTP '), maxLength: 12 }), (text) => {
      try {
        parseQuantity(text)
        return true
      } catch (error) {
        return (error as Error).name === 'QuantityError'
      }
    }),
    { seed: 5, numRuns: 500 },
  )
})
