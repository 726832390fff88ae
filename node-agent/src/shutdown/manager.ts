import type { Clock } from '@kapell/controllers/machinery/clock'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import type { V1Pod } from '@kapell/openapi/types'
import type { Rejection } from '../pods/admission.ts'
import { identityOf } from '../pods/record.ts'
import type { PodFailure } from '../pods/worker.ts'
import { inOrder, type ShutdownGroup } from './groups.ts'

/** Ends the pods in order before the machine goes down. Source: "Graceful node shutdown". */
export interface Shutdown {
  /** Resolves when every pod has ended or its time is over. From the first call on the node takes no pods. */
  run(): Promise<void>
  /** Why the node is not ready; '' while it does not go down. */
  problem(): string
  /** Why a pod is not taken now, if so. */
  refuses(): Rejection | undefined
}

export interface ShutdownOptions {
  groups: readonly ShutdownGroup[]
  /** Of this node; those that have ended are passed over. */
  pods(): readonly V1Pod[]
  /** Ends a pod for good. Resolves when nothing of it runs. */
  end(pod: V1Pod, why: PodFailure): Promise<void>
  /** The node is not ready any more: brings that to the API. */
  tell(): Promise<void>
  event(reason: string, message: string): void
  clock: Clock
  log: Logger
}

/** Upstream's. */
const failure = {
  reason: 'Terminated',
  message: 'Pod was terminated in response to imminent node shutdown.',
  disruption: true,
}

export function createShutdown(options: ShutdownOptions): Shutdown {
  const { groups, clock, log } = options
  let running: Promise<void> | undefined
  let goesDown = false

  const end = async (pod: V1Pod, seconds: number): Promise<void> => {
    const { namespace, name } = identityOf(pod)
    const own = pod.spec?.terminationGracePeriodSeconds ?? seconds
    await options
      .end(pod, { ...failure, graceSeconds: Math.min(own, seconds) })
      .catch((error: unknown) => log.warn(`pod ${namespace}/${name} could not be ended: ${errorText(error)}`))
  }

  const run = async (): Promise<void> => {
    goesDown = true
    options.event('Shutdown', 'Shutdown manager detected shutdown event')
    await options.tell().catch((error: unknown) => log.warn(`the shutdown could not be told of: ${errorText(error)}`))
    const active = options.pods().filter(({ status }) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed')
    for (const { seconds, pods } of inOrder(groups, active)) {
      const over = new AbortController()
      await Promise.race([
        Promise.all(pods.map((pod) => end(pod, seconds))),
        clock.sleep(seconds * 1000, over.signal).then(() => {
          if (!over.signal.aborted) log.warn('pods did not end in the time that a shutdown gives them')
        }),
      ])
      over.abort()
    }
  }
  return {
    run: () => (running ??= run()),
    problem: () => (goesDown ? 'node is shutting down' : ''),
    refuses: () =>
      goesDown ? { reason: 'NodeShutdown', message: 'Pod was rejected as the node is shutting down.' } : undefined,
  }
}
