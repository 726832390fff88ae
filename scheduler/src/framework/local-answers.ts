import type { CycleState } from './cycle-state.ts'
import type { NodeInfo } from './node-info.ts'
import type { Plugin, Verdict } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'

/** Kinds of pods whose answers are kept; a cluster at work places replicas of few templates at a time. */
const maxSignatures = 32

/** What local plug-ins say of each node (by slot) for pods of one signature, as of the node's generation. */
interface Answers {
  generations: Float64Array
  verdicts: (Verdict | undefined)[]
  /** In the order of the scoring plug-ins whose numbers are normalized. */
  scores: Float64Array[]
  /** How many numbers of each are not 0; of nodes that are gone, too. */
  nonZero: number[]
  /** What the other scoring plug-ins come to, weighed. */
  sums: Float64Array
}

/**
 * Remembers what local plug-ins answered: their answers can only differ when the pod's signature or the node's
 * generation does, so that of a thousand replicas each looks anew only at the nodes that changed since the one before.
 */
export class LocalAnswers {
  readonly #filters: readonly Plugin[]
  readonly #scorers: readonly Plugin[]
  readonly #summed: readonly WeighedPlugin[]
  readonly #bySignature = new Map<string, Answers>()

  constructor(all: readonly WeighedPlugin[]) {
    const local = all.filter(({ plugin }) => plugin.local === true)
    this.#filters = local.map(({ plugin }) => plugin).filter((plugin) => plugin.filter !== undefined)
    const scoring = local.filter(({ plugin, weight }) => plugin.score !== undefined && weight !== 0)
    this.#summed = scoring.filter(({ plugin }) => plugin.normalize === undefined && plugin.preScore === undefined)
    this.#scorers = scoring.filter((one) => !this.#summed.includes(one)).map(({ plugin }) => plugin)
  }

  forget(): void {
    this.#bySignature.clear()
  }

  /** For a cycle that looks at few nodes: asks anew and keeps nothing. */
  fresh(pod: PodInfo, state: CycleState): LocalAnswersOfPod {
    return {
      verdict: (node) => this.#ask(pod, state, node),
      scores: () => undefined,
      sums: undefined,
      isFlat: () => false,
    }
  }

  /** For one cycle. */
  of(pod: PodInfo, state: CycleState, slots: number): LocalAnswersOfPod {
    const answers = this.#answers(pod.signature, slots)
    const refresh = (node: NodeInfo): void => {
      const verdict = this.#ask(pod, state, node)
      answers.generations[node.slot] = node.generation
      answers.verdicts[node.slot] = verdict
      if (verdict !== undefined) return
      for (const [i, plugin] of this.#scorers.entries()) {
        const scores = answers.scores[i]
        if (scores === undefined) continue
        const score = plugin.score?.(state, pod, node) ?? 0
        answers.nonZero[i] = (answers.nonZero[i] ?? 0) + Number(score !== 0) - Number(scores[node.slot] !== 0)
        scores[node.slot] = score
      }
      let sum = 0
      for (const { plugin, weight } of this.#summed) sum += (plugin.score?.(state, pod, node) ?? 0) * weight
      answers.sums[node.slot] = sum
    }
    return {
      verdict: (node) => {
        if (answers.generations[node.slot] !== node.generation) refresh(node)
        return answers.verdicts[node.slot]
      },
      scores: (plugin) => answers.scores[this.#scorers.indexOf(plugin)],
      sums: { plugins: this.#summed, bySlot: answers.sums },
      isFlat: (plugin) => answers.nonZero[this.#scorers.indexOf(plugin)] === 0,
    }
  }

  #ask(pod: PodInfo, state: CycleState, node: NodeInfo): Verdict | undefined {
    for (const plugin of this.#filters) {
      const verdict = plugin.filter?.(state, pod, node)
      if (verdict !== undefined) return verdict
    }
    return undefined
  }

  #answers(signature: string, slots: number): Answers {
    const known = this.#bySignature.get(signature)
    this.#bySignature.delete(signature)
    const answers =
      known !== undefined && known.generations.length >= slots
        ? known
        : {
            generations: new Float64Array(slots + (slots >> 1)),
            verdicts: [],
            scores: this.#scorers.map(() => new Float64Array(slots + (slots >> 1))),
            nonZero: this.#scorers.map(() => 0),
            sums: new Float64Array(slots + (slots >> 1)),
          }
    this.#bySignature.set(signature, answers)
    if (this.#bySignature.size > maxSignatures)
      for (const oldest of this.#bySignature.keys()) {
        this.#bySignature.delete(oldest)
        break
      }
    return answers
  }
}

export interface LocalAnswersOfPod {
  verdict: (node: NodeInfo) => Verdict | undefined
  /** By slot; right for nodes that have just been found to fit. Undefined: not kept. */
  scores: (plugin: Plugin) => Float64Array | undefined
  /** All its scores are 0: they make no difference between nodes. */
  isFlat: (plugin: Plugin) => boolean
  /** The weighed sum of those whose scores count as they are; like `scores`. */
  sums: { plugins: readonly WeighedPlugin[]; bySlot: Float64Array } | undefined
}

interface WeighedPlugin {
  plugin: Plugin
  weight: number
}
