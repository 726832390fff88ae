import { ApiError } from '@kapell/openapi/meta/status'
import type { ApiClient } from './client.ts'
import { FakeClock } from './clock.ts'
import { createSeriesRecorder, type SeriesEvent } from './series-recorder.ts'

function recording() {
  const created: Record<string, unknown>[] = []
  const patched: { name: string; body: unknown }[] = []
  const broken: { by?: Error } = {}
  const client = {
    resource: () => ({
      create: (event: Record<string, unknown>) => {
        if (broken.by !== undefined) return Promise.reject(broken.by)
        created.push(event)
        return Promise.resolve(event)
      },
      patch: (name: string, _: string, body: unknown) => Promise.resolve(void patched.push({ name, body })),
    }),
  } as unknown as ApiClient
  const clock = new FakeClock()
  const { signal } = new AbortController()
  const recorder = createSeriesRecorder({ client, controller: 'ctl', instance: 'ctl-host', clock, signal })
  return { created, patched, broken, clock, recorder }
}
const pod = (resourceVersion = '1') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'a', name: 'p', uid: 'u1', resourceVersion },
})
const failed: SeriesEvent = { type: 'Warning', reason: 'Failed', action: 'Trying', note: 'no' }

test('writes what the newer API asks for', async () => {
  const { recorder, created } = recording()
  recorder.event(pod(), { ...failed, related: { ...pod(), metadata: { namespace: 'a', name: 'other' } } })
  await recorder.flushed()
  expect(created).toEqual([
    {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace: 'a', name: expect.stringMatching(/^p\.[0-9a-f]+$/) as string },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'ctl',
      reportingInstance: 'ctl-host',
      action: 'Trying',
      reason: 'Failed',
      regarding: { apiVersion: 'v1', kind: 'Pod', namespace: 'a', name: 'p', uid: 'u1', resourceVersion: '1' },
      related: { apiVersion: 'v1', kind: 'Pod', namespace: 'a', name: 'other' },
      note: 'no',
      type: 'Warning',
    },
  ])
})

test('the second of a kind makes a series, the next are written when it ends', async () => {
  const { recorder, created, patched, clock } = recording()
  for (let i = 0; i < 4; i++) recorder.event(pod(), failed)
  await recorder.flushed()
  expect([created.length, patched.map(({ body }) => body)]).toEqual([
    1,
    [{ series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' } }],
  ])
  await clock.advance(6 * 60_000)
  await recorder.flushed()
  expect(patched.at(-1)?.body).toMatchObject({ series: { count: 4 } })
  recorder.event(pod(), failed)
  await recorder.flushed()
  expect(created).toHaveLength(2)
})

test('another text, and another state of the object, are other events', async () => {
  const { recorder, created } = recording()
  recorder.event(pod(), failed)
  recorder.event(pod(), { ...failed, note: 'still no' })
  recorder.event(pod('2'), failed)
  await recorder.flushed()
  expect(created).toHaveLength(3)
})

test('what the server refuses is dropped, what it cannot take now is tried again', async () => {
  const { recorder, created, broken, clock } = recording()
  broken.by = new ApiError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', code: 403 })
  recorder.event(pod(), failed)
  await recorder.flushed()
  broken.by = new Error('away')
  recorder.event(pod('2'), failed)
  await clock.advance(1)
  delete broken.by
  await clock.advance(10_000)
  await recorder.flushed()
  expect(created).toMatchObject([{ regarding: { resourceVersion: '2' } }])
})

test('a burst is written whole, by several at a time', async () => {
  const { recorder, created } = recording()
  for (let i = 0; i < 2000; i++) recorder.event(pod(String(i)), failed)
  await recorder.flushed()
  expect(created).toHaveLength(2000)
})

test.each(Array.from({ length: 16 }, (_, i) => i))(
  'what is told %i turns after another is written, too',
  async (turns) => {
    const { recorder, created } = recording()
    recorder.event(pod(), failed)
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    recorder.event(pod(), { ...failed, note: 'neither' })
    await new Promise((resolve) => setImmediate(resolve))
    expect(created.map(({ note }) => note)).toEqual(['no', 'neither'])
  },
)
