import type { CycleState } from './cycle-state.ts'
import type { Plugin, Verdict } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'

/** One plug-in's part in what comes before binding. */
interface BindingStep {
  point: string
  plugin: string
  run: NonNullable<Plugin['preBind']>
}

/** What happens between the decision for a node and the binding: reserve, permit, preBind. */
export class BindingSteps {
  readonly #reserving: readonly Plugin[]
  readonly #beforeBinding: readonly BindingStep[]

  constructor(all: readonly Plugin[]) {
    this.#reserving = all.filter((plugin) => plugin.reserve !== undefined || plugin.unreserve !== undefined)
    this.#beforeBinding = [
      ...all.flatMap(({ name, permit }) =>
        permit === undefined ? [] : { point: 'Permit', plugin: name, run: permit },
      ),
      ...all.flatMap(({ name, preBind }) =>
        preBind === undefined ? [] : { point: 'PreBind', plugin: name, run: preBind },
      ),
    ]
  }

  /** Takes what the node takes; when one plug-in cannot, what the others took is given back. */
  reserve(state: CycleState, pod: PodInfo, nodeName: string): Verdict | undefined {
    for (const plugin of this.#reserving) {
      const verdict = plugin.reserve?.(state, pod, nodeName)
      if (verdict === undefined) continue
      this.unreserve(state, pod, nodeName)
      return verdict
    }
    return undefined
  }

  unreserve(state: CycleState, pod: PodInfo, nodeName: string): void {
    for (const plugin of this.#reserving.toReversed()) plugin.unreserve?.(state, pod, nodeName)
  }

  /**
   * What stands between the decision and the binding; undefined, as for nearly every pod, when nothing does. Rejects,
   * with upstream's text, when it came to nothing.
   */
  beforeBinding(state: CycleState, pod: PodInfo, nodeName: string): Promise<void> | undefined {
    for (const [i, step] of this.#beforeBinding.entries()) {
      const first = step.run(state, pod, nodeName)
      if (first !== undefined) return this.#goOn(first, i, (next) => next.run(state, pod, nodeName))
    }
    return undefined
  }

  async #goOn(
    first: Promise<Verdict | void>,
    at: number,
    begin: (step: BindingStep) => Promise<Verdict | void> | undefined,
  ): Promise<void> {
    for (const [i, step] of this.#beforeBinding.entries()) {
      if (i < at) continue
      const failed = `running ${step.point} plugin "${step.plugin}": `
      let verdict: Verdict | void
      try {
        verdict = await (i === at ? first : begin(step))
      } catch (error) {
        throw new Error(`${failed}${(error as Error).message}`, { cause: error })
      }
      if (verdict !== undefined) throw new Error(`${failed}${verdict.reasons.join(', ')}`)
    }
  }
}
