import type { V1Container, V1Pod } from '@kapell/openapi/types'
import type { PodDevices } from '../devices/manager.ts'
import { containerHash } from './container-hash.ts'
import type { ContainerRecord, PodRecord, SandboxRecord } from './record.ts'

/** Of pods without claims. */
export const noDevices: PodDevices = {
  prepare: () => Promise.resolve(),
  ofContainer: () => Promise.resolve({ cdiIds: [], env: [], mounts: [], deviceNodes: [] }),
  release: () => Promise.resolve(),
}

/** Makers of pods and records for tests. */
export function testPod(spec: Partial<NonNullable<V1Pod['spec']>> = {}, more: Partial<V1Pod> = {}): V1Pod {
  return {
    metadata: { name: 'p', namespace: 'ns', uid: 'u1', generation: 1, ...more.metadata },
    spec: { containers: [{ name: 'c', image: 'img:1' }], restartPolicy: 'Always', ...spec },
    status: more.status ?? {},
  }
}

export const testContainer = (name: string, more: Partial<V1Container> = {}): V1Container => ({
  name,
  image: 'img:1',
  ...more,
})

export function sandbox(more: Partial<SandboxRecord> = {}): SandboxRecord {
  return { id: 's0', attempt: 0, ready: true, createdAt: new Date('2026-01-01T00:00:00Z'), ips: ['10.0.0.1'], ...more }
}

export function running(name: string, more: Partial<ContainerRecord> = {}): ContainerRecord {
  return {
    id: `${name}-id`,
    name,
    sandboxId: 's0',
    attempt: 0,
    state: 'running',
    createdAt: new Date('2026-01-01T00:00:01Z'),
    startedAt: new Date('2026-01-01T00:00:02Z'),
    finishedAt: undefined,
    exitCode: 0,
    reason: '',
    message: '',
    image: 'img:1',
    imageRef: 'sha256:abc',
    hash: containerHash({ name, image: 'img:1' }),
    logPath: '',
    user: undefined,
    ...more,
  }
}

export const exited = (name: string, exitCode: number, more: Partial<ContainerRecord> = {}): ContainerRecord =>
  running(name, {
    state: 'exited',
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    finishedAt: new Date('2026-01-01T00:00:03Z'),
    ...more,
  })

export const record = (containers: ContainerRecord[] = [], sandboxes: SandboxRecord[] = [sandbox()]): PodRecord => ({
  uid: 'u1',
  name: 'p',
  namespace: 'ns',
  sandboxes,
  containers,
})
