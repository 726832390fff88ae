import type { Cri } from '../cri/client.ts'
import { createAgentMetrics, type ProbeOutcome } from './agent-metrics.ts'
import { measuredCri, operationName } from './measured-cri.ts'

const lines = (text: string, start: string): string[] => text.split('\n').filter((line) => line.startsWith(start))

it.each([
  ['runPodSandbox', 'run_podsandbox'],
  ['containerStatus', 'container_status'],
  ['execSync', 'exec_sync'],
  ['updateContainerResources', 'update_container'],
])('%s is counted as %s', (method, name) => {
  expect(operationName(method)).toBe(name)
})

it('counts and times calls of the runtime, and those that fail', async () => {
  const metrics = createAgentMetrics()
  const bare = {
    runtime: {
      version: () => Promise.resolve({ runtimeName: 'x' }),
      runPodSandbox: () => Promise.reject(new Error('no')),
    },
    images: {},
  } as unknown as Cri
  const cri = measuredCri(bare, metrics)
  expect((await cri.runtime.version({})).runtimeName).toBe('x')
  await expect(cri.runtime.runPodSandbox({ runtimeHandler: 'h' })).rejects.toThrow('no')
  await Promise.resolve()
  const text = metrics.registry.render()
  expect(lines(text, 'kubelet_runtime_operations_total')).toEqual([
    'kubelet_runtime_operations_total{operation_type="version"} 1',
    'kubelet_runtime_operations_total{operation_type="run_podsandbox"} 1',
  ])
  expect(lines(text, 'kubelet_runtime_operations_errors_total')).toEqual([
    'kubelet_runtime_operations_errors_total{operation_type="run_podsandbox"} 1',
  ])
  expect(lines(text, 'kubelet_run_podsandbox_errors_total')).toEqual([
    'kubelet_run_podsandbox_errors_total{runtime_handler="h"} 1',
  ])
  expect(text).toContain('kubelet_runtime_operations_duration_seconds_count{operation_type="version"} 1')
})

it('tells of probes as long as their pod is there', () => {
  const metrics = createAgentMetrics()
  const outcome: ProbeOutcome = {
    namespace: 'ns',
    pod: 'p',
    podUid: 'u',
    container: 'c',
    type: 'Liveness',
    result: 'successful',
    seconds: 0.02,
  }
  for (const seconds of [0.02, 0.02, 20]) metrics.probed({ ...outcome, seconds })
  metrics.probed({ ...outcome, result: 'failed' })
  const text = metrics.renderProbes()
  const labels = 'container="c",namespace="ns",pod="p"'
  expect(lines(text, 'prober_probe_total')).toEqual([
    `prober_probe_total{${labels},pod_uid="u",probe_type="Liveness",result="successful"} 3`,
    `prober_probe_total{${labels},pod_uid="u",probe_type="Liveness",result="failed"} 1`,
  ])
  expect(text).toContain(`prober_probe_duration_seconds_bucket{${labels},probe_type="Liveness",le="0.025"} 3`)
  expect(text).toContain(`prober_probe_duration_seconds_count{${labels},probe_type="Liveness"} 4`)
  metrics.forgetProbes('u')
  expect(metrics.renderProbes()).not.toContain('prober_')
})
