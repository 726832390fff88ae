/** Whether a cron expression can be read: five fields, or one of the names. Source: CronJob, "Schedule syntax". */

const descriptors = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'])

interface Bounds {
  low: number
  high: number
  names?: Readonly<Record<string, number>>
}

const months = Object.fromEntries(
  ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, i) => [name, i + 1]),
)
const days = Object.fromEntries(['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'].map((name, i) => [name, i]))

const bounds: readonly Bounds[] = [
  { low: 0, high: 59 },
  { low: 0, high: 23 },
  { low: 1, high: 31 },
  { low: 1, high: 12, names: months },
  { low: 0, high: 6, names: days },
]

/** What is wrong with a schedule; undefined when nothing. */
export function cronScheduleError(schedule: string): string | undefined {
  if (schedule.startsWith('@')) {
    if (descriptors.has(schedule)) return undefined
    const every = '@every '
    if (schedule.startsWith(every)) {
      const wrong = durationProblem(schedule.slice(every.length))
      return wrong === undefined ? undefined : `failed to parse duration ${schedule}: ${wrong}`
    }
    return `unrecognized descriptor: ${schedule}`
  }
  const fields = schedule.split(/\s+/).filter((field) => field !== '')
  if (fields.length !== bounds.length) {
    return `expected exactly ${bounds.length} fields, found ${fields.length}: [${fields.join(' ')}]`
  }
  for (const [i, field] of fields.entries()) {
    const bound = bounds[i]
    const wrong = bound === undefined ? undefined : fieldError(field, bound)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function fieldError(field: string, bound: Bounds): string | undefined {
  for (const part of field.split(',')) {
    const wrong = rangeError(part, bound)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function rangeError(part: string, bound: Bounds): string | undefined {
  const [range = '', step, ...moreSteps] = part.split('/')
  if (moreSteps.length > 0) return `too many slashes: ${part}`
  const [low = '', high, ...moreRange] = range.split('-')
  if (moreRange.length > 0) return `too many hyphens: ${part}`
  let start = bound.low
  let end = bound.high
  if (low !== '*' && low !== '?') {
    const first = valueOf(low, bound)
    if (typeof first === 'string') return first
    start = first
    end = step === undefined ? first : bound.high
    if (high !== undefined) {
      const last = valueOf(high, bound)
      if (typeof last === 'string') return last
      end = last
    }
  }
  if (step !== undefined) {
    const by = valueOf(step, { low: 0, high: bound.high })
    if (typeof by === 'string') return by
    if (by === 0) return `step of range should be a positive number: ${part}`
  }
  if (start < bound.low) return `beginning of range (${start}) below minimum (${bound.low}): ${part}`
  if (end > bound.high) return `end of range (${end}) above maximum (${bound.high}): ${part}`
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${part}`
  return undefined
}

function valueOf(text: string, bound: Bounds): number | string {
  const named = bound.names?.[text.toLowerCase()]
  if (named !== undefined) return named
  return /^\d+$/.test(text)
    ? Number(text)
    : `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`
}

const units = new Set(['ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h'])

/** Why "1h30m" and the like cannot be read. */
function durationProblem(text: string): string | undefined {
  const shown = JSON.stringify(text)
  let rest = text.replace(/^[+-]/, '')
  if (rest === '0') return undefined
  if (rest === '') return `time: invalid duration ${shown}`
  while (rest !== '') {
    const number = /^(\d+\.?\d*|\.\d+)/.exec(rest)?.[0]
    if (number === undefined) return `time: invalid duration ${shown}`
    rest = rest.slice(number.length)
    const unit = /^[^.\d]*/.exec(rest)?.[0] ?? ''
    if (unit === '') return `time: missing unit in duration ${shown}`
    if (!units.has(unit)) return `time: unknown unit ${JSON.stringify(unit)} in duration ${shown}`
    rest = rest.slice(unit.length)
  }
  return undefined
}
