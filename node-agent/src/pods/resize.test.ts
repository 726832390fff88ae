import { FakeClock } from '@kapell/controllers/machinery/clock'
import { silentLogger } from '@kapell/controllers/machinery/log'
import { noCgroups } from '../cgroups/manager.ts'
import { computePodActions } from './actions.ts'
import type { PodDeps } from './deps.ts'
import { resizeContainers, type ResizeError } from './resize.ts'
import { record, running, sandbox, testPod } from './testing.ts'

const mebi = 1024 * 1024
const pod = (memory: string) =>
  testPod({ containers: [{ name: 'c', image: 'img:1', resources: { requests: { memory }, limits: { memory } } }] })
const has = record(
  [running('c', { limits: { cpuShares: 2, cpuQuota: 0, memoryBytes: 100 * mebi }, hash: '' })],
  [sandbox()],
)
const quiet = { started: () => true, failed: () => undefined }

function bench(usage: number, update: () => Promise<unknown> = () => Promise.resolve({})) {
  const told: string[] = []
  const given: unknown[] = []
  const deps = {
    cri: {
      runtime: {
        updateContainerResources: (request: unknown) => {
          given.push(request)
          return update()
        },
      },
    },
    observer: { forget: () => {} },
    cgroups: { ...noCgroups, memoryInUse: () => Promise.resolve(usage) },
    events: (_pod: unknown, _type: string, reason: string, message: string) => told.push(`${reason}: ${message}`),
    node: { memoryCapacityBytes: 1000 * mebi, cgroupRoot: '/k' },
    clock: new FakeClock('2026-01-01T00:00:00Z'),
    log: silentLogger,
  } as unknown as PodDeps
  const resizeError: ResizeError = {}
  const run = (wanted: string) =>
    resizeContainers(
      deps,
      { pod: pod(wanted), resized: new Map(), resizeError, signal: new AbortController().signal },
      computePodActions(pod(wanted), has, quiet),
    )
  return { run, told, given, resizeError }
}

it('memory does not shrink below what is in use', async () => {
  const { run, told, given, resizeError } = bench(30 * mebi)
  expect(await run('10Mi')).toEqual({ changed: false, retryAfterMs: 20_000 })
  expect(given).toEqual([])
  expect(resizeError.message).toBe(
    'cannot decrease memory limits: [attempting to set pod memory limit (10485760) below current usage (31457280), ' +
      'attempting to set container "c" memory limit (10485760) below current usage (31457280)]',
  )
  expect(told[0]).toContain('ResizeError: Pod resize error: {"containers":[{"name":"c"')
  // Nothing new was asked for: it is not told of with each look.
  expect(await run('10Mi')).toEqual({ changed: false, retryAfterMs: 20_000 })
  expect(told).toHaveLength(1)
  expect(await run('50Mi')).toEqual({ changed: true })
  expect(resizeError).not.toHaveProperty('message')
  expect(given).toHaveLength(1)
})

it('what the runtime refuses is told of', async () => {
  const { run, told, resizeError } = bench(0, () => Promise.reject(new Error('no')))
  expect(await run('200Mi')).toEqual({ changed: false })
  expect(resizeError.message).toBe('no')
  expect(told).toHaveLength(1)
})
