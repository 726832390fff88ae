import * as names from './names.ts'

const regex = (text: string): RegExp => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))

describe('names', () => {
  it.each([
    ['dns1123Label', 'a-1', []],
    ['dns1123Label', 'a.b', ['must not contain dots']],
    ['dns1123Label', 'a'.repeat(64), ['must be no more than 63 characters']],
    ['dns1123Label', 'A', ['a lowercase RFC 1123 label must consist of']],
    ['dns1123Subdomain', 'a.b', []],
    ['dns1123Subdomain', 'a..b', ['a lowercase RFC 1123 subdomain must consist of']],
    ['dns1035Label', '1a', ['a DNS-1035 label must consist of']],
    ['wildcardDns1123Subdomain', '*.a.b', []],
    ['wildcardDns1123Subdomain', 'a.b', ["a wildcard DNS-1123 subdomain must start with '*.'"]],
    ['qualifiedName', 'example.com/Name_1', []],
    ['qualifiedName', '', ['name part must be non-empty', 'name part must consist of']],
    ['qualifiedName', '/a', ['prefix part must be non-empty']],
    ['qualifiedName', 'a/b/c', ['a valid label key must consist of']],
    ['qualifiedName', 'x'.repeat(64), ['name part must be no more than 63 bytes']],
    ['qualifiedName', `${'x'.repeat(254)}/a`, ['prefix part must be no more than 253 bytes']],
    ['labelValue', '', []],
    ['labelValue', '-', ['a valid label must be an empty string or consist of']],
    ['configMapKey', 'a_B.c', []],
    ['configMapKey', '..', ["must not be '..'"]],
    ['configMapKey', '..a', ["must not start with '..'"]],
    ['portName', 'http', []],
    ['portName', '12', ['must contain at least one letter (a-z)']],
    ['portName', 'a--b', ['must not contain consecutive hyphens']],
    ['portName', '-a', ['must not begin or end with a hyphen']],
    ['portName', 'abcdefghijklmnop', ['must be no more than 15 characters']],
    ['pathSegmentName', 'a/b%', ["may not contain '/'", "may not contain '%'"]],
    ['envVarName', '1a', ['a valid environment variable name must consist of alphabetic']],
    ['relaxedEnvVarName', 'a b', []],
    ['cIdentifier', '1', ['a valid C identifier must start with']],
    ['percentage', '5%', []],
  ] as const)('%s(%j)', (validator, text, expected) => {
    const found = names[validator](text)
    expect(found).toHaveLength(expected.length)
    expected.forEach((start, i) => {
      expect(found[i]).toMatch(regex(start))
    })
  })
  it('writes a format error as clients see it', () => {
    expect(names.dns1035Label('A')).toEqual([
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    ])
  })
  it.each([
    ['port', names.portNumber(0), ['must be between 1 and 65535, inclusive']],
    ['user', names.userId(-1), ['must be between 0 and 2147483647, inclusive']],
  ])('%s numbers', (_what, found, expected) => {
    expect(found).toEqual(expected)
  })
})
