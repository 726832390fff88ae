import { cleanRanges, letGoOfMappedFiles } from './mapped-files.ts'

const entry = (head: string, kilobytes: { dirty?: number; anonymous?: number } = {}): string =>
  [
    head,
    'Size:               4280 kB',
    'Shared_Clean:       4280 kB',
    `Private_Dirty:      ${kilobytes.dirty ?? 0} kB`,
    `Anonymous:          ${kilobytes.anonymous ?? 0} kB`,
    'VmFlags: rd ex mr mw me',
  ].join('\n')

describe('ranges of mapped files that may be dropped', () => {
  const name = '/opt/node/bin/node'
  const smaps = [
    entry(`00400000-0082e000 r--p 00000000 fe:00 5355236                            ${name}`),
    entry(`0082e000-03489000 r-xp 0042e000 fe:00 5355236                            ${name}`),
    entry(`072a7000-072dc000 r--p 06ea7000 fe:00 5355236                            ${name}`, { dirty: 24 }),
    entry(`072dc000-07308000 rw-p 06edc000 fe:00 5355236                            ${name}`),
    entry('07308000-08000000 rw-p 00000000 00:00 0                                  [heap]'),
    entry('7fb23d000000-7fb23d100000 r-xp 00000000 fe:00 77                         /usr/lib/libm.so.6'),
    entry('7fb23e000000-7fb23e100000 r--s 00000000 fe:00 78                         /data/store/store.mdb'),
    entry('7fb23f000000-7fb23f100000 r-xp 00000000 fe:00 79                         /opt/other/node', { anonymous: 4 }),
  ].join('\n')

  it('are those of the wanted files that hold nothing of the process’ own', () => {
    const ranges = cleanRanges(smaps, (file) => file.endsWith('node') || file.endsWith('store.mdb'))
    expect(ranges).toEqual([
      { start: 0x400000n, sizeBytes: 0x42e000 },
      { start: 0x82e000n, sizeBytes: 0x2c5b000 },
      { start: 0x7fb23e000000n, sizeBytes: 0x100000 },
    ])
  })

  it('are none of what tells nothing', () => {
    expect(cleanRanges('', () => true)).toEqual([])
    expect(cleanRanges('00400000-0082e000 r--p 00000000 fe:00 1 /opt/node', () => true)).toEqual([])
  })

  it('can be dropped under a running program', () => {
    letGoOfMappedFiles()
    expect(JSON.parse(JSON.stringify({ still: ['here'] }))).toEqual({ still: ['here'] })
  })
})
