import type { V1CronJob, V1Job } from '@kapell/openapi/types'
import { beyondHistory, decide, jobFor } from './reconcile.ts'
import { parseSchedule } from './schedule.ts'

const cron = (spec: object = {}, status: object = {}): V1CronJob =>
  ({
    metadata: { name: 'c', namespace: 'a', uid: 'u', creationTimestamp: '2026-01-01T00:00:30Z' },
    spec: { schedule: '*/10 * * * *', jobTemplate: { spec: {} }, ...spec },
    status,
  }) as unknown as V1CronJob
const at = (time: string) => new Date(`2026-01-01T${time}Z`)
const every10 = parseSchedule('*/10 * * * *')
const what = (cronJob: V1CronJob, active: number, time: string) => decide(cronJob, every10, active, at(time))

describe('whether a Job is due', () => {
  it.each([
    ['not before its first time', cron(), 0, '00:05:00', 'wait'],
    ['at its time', cron(), 0, '00:10:00', 'start'],
    ['once for each time', cron({}, { lastScheduleTime: '2026-01-01T00:10:00Z' }), 0, '00:12:00', 'wait'],
    ['late, but once', cron(), 0, '00:35:00', 'start'],
    ['not while suspended', cron({ suspend: true }), 0, '00:10:00', 'wait'],
    ['not past its deadline', cron({ startingDeadlineSeconds: 100 }), 0, '00:15:00', 'wait'],
    ['not beside another when forbidden', cron({ concurrencyPolicy: 'Forbid' }), 1, '00:10:00', 'skip'],
    [
      'not when the Job of that time is among those that run',
      cron({ concurrencyPolicy: 'Forbid' }, { active: [{ name: `c-${Date.UTC(2026, 0, 1, 0, 10) / 60_000}` }] }),
      1,
      '00:12:00',
      'wait',
    ],
    ['beside another when allowed', cron({ concurrencyPolicy: 'Allow' }), 1, '00:10:00', 'start'],
  ])('%s', (_, cronJob, active, time, wanted) => expect(what(cronJob, active, time).do).toBe(wanted))

  it('takes the place of another when told so', () => {
    expect(what(cron({ concurrencyPolicy: 'Replace' }), 1, '00:10:00')).toMatchObject({ do: 'start', replace: true })
  })
  it('comes back for the next time', () => expect(what(cron(), 0, '00:05:00').afterMs).toBe(300_100))
  it('tells when very many were missed', () => {
    const old = cron({}, { lastScheduleTime: '2025-12-01T00:00:00Z' })
    expect(what(old, 0, '00:10:00')).toMatchObject({ do: 'start', tooMany: true })
  })
})

it('names the Job by its minute and says when it was due, in its zone', () => {
  const job = jobFor(cron(), at('00:10:00'), 'Asia/Kolkata')
  expect(job.metadata).toMatchObject({
    name: `c-${Date.UTC(2026, 0, 1, 0, 10) / 60_000}`,
    annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T05:40:00+05:30' },
  })
})

it('keeps three successes and one failure', () => {
  const job = (name: string, type: string, minute: number): V1Job => ({
    metadata: { name },
    status: { startTime: `2026-01-01T00:0${minute}:00Z`, conditions: [{ type, status: 'True' }] },
  })
  const owned = [1, 2, 3, 4]
    .map((i) => job(`good${i}`, 'Complete', i))
    .concat([5, 6].map((i) => job(`bad${i}`, 'Failed', i)))
  expect(beyondHistory(cron(), owned).map(({ metadata }) => metadata?.name)).toEqual(['good1', 'bad5'])
})
