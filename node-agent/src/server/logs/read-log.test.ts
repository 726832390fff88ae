import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseLogLine, timeMicros } from './cri-line.ts'
import { readLog, type LogOptions } from './read-log.ts'

let dir: string
let path: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kapell-log-'))
  path = join(dir, '0.log')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const line = (second: number, content: string, stream = 'stdout', tag = 'F'): string =>
  `2026-01-01T00:00:0${second}.123456789Z ${stream} ${tag} ${content}\n`

const options = (more: Partial<LogOptions> = {}): LogOptions => ({
  path,
  follow: false,
  tailLines: undefined,
  since: undefined,
  timestamps: false,
  limitBytes: undefined,
  stream: undefined,
  signal: new AbortController().signal,
  running: () => Promise.resolve(false),
  onChange: () => () => {},
  ...more,
})

async function read(more: Partial<LogOptions> = {}): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const chunk of readLog(options(more))) parts.push(chunk)
  return Buffer.concat(parts).toString()
}

it.each([
  ['an empty line', `t stdout F `, { time: 't', stream: 'stdout', partial: false, content: '' }],
  ['no content at all', `t stderr F`, { time: 't', stream: 'stderr', partial: false, content: '' }],
  ['a partial line', `t stdout P ab c`, { time: 't', stream: 'stdout', partial: true, content: 'ab c' }],
  ['a further tag', `t stdout P:x ab`, { time: 't', stream: 'stdout', partial: true, content: 'ab' }],
  ['rubbish', `rubbish`, undefined],
  ['another stream', `t other F x`, undefined],
])('parses %s', (_, text, expected) => {
  const parsed = parseLogLine(Buffer.from(text))
  expect(parsed === undefined ? undefined : { ...parsed, content: Buffer.from(parsed.content).toString() }).toEqual(
    expected,
  )
})

it.each([
  ['2026-01-01T00:00:00.123456789Z', 1_767_225_600_123_456],
  ['2026-01-01T00:00:00Z', 1_767_225_600_000_000],
  ['never', 0],
])('%s is %d microseconds', (text, micros) => {
  expect(timeMicros(text)).toBe(micros)
})

describe('a finished log', () => {
  beforeEach(() => {
    writeFileSync(
      path,
      line(1, 'one') +
        line(2, 'two', 'stderr') +
        line(3, 'th', 'stdout', 'P') +
        line(3, 'ree') +
        'broken\n' +
        line(4, 'four'),
    )
  })
  it.each<[string, Partial<LogOptions>, string]>([
    ['whole', {}, 'one\ntwo\nthree\nfour\n'],
    ['the last line', { tailLines: 1 }, 'four\n'],
    ['no line', { tailLines: 0 }, ''],
    ['more than there are', { tailLines: 99 }, 'one\ntwo\nthree\nfour\n'],
    ['since a time', { since: new Date('2026-01-01T00:00:03Z') }, 'three\nfour\n'],
    ['a few bytes', { limitBytes: 5 }, 'one\nt'],
    ['one stream', { stream: 'stderr' }, 'two\n'],
    [
      'with times, one a line',
      { timestamps: true, tailLines: 4 },
      '2026-01-01T00:00:03.123456789Z three\n2026-01-01T00:00:04.123456789Z four\n',
    ],
  ])('%s', async (_, more, expected) => {
    expect(await read(more)).toBe(expected)
  })
})

it('is empty where there is no file', async () => {
  expect(await read()).toBe('')
})

it('reads lines longer than a block, and the last lines of a long file', async () => {
  const long = 'x'.repeat(200_000)
  writeFileSync(path, line(1, long) + line(2, 'end'))
  expect(await read()).toBe(`${long}\nend\n`)
  expect(await read({ tailLines: 1 })).toBe('end\n')
})

it('follows what is written, through a rotation, to the end of the container', async () => {
  writeFileSync(path, line(1, 'one'))
  let running = true
  const wakes = new Set<() => void>()
  const said: string[] = []
  const seen = new Map<string, () => void>()
  const until = (text: string): Promise<void> => new Promise((resolve) => seen.set(text, resolve))
  const finished = (async () => {
    const log = readLog(
      options({
        follow: true,
        running: () => Promise.resolve(running),
        onChange: (wake) => {
          wakes.add(wake)
          return () => wakes.delete(wake)
        },
      }),
    )
    for await (const chunk of log) {
      const text = Buffer.from(chunk).toString()
      said.push(text)
      for (const [wanted, resolve] of seen) if (said.join('').includes(wanted)) resolve()
    }
  })()
  await until('one')
  const half = line(2, 'two')
  appendFileSync(path, half.slice(0, 10))
  appendFileSync(path, half.slice(10))
  await until('two')
  renameSync(path, `${path}.old`)
  writeFileSync(path, line(3, 'three'))
  await until('three')
  appendFileSync(path, line(4, 'last'))
  running = false
  for (const wake of wakes) wake()
  await finished
  expect(said.join('')).toBe('one\ntwo\nthree\nlast\n')
  expect(wakes.size).toBe(0)
})
