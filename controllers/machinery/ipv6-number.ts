/** Reads an address that net.isIPv6 takes, also "::ffff:1.2.3.4". */
export function ipv6Number(address: string): bigint {
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a, b, c, d] = bytes.slice(0, 4).map(Number) as [number, number, number, number]
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  const [head = '', tail] = plain.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [before, after] = [groups(head), groups(tail ?? '')]
  const middle = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array.from({ length: middle }, () => '0'), ...after].reduce(
    (all, group) => (all << 16n) + BigInt(`0x${group}`),
    0n,
  )
}

/** The usual short form. Source: RFC 5952. */
export function ipv6Text(number: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) => ((number >> BigInt(112 - 16 * at)) & 0xffffn).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
