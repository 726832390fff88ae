/** Parts of timestamps and durations. Source: cel-spec's language definition, "Timestamp and Duration". */
import { calendar, type CalendarFields } from '../values/time.ts'
import type { Duration, Timestamp } from '../values/scalars.ts'
import { declare, type LibraryTable } from './declare.ts'

const parts: Readonly<Record<string, (fields: CalendarFields) => number>> = {
  getFullYear: (fields) => fields.year,
  getMonth: (fields) => fields.month,
  getDate: (fields) => fields.day,
  getDayOfMonth: (fields) => fields.day - 1,
  getDayOfWeek: (fields) => fields.weekday,
  getDayOfYear: (fields) => fields.dayOfYear,
  getHours: (fields) => fields.hours,
  getMinutes: (fields) => fields.minutes,
  getSeconds: (fields) => fields.seconds,
  getMilliseconds: (fields) => fields.milliseconds,
}
const rows: LibraryTable = Object.fromEntries(
  Object.entries(parts).flatMap(([name, part]) => [
    [`timestamp.${name}(): int`, (time: Timestamp) => BigInt(part(calendar(time)))],
    [`timestamp.${name}(string): int`, (time: Timestamp, zone: string) => BigInt(part(calendar(time, zone)))],
  ]),
)

export const timeLibrary = declare({
  ...rows,
  'duration.getHours(): int': (value: Duration) => value.nanos / 3_600_000_000_000n,
  'duration.getMinutes(): int': (value: Duration) => value.nanos / 60_000_000_000n,
  'duration.getSeconds(): int': (value: Duration) => value.nanos / 1_000_000_000n,
  'duration.getMilliseconds(): int': (value: Duration) => (value.nanos / 1_000_000n) % 1000n,
})
