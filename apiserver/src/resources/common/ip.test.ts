import { formatIp, parseCidr, parseIp } from './ip.ts'

describe('addresses', () => {
  it.each([
    ['10.96.0.1', '10.96.0.1'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fd00::1:0:0:0', 'fd00::1:0:0:0'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
  ])('%s is written %s', (text, canonical) => {
    const ip = parseIp(text)
    expect(ip && formatIp(ip)).toBe(canonical)
  })
  it.each(['', 'x', '10.0.0', '010.0.0.1', '10.0.0.256', 'fe80::1%eth0', ':::'])('%j is none', (text) => {
    expect(parseIp(text)).toBeUndefined()
  })
})

describe('ranges', () => {
  it('knows its first address, its size and what lies inside', () => {
    const range = parseCidr('10.96.0.0/16')
    expect(range?.at(1n)).toBe('10.96.0.1')
    expect(range?.size).toBe(65_536n)
    expect(range?.contains({ family: 'IPv4', value: (range?.base ?? 0n) + 65_535n })).toBe(true)
    expect(range?.contains({ family: 'IPv4', value: (range?.base ?? 0n) + 65_536n })).toBe(false)
  })
  it('clears host bits and remembers that there were some', () => {
    const range = parseCidr('10.0.0.1/8')
    expect([range?.toString(), range?.exact]).toEqual(['10.0.0.0/8', false])
  })
  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/08', '/8'])('%j is none', (text) => {
    expect(parseCidr(text)).toBeUndefined()
  })
})
