import type { Clock } from '@kapell/controllers/machinery/clock'
import type { Logger } from '@kapell/controllers/machinery/log'
import type { PodAgent } from '../agent.ts'
import { identityOf } from '../pods/record.ts'
import type { ShutdownGroup } from '../shutdown/groups.ts'
import { watchLogind } from '../shutdown/logind.ts'
import { createShutdown, type Shutdown } from '../shutdown/manager.ts'

/** What ends the pods in order before the machine goes down, where the machine tells of it. */
export function openShutdown(parts: {
  groups: readonly ShutdownGroup[]
  pods: PodAgent
  tell(): Promise<void>
  event(reason: string, message: string): void
  clock: Clock
  log: Logger
  signal: AbortSignal
}): Shutdown {
  const { groups, pods, tell, event, clock, log, signal } = parts
  const shutdown = createShutdown({
    groups,
    pods: () => pods.nodePods.list(),
    end: (pod, why) => pods.workers.fail(identityOf(pod).uid, why),
    tell,
    event,
    clock,
    log,
  })
  watchLogind({ goesDown: () => shutdown.run(), log, signal })
  return shutdown
}
