import { CronError, latestTime, parseSchedule } from './schedule.ts'

const next = (line: string, after: string, zone?: string): string | undefined =>
  parseSchedule(line, zone).next(new Date(after))?.toISOString().replace('.000Z', 'Z')

describe('cron lines', () => {
  it.each([
    ['every minute', '* * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'],
    ['steps', '*/15 * * * *', '2026-01-01T00:16:00Z', '2026-01-01T00:30:00Z'],
    ['lists and ranges', '5,10-12 3 * * *', '2026-01-01T03:10:00Z', '2026-01-01T03:11:00Z'],
    ['a step from a number goes on to the end', '50/5 * * * *', '2026-01-01T00:51:00Z', '2026-01-01T00:55:00Z'],
    ['names', '0 0 * feb mon', '2026-01-01T00:00:00Z', '2026-02-02T00:00:00Z'],
    ['either day when both are given', '0 0 13 * 5', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ['both days when one is a star', '0 0 */13 * 5', '2026-01-01T00:00:00Z', '2026-02-27T00:00:00Z'],
    ['leap days', '0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['shorthands', '@monthly', '2026-01-15T00:00:00Z', '2026-02-01T00:00:00Z'],
    ['every so often', '@every 1h30m', '2026-01-01T00:00:00Z', '2026-01-01T01:30:00Z'],
    ['a zone in the line', 'TZ=Asia/Tokyo 0 9 * * *', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ['half-hour zones', 'CRON_TZ=Asia/Kolkata 0 6 * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:30:00Z'],
  ])('%s', (_, line, after, wanted) => expect(next(line, after)).toBe(wanted))

  it('a time that the clock skips does not fire that day', () => {
    expect(next('30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-30T00:30:00Z')
  })
  it('a time that comes twice fires twice', () => {
    expect(next('30 2 * * *', '2026-10-24T12:00:00Z', 'Europe/Berlin')).toBe('2026-10-25T00:30:00Z')
    expect(next('30 2 * * *', '2026-10-25T00:30:00Z', 'Europe/Berlin')).toBe('2026-10-25T01:30:00Z')
  })
  it('a line that never fires says so', () => expect(next('0 0 31 2 *', '2026-01-01T00:00:00Z')).toBeUndefined())

  it.each([
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['* * * * 7', 'end of range (7) above maximum (6): 7'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['a * * * *', 'failed to parse int from a'],
    ['@never', 'unrecognized descriptor: @never'],
    ['TZ=Mars/Olympus * * * * *', 'unknown time zone Mars/Olympus'],
  ])('%s is refused', (line, message) => {
    expect(() => parseSchedule(line)).toThrow(new CronError(message))
  })

  it('finds the latest missed time without walking through years', () => {
    const found = latestTime(
      parseSchedule('* * * * *'),
      new Date('2020-01-01T00:00:00Z'),
      new Date('2026-01-01T00:00:30Z'),
    )
    expect(found?.time.toISOString()).toBe('2026-01-01T00:00:00.000Z')
    expect(found?.missed).toBeGreaterThan(100)
  })
})
