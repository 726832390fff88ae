import type { Clock } from '@kapell/controllers/machinery/clock'

/** What another node says of itself when it is asked. */
export interface PeerAnswer {
  node: string
  /** How long ago the API server last heard it; null: not since it started. */
  leaseAgeMs: number | null
}

/** Undefined: it cannot be reached, and may be well for all we know. 'down': the machine answers, but no agent runs there. */
export type PeerState = PeerAnswer | 'down' | undefined

export interface FenceOptions {
  clock: Clock
  /** The other nodes that could take over from this one. */
  peers(): readonly string[]
  ask(node: string): Promise<PeerState>
  /** Told when the answer of mayHold() changed. */
  changed(): void
  signal: AbortSignal
}

export interface Fence {
  /** The API server has heard this node: it had sent the request at `at`. */
  renewed(at: Date): void
  /** Whether this node may answer for addresses that others would take over from a node that is lost. */
  mayHold(): boolean
  leaseAgeMs(): number | null
}

/** Other nodes take over 50 s after the last sign of life: by then this one has let go. */
const holdMs = 40_000
const lookMs = 2000

/** Whether nobody can take over: each of the others has not been heard either, or has no agent. None: this is the only node. */
export function nobodyTakesOver(answers: readonly PeerState[]): boolean {
  return answers.every(
    (answer) =>
      answer === 'down' || (answer !== undefined && (answer.leaseAgeMs === null || answer.leaseAgeMs >= holdMs)),
  )
}

/**
 * Keeps two nodes from answering for one address. One that the API server does not hear lets go of its addresses before
 * the others may have them, unless they are not heard either: then it is the control plane that is away, nobody takes
 * over, and Services go on.
 */
export function createFence(options: FenceOptions): Fence {
  const { clock, peers, ask, changed, signal } = options
  let heardAt: Date | undefined
  let holds = true
  const ageMs = (): number | null => (heardAt === undefined ? null : clock.now().getTime() - heardAt.getTime())
  const set = (next: boolean): void => {
    if (holds === next) return
    holds = next
    changed()
  }
  const look = async (): Promise<void> => {
    const age = ageMs()
    // What starts without a control plane knows of no others; those who run go by what they hear.
    if (age === null || age < holdMs) return set(true)
    const answers = await Promise.all(peers().map((node) => ask(node).catch(() => undefined)))
    const now = ageMs()
    set((now !== null && now < holdMs) || nobodyTakesOver(answers))
  }
  clock.every(lookMs, look, signal)
  return {
    renewed: (at) => {
      heardAt = at
      if (!holds) set(true)
    },
    mayHold: () => holds,
    leaseAgeMs: ageMs,
  }
}
