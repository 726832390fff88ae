import { isOurContainerd, shimsOf } from './cleanup.ts'
import { gatewayOf, hasCapability } from './host.ts'
import { runtimePaths } from './paths.ts'
import { fieldsOf, lengthDelimited } from './probe.ts'

describe('gatewayOf', () => {
  it.each([
    ['10.244.0.0/24', '10.244.0.1'],
    ['10.244.7.128/25', '10.244.7.129'],
    ['10.244.7.200/25', '10.244.7.129'],
    ['192.168.255.252/30', '192.168.255.253'],
    ['200.0.0.0/8', '200.0.0.1'],
  ])('%s has its first address %s', (cidr, gateway) => {
    expect(gatewayOf(cidr)).toBe(gateway)
  })

  it.each(['10.244.0.0', '10.244.0.0/31', '10.256.0.0/24', 'fd00::/64', '10.0.0.0/4', ''])('refuses %j', (cidr) => {
    expect(() => gatewayOf(cidr)).toThrow(`pod CIDR "${cidr}" must be an IPv4 range between /8 and /30`)
  })
})

it.each([
  ['all', 'CapEff:\t000001ffffffffff\n', true],
  ['all but CAP_SYS_RESOURCE', 'CapEff:\t000001fffeffffff\n', false],
])('sees the capability among %s', (_, status, expected) => {
  expect(hasCapability(status, 24n)).toBe(expected)
})

describe('runtimePaths', () => {
  it('keeps socket paths within 107 bytes, however deep the data directory is', () => {
    expect(Buffer.byteLength(`${runtimePaths(`/${'deep/'.repeat(60)}`).socket}.ttrpc`)).toBeLessThanOrEqual(107)
  })
  it('keeps link names within 15 bytes', () => {
    expect(runtimePaths('/x').linkName.length).toBeLessThanOrEqual(15)
  })
  it('is the same for the same directory and another for another', () => {
    expect(runtimePaths('/a/').id).toBe(runtimePaths('/a').id)
    expect(runtimePaths('/b').id).not.toBe(runtimePaths('/a').id)
  })
})

describe('whose process it is', () => {
  const shim = (pid: number, socket: string) => ({
    pid,
    args: ['/usr/bin/containerd-shim-runc-v2', '-namespace', 'k8s.io', '-id', 'x', '-address', socket],
  })
  it('finds the shims of one socket only', () => {
    const processes = [
      shim(1, '/run/a.sock'),
      shim(2, '/run/b.sock'),
      { pid: 3, args: ['grep', '-address', '/run/a.sock'] },
    ]
    expect(shimsOf(processes, '/run/a.sock')).toEqual([1])
  })
  it.each([
    [['/usr/bin/containerd', '--config', '/d/config.toml'], true],
    [['/usr/bin/containerd', '--config', '/etc/containerd/config.toml'], false],
    [['vi', '/d/config.toml'], false],
    [[], false],
  ])('%j', (args, expected) => {
    expect(isOurContainerd(args, '/d/config.toml')).toBe(expected)
  })
})

describe('protobuf by hand', () => {
  it('reads back what it writes, past other fields', () => {
    const text = 'x'.repeat(300)
    const bytes = Uint8Array.from([
      0x08,
      0x96,
      0x01,
      ...lengthDelimited(2, text),
      0x1d,
      1,
      2,
      3,
      4,
      ...lengthDelimited(20, 'z'),
    ])
    expect(fieldsOf(bytes).map(({ field, bytes: value }) => [field, new TextDecoder().decode(value)])).toEqual([
      [2, text],
      [20, 'z'],
    ])
  })
  it.each([[[0x0a]], [[0x0a, 5, 1]], [[0xff]], [[0x0b]]])('refuses %j', (bytes) => {
    expect(() => fieldsOf(Uint8Array.from(bytes))).toThrow('malformed protobuf message')
  })
})
