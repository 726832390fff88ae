import type { ApiClient } from './client.ts'
import { FakeClock } from './clock.ts'
import type { RecordedEvent } from './event-correlator.ts'
import { createEventRecorder } from './event-recorder.ts'

function recording() {
  const created: RecordedEvent[] = []
  const patched: { name: string; body: Record<string, unknown> }[] = []
  const client = {
    resource: () => ({
      create: (event: RecordedEvent) => {
        created.push(event)
        return Promise.resolve(event)
      },
      patch: (name: string, _: string, body: Record<string, unknown>) => {
        patched.push({ name, body })
        const first = created.find((e) => e.metadata.name === name)!
        return Promise.resolve({ ...first, ...body })
      },
    }),
  } as unknown as ApiClient
  const clock = new FakeClock()
  return { created, patched, clock, recorder: createEventRecorder({ client, component: 'test-controller', clock }) }
}
const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'a', name: 'p', uid: 'u1' } }

describe('the event recorder', () => {
  test('writes the shape that kubectl reads', async () => {
    const { recorder, created } = recording()
    recorder.event(pod, 'Normal', 'Made', 'made it')
    await recorder.flushed()
    expect(created[0]).toMatchObject({
      metadata: { namespace: 'a', name: expect.stringMatching(/^p\.[0-9a-f]+$/) as string },
      involvedObject: { kind: 'Pod', name: 'p', uid: 'u1' },
      source: { component: 'test-controller' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
      type: 'Normal',
    })
  })

  test('counts equal events in one object', async () => {
    const { recorder, created, patched } = recording()
    for (let i = 0; i < 3; i++) recorder.event(pod, 'Warning', 'Failed', 'same')
    await recorder.flushed()
    expect(created).toHaveLength(1)
    expect(patched.map((p) => p.body.count)).toEqual([2, 3])
  })

  test('many messages of one reason become one, floods are dropped', async () => {
    const { recorder, created, patched } = recording()
    for (let i = 0; i < 100; i++) recorder.event(pod, 'Warning', 'Failed', `message ${i}`)
    await recorder.flushed()
    expect(created).toHaveLength(10)
    expect(created.at(-1)?.message).toBe('(combined from similar events): message 9')
    // Whose it is the source alone says, as with the original.
    expect(created.at(-1)).toMatchObject({ reportingComponent: '', source: created[0]?.source })
    expect(created.length + patched.length).toBe(25)
  })

  test('cluster-scoped objects get their events in default', async () => {
    const { recorder, created } = recording()
    recorder.event({ kind: 'Node', metadata: { name: 'n' } }, 'Normal', 'Up', 'up')
    await recorder.flushed()
    expect(created[0]?.metadata.namespace).toBe('default')
  })
})
