import { FieldPath } from '@kapell/openapi/meta/field-errors'
import { cidrErrors } from './ip-validation.ts'

describe('ranges of addresses', () => {
  it.each([
    ['10.0.0.0/8', undefined],
    ['2001:db8::/64', undefined],
    ['1.2.3.4', 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
    ['10.0.0.0/33', 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
    ['010.0.0.0/33', 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
    [' 10.0.0.0/8', 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
    ['::ffff:1.2.3.4/120', 'must not have an IPv4-mapped IPv6 address'],
    ['010.0.0.1/8', 'must not have leading 0s in IP or prefix length'],
    ['10.0.0.0/08', 'must not have leading 0s in IP or prefix length'],
    ['198.51.100.1/24', 'must not have bits set beyond the prefix length'],
    ['2001:0DB8::/64', 'must be in canonical form ("2001:db8::/64")'],
  ])('%s', (text, why) => {
    expect(cidrErrors(new FieldPath('cidr'), text).map(({ detail }) => detail)).toEqual(why === undefined ? [] : [why])
  })
})
