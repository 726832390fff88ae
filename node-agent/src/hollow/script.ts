import { parseQuantity } from '@kapell/openapi/meta/quantity'
import type { V1Pod } from '@kapell/openapi/types'

/**
 * What a simulated pod does, by its annotations (all durations in milliseconds; nonsense counts as not said):
 * - `hollow.kapell.io/start-after-ms`: how long it takes from being bound to Running;
 * - `hollow.kapell.io/run-for-ms`: its containers end after that long; else a Job's do at once, all others never;
 * - `hollow.kapell.io/exit-code`: what they end with, 0 unless said;
 * - `hollow.kapell.io/failures`: they end with the exit code so many times, and with 0 from then on;
 * - `hollow.kapell.io/stop-after-ms`: how long a deleted pod takes to go;
 * - `hollow.kapell.io/image-missing`: "true": no container ever starts;
 * - `hollow.kapell.io/cpu`, `hollow.kapell.io/memory`: quantities that the pod uses while it runs, 0 unless said;
 * - `hollow.kapell.io/cpu-shared`: a quantity that all running pods of its controller use together.
 */
export interface PodScript {
  startAfterMs: number
  /** Undefined: they run for ever. */
  runForMs: number | undefined
  exitCode: number
  failures: number
  stopAfterMs: number
  imageMissing: boolean
  cpuCores: number
  sharedCpuCores: number
  memoryBytes: number
}

const prefix = 'hollow.kapell.io/'

export function scriptOf({ metadata }: V1Pod): PodScript {
  const said = (name: string): string | undefined => metadata?.annotations?.[`${prefix}${name}`]
  const isOfJob = metadata?.ownerReferences?.some(({ kind, controller }) => kind === 'Job' && controller === true)
  return {
    startAfterMs: number(said('start-after-ms')) ?? 0,
    runForMs: number(said('run-for-ms')) ?? (isOfJob === true ? 0 : undefined),
    exitCode: number(said('exit-code')) ?? 0,
    failures: number(said('failures')) ?? Infinity,
    stopAfterMs: number(said('stop-after-ms')) ?? 0,
    imageMissing: said('image-missing') === 'true',
    cpuCores: quantity(said('cpu')),
    sharedCpuCores: quantity(said('cpu-shared')),
    memoryBytes: quantity(said('memory')),
  }
}

function quantity(text: string | undefined): number {
  if (text === undefined) return 0
  try {
    return Math.max(parseQuantity(text).toNumber(), 0)
  } catch {
    return 0
  }
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
