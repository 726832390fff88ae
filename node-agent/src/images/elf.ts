/** The smallest static ELF executable around some machine code: one readable and executable segment. */
export function elfExecutable(machine: 'x64' | 'arm64', code: Uint8Array): Uint8Array {
  const headerBytes = 64 + 56
  const base = 0x400000n
  const size = BigInt(headerBytes + code.length)
  const out = new Uint8Array(headerBytes + code.length)
  const view = new DataView(out.buffer)
  // The file header: magic, 64 bits, little-endian, version 1.
  out.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
  view.setUint16(16, 2, true) // executable
  view.setUint16(18, machine === 'x64' ? 62 : 183, true)
  view.setUint32(20, 1, true)
  view.setBigUint64(24, base + BigInt(headerBytes), true) // entry point: right behind the headers
  view.setBigUint64(32, 64n, true) // program headers follow at once
  view.setUint16(52, 64, true)
  view.setUint16(54, 56, true)
  view.setUint16(56, 1, true)
  // The only program header: load the whole file.
  view.setUint32(64, 1, true)
  view.setUint32(68, 5, true)
  view.setBigUint64(80, base, true)
  view.setBigUint64(88, base, true)
  view.setBigUint64(96, size, true)
  view.setBigUint64(104, size, true)
  view.setBigUint64(112, 0x10000n, true)
  out.set(code, headerBytes)
  return out
}
