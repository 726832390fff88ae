import { errorText } from '@kapell/controllers/machinery/log'
import type { V1Container, V1Pod } from '@kapell/openapi/types'
import { isNotFound } from '../cri/grpc-client.ts'
import type { PodDeps } from './deps.ts'
import { runHook } from './hooks.ts'

export interface KillRequest {
  pod: V1Pod | undefined
  /** Undefined when the pod's spec is not known any more: no hook is run. */
  container: V1Container | undefined
  containerId: string
  podIp: string
  graceSeconds: number
  /** Text of the Killing event. */
  message: string
  signal: AbortSignal
}

type KillDeps = Pick<PodDeps, 'cri' | 'clock' | 'events' | 'log'>

/** What is left to a container when its preStop handler used up the grace period. */
const minimumGraceSeconds = 2

/** preStop handler, then the polite signal, then, when the grace period is over, SIGKILL. Resolves when it has ended. */
export async function killContainer(deps: KillDeps, request: KillRequest): Promise<void> {
  const { pod, container, containerId, podIp, signal, message } = request
  let graceSeconds = request.graceSeconds
  if (pod !== undefined) deps.events(pod, 'Normal', 'Killing', message, container?.name)
  const handler = container?.lifecycle?.preStop
  if (handler !== undefined && container !== undefined && graceSeconds > 0) {
    const started = deps.clock.now().getTime()
    const timeoutMs = graceSeconds * 1000
    try {
      await runHook(handler, { cri: deps.cri, clock: deps.clock, containerId, container, podIp, timeoutMs, signal })
    } catch (error) {
      if (signal.aborted) throw error
      deps.log.info(`preStop hook of container ${container.name}: ${errorText(error)}`)
      if (pod !== undefined) deps.events(pod, 'Warning', 'FailedPreStopHook', 'PreStopHook failed', container.name)
    }
    const usedSeconds = Math.ceil((deps.clock.now().getTime() - started) / 1000)
    graceSeconds = Math.max(minimumGraceSeconds, graceSeconds - usedSeconds)
  }
  try {
    await deps.cri.runtime.stopContainer(
      { containerId, timeout: BigInt(Math.max(0, Math.floor(graceSeconds))) },
      { deadlineMs: graceSeconds * 1000 + 120_000, signal },
    )
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}
