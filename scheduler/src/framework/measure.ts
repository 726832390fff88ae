import type { Counter } from '@kapell/controllers/machinery/metrics'
import type { CycleState } from './cycle-state.ts'
import type { NodeInfo } from './node-info.ts'
import type { Plugin } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'

/** Extension points whose time is told, by upstream's names. */
export type Point =
  'PreEnqueue' | 'PreFilter' | 'Filter' | 'PostFilter' | 'PreScore' | 'Score' | 'Reserve' | 'PreBind' | 'Bind'
export type PointStatus = 'Success' | 'Unschedulable' | 'Skip' | 'Error'
/** Points at which the plug-ins that had a say are counted. */
export type CountedPoint = 'PreFilter' | 'Filter' | 'PreScore' | 'Score'

/** What a framework tells of the time its plug-ins take; that of one profile. */
export interface Measure {
  point(point: Point, status: PointStatus, seconds: number): void
  plugin(point: Point, plugin: string, status: PointStatus, seconds: number): void
  evaluations(point: CountedPoint, plugin: string): Counter
}

/** Plug-ins are timed one by one in one cycle of so many: as upstream does, as timing costs as much as some plug-ins. */
const sampleEvery = 10

/** Laps of one cycle: each call tells the time since the one before. */
export interface Laps {
  lap(point: Point, status: PointStatus): void
  /** Set in sampled cycles. */
  readonly plugins: Pick<Measure, 'plugin'> | undefined
}

/** Counts and times the cycles of one framework; every method is cheap, and nothing without a measure. */
export class CycleMeasure {
  readonly #measure: Measure | undefined
  readonly #counters = new Map<Plugin, Record<CountedPoint, Counter>>()
  #cycle = 0
  #sampled = false

  constructor(plugins: readonly Plugin[], measure: Measure | undefined) {
    this.#measure = measure
    if (measure === undefined) return
    for (const plugin of plugins) {
      const counter = (point: CountedPoint): Counter => measure.evaluations(point, plugin.name)
      this.#counters.set(plugin, {
        PreFilter: plugin.preFilter === undefined ? none : counter('PreFilter'),
        Filter: plugin.filter === undefined ? none : counter('Filter'),
        PreScore: plugin.preScore === undefined ? none : counter('PreScore'),
        Score: plugin.score === undefined ? none : counter('Score'),
      })
    }
  }

  /** A new cycle begins. */
  begin(): Laps | undefined {
    this.#sampled = this.#cycle++ % sampleEvery === 0
    return this.laps()
  }

  /** A cycle goes on in another part. */
  laps(): Laps | undefined {
    const measure = this.#measure
    if (measure === undefined) return undefined
    let beganMs = performance.now()
    return {
      lap: (point, status) => {
        const nowMs = performance.now()
        measure.point(point, status, (nowMs - beganMs) / 1000)
        beganMs = nowMs
      },
      plugins: this.#sampled ? measure : undefined,
    }
  }

  count(point: CountedPoint, plugin: Plugin, times = 1): void {
    this.#counters.get(plugin)?.[point].inc(times)
  }
}

const none: Counter = { inc: () => {} }

/** Asks the filters once more about one node, for their time alone. */
export function timeFilters(
  plugins: readonly Plugin[],
  asked: { state: CycleState; pod: PodInfo; node: NodeInfo },
  measure: Pick<Measure, 'plugin'>,
): void {
  for (const plugin of plugins) {
    if (plugin.filter === undefined) continue
    const beganMs = performance.now()
    const verdict = plugin.filter(asked.state, asked.pod, asked.node)
    const seconds = (performance.now() - beganMs) / 1000
    measure.plugin('Filter', plugin.name, verdict === undefined ? 'Success' : 'Unschedulable', seconds)
    if (verdict !== undefined) return
  }
}
