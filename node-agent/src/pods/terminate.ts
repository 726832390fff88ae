import { rm } from 'node:fs/promises'
import type { V1Pod } from '@kapell/openapi/types'
import { isNotFound } from '../cri/grpc-client.ts'
import { isSidecar } from './actions.ts'
import type { PodDeps } from './deps.ts'
import { killContainer } from './kill.ts'
import type { ContainerRecord, PodIdentity, PodRecord } from './record.ts'

export interface TerminateRequest {
  identity: PodIdentity
  /** Undefined when only the runtime knows the pod. */
  pod: V1Pod | undefined
  record: PodRecord
  graceSeconds: number
  signal: AbortSignal
}

type TerminateDeps = Pick<PodDeps, 'cri' | 'clock' | 'events' | 'log'>

/** Ends every running container of a pod within its grace period, sidecars last and in reverse, then its sandboxes. */
export async function terminatePod(deps: TerminateDeps, request: TerminateRequest): Promise<void> {
  await endContainers(deps, request, (name) => `Stopping container ${name}`)
  await stopSandboxes(deps, request.record, request.signal)
}

/** Ends every running container of a pod, sidecars last and in reverse. `message` is what the event of each says. */
export async function endContainers(
  deps: TerminateDeps,
  { pod, record, signal, graceSeconds }: TerminateRequest,
  message: (name: string) => string,
): Promise<void> {
  const running = record.containers.filter(({ state }) => state === 'running')
  const started = deps.clock.now().getTime()
  const sidecars = (pod?.spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name)
  const podIp = record.sandboxes[0]?.ips[0] ?? ''
  const kill = async (container: ContainerRecord): Promise<void> => {
    const elapsed = (deps.clock.now().getTime() - started) / 1000
    const spec = [...(pod?.spec?.initContainers ?? []), ...(pod?.spec?.containers ?? [])].find(
      ({ name }) => name === container.name,
    )
    await killContainer(deps, {
      pod,
      container: spec,
      containerId: container.id,
      podIp,
      graceSeconds: Math.max(0, graceSeconds - elapsed),
      message: message(container.name),
      signal,
    })
  }
  await settleAll(running.filter(({ name }) => !sidecars.includes(name)).map(kill))
  for (const name of sidecars.toReversed()) await settleAll(running.filter((item) => item.name === name).map(kill))
}

/** All of them, ready or not: stopping releases the network of one that died. */
export async function stopSandboxes(deps: Pick<PodDeps, 'cri'>, record: PodRecord, signal: AbortSignal): Promise<void> {
  await settleAll(
    record.sandboxes.map(({ id }) => ignoreGone(deps.cri.runtime.stopPodSandbox({ podSandboxId: id }, { signal }))),
  )
}

/** Removes what the runtime keeps of an ended pod: containers, sandboxes, and with them the container logs' owners. */
export async function removeFromRuntime(deps: Pick<PodDeps, 'cri'>, record: PodRecord): Promise<void> {
  await settleAll(
    record.containers
      .filter(({ id }) => id !== '')
      .map(({ id }) => ignoreGone(deps.cri.runtime.removeContainer({ containerId: id }))),
  )
  await settleAll(record.sandboxes.map(({ id }) => ignoreGone(deps.cri.runtime.removePodSandbox({ podSandboxId: id }))))
}

/** Removes what the node's file system keeps of an ended pod. */
export async function removeFromNode(
  deps: Pick<PodDeps, 'volumes' | 'paths' | 'cgroups'>,
  identity: PodIdentity,
): Promise<void> {
  await deps.volumes.unmount(identity.uid)
  await rm(deps.paths.pod(identity.uid), { recursive: true, force: true })
  await rm(deps.paths.podLogs(identity), { recursive: true, force: true })
  await deps.cgroups.remove(identity.uid)
}

/** Waits for all, then throws the first failure: one stubborn container must not keep the others running. */
async function settleAll(promises: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(promises)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

async function ignoreGone(call: Promise<unknown>): Promise<void> {
  try {
    await call
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
