/**
 * Cron lines as Kubernetes reads them: five fields, names of months and weekdays, `@hourly` and its like, `@every`,
 * and a `TZ=` or `CRON_TZ=` before it. Source: concepts page "CronJob", "Schedule syntax"; behaviour at changes of
 * the clock as robfig/cron v3 has it: a time that is skipped does not fire, one that comes twice fires twice.
 */
export interface Schedule {
  /** The first time after `after`; undefined when there is none within five years. */
  next(after: Date): Date | undefined
}

export class CronError extends Error {}

interface Fields {
  minute: Set<number>
  hour: Set<number>
  day: Set<number>
  month: Set<number>
  weekday: Set<number>
  /** With both days restricted either one is enough; a star, stepped or not, restricts nothing. */
  anyDay: boolean
  anyWeekday: boolean
}

const shorthands: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const horizonYears = 5

/** Reads a line; `timeZone` is the object's own, which a zone in the line overrides. Throws {@link CronError}. */
export function parseSchedule(line: string, timeZone = 'UTC'): Schedule {
  let text = line.trim()
  let zone = timeZone
  const prefix = /^(?:CRON_)?TZ=(\S+)\s+(.*)$/.exec(text)
  if (prefix !== null) [zone, text] = [prefix[1]!, prefix[2]!.trim()]
  const localTime = zoneReader(zone)
  if (text.startsWith('@every ')) return everySchedule(text.slice('@every '.length))
  if (text.startsWith('@')) {
    const known = Object.hasOwn(shorthands, text) ? shorthands[text] : undefined
    if (known === undefined) throw new CronError(`unrecognized descriptor: ${text}`)
    text = known
  }
  const fields = parseFields(text)
  return { next: (after) => nextTime(fields, localTime, after) }
}

function parseFields(text: string): Fields {
  const parts = text.split(/\s+/)
  if (parts.length !== 5) throw new CronError(`expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`)
  const [minute, hour, day, month, weekday] = parts as [string, string, string, string, string]
  const star = (field: string): boolean => field.split(',').some((part) => /^[*?]/.test(part))
  return {
    minute: parseField(minute, 0, 59),
    hour: parseField(hour, 0, 23),
    day: parseField(day, 1, 31),
    month: parseField(month, 1, 12, months, 1),
    weekday: parseField(weekday, 0, 6, weekdays, 0),
    anyDay: star(day),
    anyWeekday: star(weekday),
  }
}

function parseField(field: string, low: number, high: number, names: readonly string[] = [], offset = 0): Set<number> {
  const found = new Set<number>()
  const value = (text: string): number => {
    const name = names.indexOf(text.toLowerCase())
    if (name >= 0) return name + offset
    if (!/^[0-9]+$/.test(text)) throw new CronError(`failed to parse int from ${text}`)
    return Number(text)
  }
  for (const part of field.split(',').filter((one) => one !== '')) {
    const [range = '', stepText, ...more] = part.split('/')
    if (more.length > 0) throw new CronError(`too many slashes: ${part}`)
    const ends = range.split('-')
    if (ends.length > 2) throw new CronError(`too many hyphens: ${part}`)
    const all = range === '*' || range === '?'
    const first = all ? low : value(ends[0]!)
    let last = all ? high : ends.length === 2 ? value(ends[1]!) : first
    const step = stepText === undefined ? 1 : value(stepText)
    // "5/10" goes on to the end.
    if (!all && ends.length === 1 && stepText !== undefined) last = high
    if (first < low) throw new CronError(`beginning of range (${first}) below minimum (${low}): ${part}`)
    if (last > high) throw new CronError(`end of range (${last}) above maximum (${high}): ${part}`)
    if (first > last) throw new CronError(`beginning of range (${first}) beyond end of range (${last}): ${part}`)
    if (step === 0) throw new CronError(`step of range should be a positive number: ${part}`)
    for (let i = first; i <= last; i += step) found.add(i)
  }
  if (found.size === 0) throw new CronError('empty spec string')
  return found
}

const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** Whole seconds, one at least, counted from the time asked about. */
function everySchedule(text: string): Schedule {
  const parts = [...text.trim().matchAll(/([0-9]+(?:\.[0-9]+)?)(h|ms|m|s)/g)]
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text.trim())
    throw new CronError(`failed to parse duration @every ${text}`)
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0)
  const delayMs = Math.max(Math.floor(ms / 1000), 1) * 1000
  return { next: (after) => new Date(Math.floor((after.getTime() + delayMs) / 1000) * 1000) }
}

interface LocalTime {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  weekday: number
}
type ZoneReader = (ms: number) => LocalTime

function zoneReader(zone: string): ZoneReader {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
  } catch {
    throw new CronError(`unknown time zone ${zone}`)
  }
  return (ms) => {
    const parts: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(ms)) if (type !== 'literal') parts[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts
    return { year, month, day, hour, minute, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() }
  }
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs

/** Steps over real time, so that what the clock skips is skipped and what it repeats comes twice. */
function nextTime(fields: Fields, localTime: ZoneReader, after: Date): Date | undefined {
  let ms = (Math.floor(after.getTime() / minuteMs) + 1) * minuteMs
  const end = ms + horizonYears * 366 * 24 * hourMs
  while (ms < end) {
    const local = localTime(ms)
    if (!fields.month.has(local.month) || !dayMatches(fields, local)) {
      // To the next local midnight, or shortly before it where the clock changes on the way.
      const left = (24 - local.hour) * hourMs - local.minute * minuteMs
      ms += left > 2 * hourMs ? left - hourMs - (left % hourMs) : toNextHour(local)
    } else if (!fields.hour.has(local.hour)) ms += toNextHour(local)
    else if (!fields.minute.has(local.minute)) ms += minuteMs
    else return new Date(ms)
  }
  return undefined
}

/** Half-hour zones change at odd minutes: a quarter of an hour is the largest safe step within the hour. */
const toNextHour = ({ minute }: LocalTime): number => (15 - (minute % 15)) * minuteMs

function dayMatches({ day, weekday, anyDay, anyWeekday }: Fields, local: LocalTime): boolean {
  const [byDay, byWeekday] = [day.has(local.day), weekday.has(local.weekday)]
  return anyDay || anyWeekday ? byDay && byWeekday : byDay || byWeekday
}

/** The latest scheduled time in (from, to], with how many were missed before it; undefined when there was none. */
export function latestTime(schedule: Schedule, from: Date, to: Date): { time: Date; missed: number } | undefined {
  const first = schedule.next(from)
  if (first === undefined || first > to) return undefined
  let time = first
  let missed = 0
  // A long gap is not walked minute by minute: from the first two times the pace is guessed, then walked to its end.
  const second = schedule.next(first)
  if (second !== undefined && second <= to) {
    const pace = second.getTime() - first.getTime()
    const jumps = Math.floor((to.getTime() - first.getTime()) / pace) - maxWalk
    if (jumps > 0) {
      const near = schedule.next(new Date(first.getTime() + jumps * pace))
      if (near !== undefined && near <= to) {
        time = near
        missed = jumps
      }
    }
  }
  for (let next = schedule.next(time); next !== undefined && next <= to; next = schedule.next(time)) {
    time = next
    missed++
  }
  return { time, missed }
}

/** Times walked one by one at the end of a gap. */
const maxWalk = 200
