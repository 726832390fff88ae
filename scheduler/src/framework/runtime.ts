import { BindingSteps } from './binding-steps.ts'
import { CycleState } from './cycle-state.ts'
import { CycleMeasure, timeFilters, type Laps, type Measure } from './measure.ts'
import { LocalAnswers, type LocalAnswersOfPod } from './local-answers.ts'
import { Nominations } from './nominations.ts'
import type { NodeInfo } from './node-info.ts'
import { isVerdict, PluginError, type Plugin, type PostFilterResult, type Verdict } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'
import { noRejections, Rejections, type Rejected } from './rejections.ts'
import { bestOf } from './scoring.ts'
import type { Snapshot } from './snapshot.ts'

/** How a cycle's search for a node ended. */
export interface Placement {
  /** Absent: no node fits. */
  nodeName?: string
  /** When no node fits: why each was refused. */
  rejected: Rejected
  /** Set when a pre-filter ruled out every node at once: its reason. */
  preFilterReason?: string
  state: CycleState
}

/** The nodes that fit, with what the search for them left behind. */
export interface Found extends Omit<Placement, 'nodeName'> {
  feasible: readonly NodeInfo[]
  local: LocalAnswersOfPod
}

export interface FrameworkOptions {
  /** How many fitting nodes are enough to choose among, of so many in all (absent: every node is looked at). */
  nodesToFind?: (nodeCount: number) => number
  /** Told what takes how long. */
  measure?: Measure
}

/** What the pre-filters leave to look at. */
interface Prepared {
  nodes: readonly NodeInfo[]
  /** Plug-ins whose filters look beyond one node and have something to say of this pod. */
  filters: readonly Plugin[]
  /** Why nodes that are not among `nodes` were refused. */
  elsewhere?: Verdict
  /** Every node was ruled out. */
  none?: true
}

/**
 * Runs a profile's plug-ins over the extension points. Answers of local plug-ins are kept from cycle to cycle, and
 * nothing else is: everything of one cycle is in its state.
 */
export class Framework {
  readonly plugins: readonly { plugin: Plugin; weight: number }[]
  readonly #local: LocalAnswers
  readonly #steps: BindingSteps
  readonly #options: FrameworkOptions
  readonly #measure: CycleMeasure
  readonly #localPlugins: readonly Plugin[]
  /** Where the next search begins when not all nodes are looked at. */
  #start = 0

  constructor(plugins: readonly { plugin: Plugin; weight: number }[], options: FrameworkOptions = {}) {
    const names = plugins.map(({ plugin }) => plugin.name)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined) throw new Error(`scheduler plug-in ${twice} is listed twice`)
    this.plugins = plugins
    this.#options = options
    const all = plugins.map(({ plugin }) => plugin)
    this.#steps = new BindingSteps(all)
    this.#localPlugins = all.filter((plugin) => plugin.local === true)
    this.#local = new LocalAnswers(plugins)
    this.#measure = new CycleMeasure(all, options.measure)
  }

  preEnqueue(pod: PodInfo): Verdict | undefined {
    const laps = this.#measure.laps()
    let verdict: Verdict | undefined
    for (const { plugin } of this.plugins) {
      verdict = plugin.preEnqueue?.(pod.pod)
      if (verdict !== undefined) break
    }
    laps?.lap('PreEnqueue', verdict === undefined ? 'Success' : 'Unschedulable')
    return verdict
  }

  /**
   * Finds the best node of the snapshot; `pickAmong` breaks ties (0 ≤ result < count). Room that preemption makes for
   * other pods of at least this one's priority counts as taken, and a node where it makes room for this one is taken
   * as soon as it fits.
   * @throws PluginError when a plug-in cannot say.
   */
  place(
    pod: PodInfo,
    snapshot: Snapshot,
    pickAmong: (count: number) => number,
    nominations: Nominations = new Nominations(),
  ): Placement {
    const found = this.find(pod, snapshot, nominations)
    const { feasible, state, rejected, preFilterReason } = found
    const nodeName =
      feasible.length < 2 ? feasible[0]?.name : feasible[bestOf(this.totals(pod, snapshot, found), pickAmong)]?.name
    return {
      rejected,
      state,
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(preFilterReason === undefined ? {} : { preFilterReason }),
    }
  }

  /** The nodes that fit, or why none does. */
  find(pod: PodInfo, snapshot: Snapshot, nominations: Nominations): Found {
    const state = new CycleState()
    const laps = this.#measure.begin()
    const prepared = this.#preFilter(state, pod, snapshot, laps)
    laps?.lap('PreFilter', prepared.none === true ? 'Unschedulable' : 'Success')
    const local =
      prepared.nodes === snapshot.nodes ? this.#local.of(pod, state, snapshot.slots) : this.#local.fresh(pod, state)
    if (prepared.none === true) {
      const rejected = new Rejections(snapshot, [], prepared.elsewhere)
      return { feasible: [], rejected, state, local, ...reasonOf(prepared.elsewhere) }
    }
    const isLocalOnly = prepared.filters.length === 0 && nominations.size === 0
    const verdictOf = isLocalOnly
      ? local.verdict
      : (node: NodeInfo): Verdict | undefined =>
          local.verdict(node) ??
          filterAll(prepared.filters, state, pod, node) ??
          this.#verdictBeside(nominations, pod, node, snapshot)
    const nominated = snapshot.get(pod.pod.status?.nominatedNodeName ?? '')
    if (nominated !== undefined && prepared.nodes.includes(nominated) && verdictOf(nominated) === undefined)
      return { feasible: [nominated], rejected: noRejections, state, local }
    const { feasible, bySlot, looked } = this.#search(prepared.nodes, verdictOf)
    if (laps !== undefined) this.#measureFilters({ laps, looked, prepared, state, pod })
    const rejected = feasible.length === 0 ? new Rejections(snapshot, bySlot, prepared.elsewhere) : noRejections
    return { feasible, rejected, state, local }
  }

  #measureFilters(done: { laps: Laps; looked: number; prepared: Prepared; state: CycleState; pod: PodInfo }): void {
    const { laps, looked, prepared, state, pod } = done
    laps.lap('Filter', 'Success')
    for (const plugin of this.#localPlugins) this.#measure.count('Filter', plugin, looked)
    for (const plugin of prepared.filters) this.#measure.count('Filter', plugin, looked)
    const [node] = prepared.nodes
    if (laps.plugins === undefined || node === undefined) return
    timeFilters([...this.#localPlugins, ...prepared.filters], { state, pod, node }, laps.plugins)
  }

  /** Whether the pod passes every filter on the node as the snapshot has it now, in a trial for example. */
  verdictOn(pod: PodInfo, node: NodeInfo, snapshot: Snapshot): Verdict | undefined {
    const state = new CycleState()
    const { nodes, filters, elsewhere } = this.#preFilter(state, pod, snapshot)
    if (elsewhere !== undefined && !nodes.includes(node)) return elsewhere
    return filterAll(this.#localPlugins, state, pod, node) ?? filterAll(filters, state, pod, node)
  }

  /** What local plug-ins answered may not hold any more, though neither pods nor nodes have changed. */
  forgetAnswers(): void {
    this.#local.forget()
  }

  /** Whether nothing but local plug-ins has a say about where the pod may go, the cluster being as it is. */
  isLocal(pod: PodInfo, snapshot: Snapshot): boolean {
    return this.#preFilter(new CycleState(), pod, snapshot).filters.length === 0
  }

  /** Takes what the node takes; when one plug-in cannot, what the others took is given back. */
  reserve(state: CycleState, pod: PodInfo, nodeName: string): Verdict | undefined {
    const laps = this.#measure.laps()
    const verdict = this.#steps.reserve(state, pod, nodeName)
    laps?.lap('Reserve', verdict === undefined ? 'Success' : 'Unschedulable')
    return verdict
  }

  /** For what is done outside of plug-ins: tells the time it took. */
  laps(): Laps | undefined {
    return this.#measure.laps()
  }

  unreserve(state: CycleState, pod: PodInfo, nodeName: string): void {
    this.#steps.unreserve(state, pod, nodeName)
  }

  /** What stands between the decision and the binding; undefined, as for nearly every pod, when nothing does. */
  beforeBinding(state: CycleState, pod: PodInfo, nodeName: string): Promise<void> | undefined {
    const laps = this.#measure.laps()
    const before = this.#steps.beforeBinding(state, pod, nodeName)
    if (before === undefined) laps?.lap('PreBind', 'Success')
    else
      void before.then(
        () => laps?.lap('PreBind', 'Success'),
        () => laps?.lap('PreBind', 'Error'),
      )
    return before
  }

  postFilter(state: CycleState, pod: PodInfo, snapshot: Snapshot, rejected: Rejected): PostFilterResult {
    const laps = this.#measure.laps()
    const messages: string[] = []
    const making: Promise<void>[] = []
    let found: PostFilterResult = { message: '' }
    for (const { plugin } of this.plugins) {
      const result = plugin.postFilter?.(state, pod, snapshot, rejected)
      if (result === undefined) continue
      messages.push(result.message)
      if (result.makingRoom !== undefined) making.push(result.makingRoom)
      found = result
      if (result.nominatedNodeName !== undefined || result.later !== undefined || result.isFinal === true) break
    }
    laps?.lap('PostFilter', found.nominatedNodeName === undefined ? 'Unschedulable' : 'Success')
    const before = messages.slice(0, -1)
    const { later } = found
    if (later === undefined) return { ...told(messages, found), ...together(making) }
    return { message: '', later: later.then((result) => told([...before, result.message], result)) }
  }

  #search(
    nodes: readonly NodeInfo[],
    verdictOf: (node: NodeInfo) => Verdict | undefined,
  ): { feasible: NodeInfo[]; bySlot: Verdict[]; looked: number } {
    const enough = this.#options.nodesToFind?.(nodes.length) ?? nodes.length
    const start = enough < nodes.length ? this.#start % nodes.length : 0
    const feasible: NodeInfo[] = []
    const bySlot: Verdict[] = []
    let looked = 0
    for (; looked < nodes.length && feasible.length < enough; looked++) {
      const node = nodes[start + looked < nodes.length ? start + looked : start + looked - nodes.length]
      if (node === undefined) break
      const verdict = verdictOf(node)
      if (verdict === undefined) feasible.push(node)
      else if (feasible.length === 0) bySlot[node.slot] = verdict
    }
    this.#start = start + looked
    return { feasible, bySlot, looked }
  }

  /** Whether the pod still fits once those that wait for room on the node have it. */
  #verdictBeside(nominations: Nominations, pod: PodInfo, node: NodeInfo, snapshot: Snapshot): Verdict | undefined {
    const waiting = nominations.on(node.name)
    if (waiting.length === 0) return undefined
    const first = waiting.filter((other) => other.uid !== pod.uid && other.priority >= pod.priority)
    if (first.length === 0) return undefined
    const trial = snapshot.trial(node.name)
    if (trial === undefined) return undefined
    try {
      for (const other of first) trial.add(other)
      return this.verdictOn(pod, trial.node, snapshot)
    } finally {
      trial.end()
    }
  }

  #preFilter(state: CycleState, pod: PodInfo, snapshot: Snapshot, laps?: Laps): Prepared {
    const filters: Plugin[] = []
    const narrowing: string[] = []
    let names: ReadonlySet<string> | undefined
    for (const { plugin } of this.plugins) {
      const beganMs = laps?.plugins === undefined ? 0 : performance.now()
      const result = plugin.preFilter?.(state, pod, snapshot)
      if (laps?.plugins !== undefined && plugin.preFilter !== undefined) {
        const status = isVerdict(result) ? 'Unschedulable' : result === 'skip' ? 'Skip' : 'Success'
        laps.plugins.plugin('PreFilter', plugin.name, status, (performance.now() - beganMs) / 1000)
      }
      if (isVerdict(result)) return { nodes: [], filters, elsewhere: result, none: true }
      if (result === 'skip') continue
      if (laps !== undefined) this.#measure.count('PreFilter', plugin)
      if (plugin.local !== true && plugin.filter !== undefined) filters.push(plugin)
      if (result === undefined) continue
      narrowing.push(plugin.name)
      names = names === undefined ? result.nodeNames : names.intersection(result.nodeNames)
    }
    if (names === undefined) return { nodes: snapshot.nodes, filters }
    const nodes = [...names].map((name) => snapshot.get(name)).filter((node) => node !== undefined)
    const reason = `node(s) didn't satisfy plugin(s) [${narrowing.join(' ')}]`
    return { nodes, filters, elsewhere: { code: 'unresolvable', plugin: narrowing[0] ?? '', reasons: [reason] } }
  }

  /** The weighed sum of all scores that make a difference, in the order of the nodes that fit. */
  totals(pod: PodInfo, snapshot: Snapshot, { state, feasible, local }: Omit<Found, 'rejected'>): Float64Array {
    const totals = new Float64Array(feasible.length)
    const laps = this.#measure.laps()
    const scoring = this.plugins.filter(({ plugin, weight }) => {
      if (plugin.score === undefined || weight === 0) return false
      if (plugin.preScore?.(state, pod, feasible, snapshot) === 'skip') return false
      this.#measure.count('PreScore', plugin)
      return true
    })
    laps?.lap('PreScore', 'Success')
    const { sums } = local
    if (sums !== undefined) this.#addSums(sums, feasible, totals)
    let scores: number[] | undefined
    for (const { plugin, weight } of scoring) {
      if (plugin.score === undefined || sums?.plugins.some((one) => one.plugin === plugin) === true) continue
      if (plugin.local === true && local.isFlat(plugin)) {
        this.#measure.count('Score', plugin)
        continue
      }
      const beganMs = laps?.plugins === undefined ? 0 : performance.now()
      const kept = plugin.local === true ? local.scores(plugin) : undefined
      scores ??= new Array<number>(feasible.length).fill(0)
      for (let i = 0; i < scores.length; i++) {
        const node = feasible[i]
        if (node === undefined) break
        scores[i] = kept === undefined ? (plugin.score(state, pod, node) ?? 0) : (kept[node.slot] ?? 0)
      }
      plugin.normalize?.(state, pod, scores, feasible)
      for (let i = 0; i < scores.length; i++) totals[i] = (totals[i] ?? 0) + (scores[i] ?? 0) * weight
      this.#measure.count('Score', plugin)
      laps?.plugins?.plugin('Score', plugin.name, 'Success', (performance.now() - beganMs) / 1000)
    }
    laps?.lap('Score', 'Success')
    return totals
  }

  #addSums(
    { plugins, bySlot }: NonNullable<LocalAnswersOfPod['sums']>,
    feasible: readonly NodeInfo[],
    totals: Float64Array,
  ): void {
    for (let i = 0; i < totals.length; i++) totals[i] = bySlot[feasible[i]?.slot ?? 0] ?? 0
    for (const { plugin } of plugins) this.#measure.count('Score', plugin)
  }
}

function filterAll(plugins: readonly Plugin[], state: CycleState, pod: PodInfo, node: NodeInfo): Verdict | undefined {
  for (const plugin of plugins) {
    const verdict = plugin.filter?.(state, pod, node)
    if (verdict?.code === 'error')
      throw new PluginError(`running "${plugin.name}" filter plugin: ${verdict.reasons.join(', ')}`)
    if (verdict !== undefined) return verdict
  }
  return undefined
}

/** What was in the way of making room is nothing to tell once room is made. */
function told(messages: readonly string[], result: PostFilterResult): PostFilterResult {
  return { ...result, message: result.nominatedNodeName === undefined ? messages.join(', ') : '' }
}

function together(making: readonly Promise<void>[]): { makingRoom?: Promise<void> } {
  return making.length === 0 ? {} : { makingRoom: Promise.all(making).then(() => undefined) }
}

function reasonOf(verdict: Verdict | undefined): { preFilterReason?: string } {
  return verdict === undefined ? {} : { preFilterReason: verdict.reasons.join(', ') }
}
