import { FakeClock, settle } from '@kapell/controllers/machinery/clock'
import type { Cri } from '../cri/client.ts'
import { RuntimeCallError } from '../cri/grpc-client.ts'
import { record, running, testPod } from '../pods/testing.ts'
import { createProber } from './prober.ts'

const probe = { exec: { command: ['sh', '-c', 'x'] }, periodSeconds: 1, failureThreshold: 1 }
const pod = testPod({ containers: [{ name: 'c', image: 'img:1', livenessProbe: probe }] })

async function probed(answer: () => Promise<unknown>) {
  const clock = new FakeClock('2026-01-01T00:00:02Z')
  const told: string[] = []
  const cri = { runtime: { execSync: answer } } as unknown as Cri
  const prober = createProber({
    cri,
    clock,
    nodeIp: '10.0.0.1',
    events: (_pod, _type, _reason, message) => told.push(message),
    changed: () => {},
  })
  prober.update(pod, record([running('c')]))
  await settle()
  await clock.advance(3000)
  await settle()
  prober.stop('u1')
  return { told, verdict: prober }
}

it.each<[string, () => Promise<unknown>, string | undefined]>([
  [
    'success is not told of',
    () => Promise.resolve({ exitCode: 0, stdout: Buffer.from(''), stderr: Buffer.from('') }),
    undefined,
  ],
  [
    'failure is, with what the command said',
    () => Promise.resolve({ exitCode: 1, stdout: Buffer.from('no'), stderr: Buffer.from('!') }),
    'Liveness probe failed: no!',
  ],
  [
    'a command that takes too long has failed',
    () => Promise.reject(new RuntimeCallError('ExecSync', { code: 4, details: 'late' }, 'socket')),
    'Liveness probe failed: command timed out: "sh -c x" timed out after 1s',
  ],
  [
    'one that cannot be run tells nothing of the container',
    () => Promise.reject(new RuntimeCallError('ExecSync', { code: 2, details: 'no such file' }, 'socket')),
    'Liveness probe errored and resulted in unknown state: rpc error: code = Unknown desc = no such file',
  ],
])('%s', async (_rule, answer, message) => {
  const { told } = await probed(answer)
  expect(told[0]).toBe(message)
})

it('what cannot be found out ends no container', async () => {
  const seen: (string | undefined)[] = []
  for (const code of [2, 4]) {
    const clock = new FakeClock('2026-01-01T00:00:02Z')
    const execSync = () => Promise.reject(new RuntimeCallError('ExecSync', { code, details: '' }, 'socket'))
    const cri = { runtime: { execSync } } as unknown as Cri
    const prober = createProber({ cri, clock, nodeIp: '', events: () => {}, changed: () => {} })
    prober.update(pod, record([running('c')]))
    await settle()
    await clock.advance(3000)
    await settle()
    seen.push(prober.failed('c-id'))
    prober.stop('u1')
  }
  expect(seen).toEqual([undefined, 'liveness'])
})
