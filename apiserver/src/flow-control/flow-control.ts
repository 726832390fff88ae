import type { V1FlowSchema, V1PriorityLevelConfiguration } from '@kapell/openapi/types'
import type { UserInfo } from '../authentication/user.ts'
import type { RequestContext } from '../pipeline/context.ts'
import { byPrecedence, ruleMatchers, type RuleMatcher } from './classify.ts'
import { PriorityLevel, type LevelKind, type Work } from './priority-level.ts'

/** A FlowSchema in force: its level exists. */
export interface Flow {
  name: string
  uid: string
  level: PriorityLevel
  distinguisher: 'ByUser' | 'ByNamespace' | undefined
  rules: RuleMatcher[]
  /** Counted where requests pass; the metrics read them. */
  executingRequests: number
  executingSeats: number
  waitingRequests: number
  waitingSeats: number
}

export interface FlowControlOptions {
  /** Seats of the whole server. */
  totalSeats: number
  nowMs: () => number
}

/** What holds when the objects say nothing else: nobody is shut out. */
const fallbackName = 'catch-all'

/** Sorts requests into flows and levels, and shares the server's seats out among these. */
export class FlowControl {
  readonly #levels = new Map<string, PriorityLevel>()
  /** Of levels that are gone, but have requests at work. */
  readonly #leaving = new Set<PriorityLevel>()
  #flows: Flow[] = []
  #byUser = new WeakMap<UserInfo, { flow: Flow; rules: RuleMatcher[] }[]>()
  readonly #fallback: Flow
  readonly #options: FlowControlOptions

  constructor(options: FlowControlOptions) {
    this.#options = options
    const level = this.#newLevel(fallbackName)
    level.limits = { nominal: options.totalSeats, lower: options.totalSeats, upper: options.totalSeats }
    this.#fallback = this.#flow(undefined, level)
  }

  get levels(): Iterable<PriorityLevel> {
    return this.#levels.values()
  }

  get flows(): readonly Flow[] {
    return this.#flows
  }

  #newLevel(name: string): PriorityLevel {
    return new PriorityLevel(name, {
      nowMs: this.#options.nowMs,
      mayTake: (level, seats) => this.#mayTake(level, seats),
    })
  }

  #flow(schema: V1FlowSchema | undefined, level: PriorityLevel): Flow {
    const { metadata, spec } = schema ?? {}
    return {
      name: metadata?.name ?? fallbackName,
      uid: metadata?.uid ?? '',
      level,
      distinguisher: spec?.distinguisherMethod?.type as Flow['distinguisher'],
      rules: spec === undefined ? [] : ruleMatchers(spec),
      executingRequests: 0,
      executingSeats: 0,
      waitingRequests: 0,
      waitingSeats: 0,
    }
  }

  /** Takes the objects as they are now; requests at work and waiting stay where they are. */
  configure(levels: readonly V1PriorityLevelConfiguration[], schemas: readonly V1FlowSchema[]): void {
    const shares = levels.map((object) => sharesOf(object))
    const sum = Math.max(
      1,
      shares.reduce((total, one) => total + one.shares, 0),
    )
    const names = new Set(levels.map((object) => object.metadata?.name ?? ''))
    for (const [name, level] of this.#levels) {
      if (names.has(name)) continue
      this.#levels.delete(name)
      if (level.executingRequests + level.waitingRequests > 0) this.#leaving.add(level)
    }
    const { totalSeats } = this.#options
    for (const [i, object] of levels.entries()) {
      const name = object.metadata?.name ?? ''
      const share = shares[i]!
      let level = this.#levels.get(name)
      if (level === undefined) this.#levels.set(name, (level = this.#newLevel(name)))
      level.configure({ uid: object.metadata?.uid ?? '', kind: kindOf(object) })
      const nominal = Math.ceil((totalSeats * share.shares) / sum)
      const lendable = Math.round((nominal * share.lendablePercent) / 100)
      const borrowing =
        share.borrowingLimitPercent === undefined
          ? totalSeats
          : Math.round((nominal * share.borrowingLimitPercent) / 100)
      level.limits = { nominal, lower: nominal - lendable, upper: nominal + borrowing }
    }
    const before = new Map(this.#flows.map((flow) => [flow.name, flow]))
    this.#flows = [...schemas].sort(byPrecedence).flatMap((schema) => {
      const level = this.#levels.get(schema.spec?.priorityLevelConfiguration.name ?? '')
      if (level === undefined) return []
      const flow = this.#flow(schema, level)
      const old = before.get(flow.name)
      // The same object goes on where requests of it may be at work.
      return [
        old?.level === level
          ? Object.assign(old, { uid: flow.uid, distinguisher: flow.distinguisher, rules: flow.rules })
          : flow,
      ]
    })
    this.#byUser = new WeakMap()
    this.#dispatch()
  }

  /** The first schema that means this request. */
  classify({ user, info }: RequestContext): Flow {
    let candidates = this.#byUser.get(user)
    if (candidates === undefined) {
      candidates = this.#flows.flatMap((flow) => {
        const rules = flow.rules.filter((rule) => rule.subjects(user))
        return rules.length === 0 ? [] : [{ flow, rules }]
      })
      this.#byUser.set(user, candidates)
    }
    for (const { flow, rules } of candidates) {
      for (const rule of rules) if (rule.request(info)) return flow
    }
    return this.#fallback
  }

  /** Undefined: it is at work, until finish(). A promise: it waits. Throws Rejected or rejects with it. */
  start(flow: Flow, work: Work, options: { signal: () => AbortSignal; waitMs: number }): Promise<void> | undefined {
    const waits = flow.level.admit(work, options.signal, options.waitMs)
    if (waits === undefined) {
      flow.executingRequests++
      flow.executingSeats += work.seats
      return undefined
    }
    flow.waitingRequests++
    flow.waitingSeats += work.seats
    const left = (): void => {
      flow.waitingRequests--
      flow.waitingSeats -= work.seats
    }
    return waits.then(
      () => {
        left()
        flow.executingRequests++
        flow.executingSeats += work.seats
      },
      (error: unknown) => {
        left()
        throw error
      },
    )
  }

  finish(flow: Flow, work: Work): void {
    flow.executingRequests--
    flow.executingSeats -= work.seats
    const { level } = flow
    level.finish(work)
    if (level.kind.type === 'exempt') return
    this.#dispatch(level)
    if (this.#leaving.size > 0 && level.executingRequests + level.waitingRequests === 0) this.#leaving.delete(level)
  }

  /** The level that just gave back a seat is asked first; others may want to borrow it. */
  #dispatch(first?: PriorityLevel): void {
    if (first !== undefined && first.waitingRequests > 0) first.dispatch()
    for (const level of this.#levels.values()) if (level.waitingRequests > 0) level.dispatch()
    for (const level of this.#leaving) if (level.waitingRequests > 0) level.dispatch()
  }

  /**
   * A level may use what it does not lend at any time, and beyond that what others lend and do not use themselves: what
   * they do not lend is kept for them. One request is let in wherever none is at work, however large.
   */
  #mayTake(level: PriorityLevel, seats: number): boolean {
    const wanted = level.executingSeats + seats
    if (wanted <= level.limits.lower || level.executingSeats === 0) return true
    if (wanted > level.limits.upper) return false
    let total = 0
    let taken = wanted
    for (const other of this.#levels.values()) {
      total += other.limits.nominal
      if (other !== level && other.kind.type !== 'exempt') taken += Math.max(other.executingSeats, other.limits.lower)
    }
    return taken <= Math.max(total, level.limits.nominal)
  }
}

interface Shares {
  shares: number
  lendablePercent: number
  borrowingLimitPercent: number | undefined
}

const defaultShares = 30

function sharesOf({ spec }: V1PriorityLevelConfiguration): Shares {
  const limited = spec?.limited
  if (spec?.type === 'Exempt') {
    const { nominalConcurrencyShares = 0, lendablePercent = 0 } = spec.exempt ?? {}
    return { shares: nominalConcurrencyShares, lendablePercent, borrowingLimitPercent: undefined }
  }
  return {
    shares: limited?.nominalConcurrencyShares ?? defaultShares,
    lendablePercent: limited?.lendablePercent ?? 0,
    borrowingLimitPercent: limited?.borrowingLimitPercent,
  }
}

function kindOf({ spec }: V1PriorityLevelConfiguration): LevelKind {
  if (spec?.type === 'Exempt') return { type: 'exempt' }
  const response = spec?.limited?.limitResponse
  if (response?.type !== 'Queue') return { type: 'reject' }
  const { queues = 64, handSize = 8, queueLengthLimit = 50 } = response.queuing ?? {}
  return { type: 'queue', queues, handSize, queueLengthLimit }
}
