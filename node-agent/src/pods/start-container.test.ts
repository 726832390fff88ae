import type { V1Pod } from '@kapell/openapi/types'
import type { ContainerRecord } from './record.ts'
import { nextAttempt } from './start-container.ts'

const container = { name: 'c' }
const podWith = (status: object): V1Pod => ({
  metadata: { name: 'p' },
  spec: { containers: [container] },
  status: { containerStatuses: [{ name: 'c', image: '', imageID: '', ready: false, restartCount: 0, ...status }] },
})
const record = (more: Partial<ContainerRecord>): ContainerRecord =>
  ({ name: 'c', attempt: 2, state: 'exited', startedAt: new Date(1), reason: 'Error', ...more }) as ContainerRecord

describe('the restart count', () => {
  it.each<[string, Partial<ContainerRecord>, number]>([
    ['goes on after an instance that has ended', {}, 3],
    ['does not count one that was only made', { state: 'created', startedAt: undefined, reason: '' }, 2],
    ['nor one that was cut off while it started', { state: 'unknown', startedAt: undefined, reason: '' }, 2],
    ['nor one whose start the runtime lost track of', { startedAt: undefined, reason: 'Unknown' }, 2],
    ['nor one whose process ended before it was let run', { startedAt: undefined, reason: 'Error' }, 2],
    ['counts one that could not be started', { startedAt: undefined, reason: 'StartError' }, 3],
    ['counts one that ran and that the runtime lost', { state: 'unknown' }, 3],
  ])('%s', (_rule, before, attempt) => {
    expect(nextAttempt(podWith({}), container, record(before))).toBe(attempt)
  })

  it.each<[string, object, number]>([
    ['is nought for a new pod', {}, 0],
    ['does not count a container that the API knows of and that never ran', { containerID: 'containerd://x' }, 0],
    ['is what the API remembers', { restartCount: 4 }, 4],
  ])('%s, when the runtime knows nothing', (_rule, status, attempt) => {
    expect(nextAttempt(podWith(status), container, undefined)).toBe(attempt)
  })
})
