/** Times as the API writes them. Source: API conventions, "Primitive types"; RFC 3339. */

/** "2026-11-25T03:09:04Z": whole seconds, UTC. */
export function rfc3339(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`
}

/** "2026-11-25T03:09:04.123000Z": the six decimals that MicroTime demands. */
export function microTime(date: Date): string {
  return `${date.toISOString().slice(0, 23)}000Z`
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** A duration as kubectl prints ages: "5m30s", "3h4m", "2d3h", "400d", "3y20d". Milliseconds in. */
export function humanDuration(ms: number): string {
  if (ms <= -2 * second) return '<invalid>'
  if (ms < 0) return '0s'
  const seconds = Math.floor(ms / second)
  if (seconds < 120) return `${seconds}s`
  const minutes = Math.floor(ms / minute)
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's')
  if (minutes < 180) return `${minutes}m`
  const hours = Math.floor(ms / hour)
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm')
  if (hours < 48) return `${hours}h`
  const days = Math.floor(hours / 24)
  if (hours < 24 * 8) return pair(days, 'd', hours % 24, 'h')
  if (days < 365 * 2) return `${days}d`
  const years = Math.floor(days / 365)
  return days < 365 * 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`
}

function pair(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big}${bigUnit}` : `${big}${bigUnit}${small}${smallUnit}`
}

const rfc3339Pattern = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9})\d*)?(Z|[+-]\d{2}:\d{2})$/

/** The time that an RFC 3339 text names, as seconds since the epoch and nanoseconds; undefined when it names none. */
export function parseRfc3339(text: string): { seconds: number; nanos: number } | undefined {
  const match = rfc3339Pattern.exec(text)
  if (match === null) return undefined
  const [, y, mo, d, h, mi, s, fraction = '', zone = 'Z'] = match
  const ms = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s))
  const date = new Date(ms)
  // Date.UTC reads years below 100 as 19xx and rolls overflowing parts over: both are refused or mended here.
  if (Number(y) < 100) date.setUTCFullYear(Number(y))
  if (date.getUTCMonth() !== Number(mo) - 1 || date.getUTCDate() !== Number(d)) return undefined
  if (Number(h) > 23 || Number(mi) > 59 || Number(s) > 59) return undefined
  let offsetMinutes = 0
  if (zone !== 'Z') {
    const zoneHours = Number(zone.slice(1, 3))
    const zoneMinutes = Number(zone.slice(4, 6))
    if (zoneHours > 24 || zoneMinutes > 60) return undefined
    offsetMinutes = (zone[0] === '-' ? -1 : 1) * (zoneHours * 60 + zoneMinutes)
  }
  return { seconds: date.getTime() / 1000 - offsetMinutes * 60, nanos: Number(fraction.padEnd(9, '0')) }
}
