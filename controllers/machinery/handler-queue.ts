import type { KubeObject } from '@kapell/openapi/meta/object'
import { errorText, type Logger } from './log.ts'

export interface ChangeHandlers<T extends KubeObject> {
  add?: (object: T) => void | Promise<void>
  update?: (old: T, object: T) => void | Promise<void>
  /** With the last state seen; a deletion during a broken watch comes with what the cache had. */
  delete?: (object: T) => void | Promise<void>
}

type Notice<T> = { type: 'add'; object: T } | { type: 'update'; old: T; object: T } | { type: 'delete'; object: T }

/**
 * Delivers changes to one set of handlers. While an asynchronous handler is busy, changes wait here, one an object:
 * later ones fold into it, so that a slow handler costs at most the size of the cache.
 */
export class HandlerQueue<T extends KubeObject> {
  private readonly handlers: ChangeHandlers<T>
  private readonly name: string
  private readonly log: Logger
  private readonly waiting = new Map<string, Notice<T>>()
  private running: Promise<void> | undefined

  constructor(handlers: ChangeHandlers<T>, name: string, log: Logger) {
    this.handlers = handlers
    this.name = name
    this.log = log
  }

  add(key: string, object: T): void {
    this.push(key, { type: 'add', object })
  }
  update(key: string, old: T, object: T): void {
    this.push(key, { type: 'update', old, object })
  }
  delete(key: string, object: T): void {
    this.push(key, { type: 'delete', object })
  }

  /** Changes that wait. */
  get length(): number {
    return this.waiting.size
  }

  /** Once everything told so far has been handled. */
  async drained(): Promise<void> {
    while (this.running !== undefined) await this.running
  }

  private push(key: string, notice: Notice<T>): void {
    if (this.running === undefined) {
      const pending = this.deliver(notice)
      if (pending !== undefined) this.running = this.run(pending)
      return
    }
    const before = this.waiting.get(key)
    const folded = before === undefined ? notice : fold(before, notice)
    if (folded === undefined) this.waiting.delete(key)
    else this.waiting.set(key, folded)
  }

  private async run(first: Promise<void>): Promise<void> {
    await first
    for (;;) {
      const next = this.waiting.entries().next().value
      if (next === undefined) break
      this.waiting.delete(next[0])
      const pending = this.deliver(next[1])
      if (pending !== undefined) await pending
    }
    this.running = undefined
  }

  private deliver(notice: Notice<T>): Promise<void> | undefined {
    try {
      const answer = this.call(notice)
      return answer instanceof Promise ? answer.catch((error: unknown) => this.failed(error)) : undefined
    } catch (error) {
      this.failed(error)
      return undefined
    }
  }

  private call(notice: Notice<T>): void | Promise<void> {
    if (notice.type === 'add') return this.handlers.add?.(notice.object)
    if (notice.type === 'delete') return this.handlers.delete?.(notice.object)
    return this.handlers.update?.(notice.old, notice.object)
  }

  private failed(error: unknown): void {
    this.log.error(`${this.name}: a change handler failed: ${errorText(error)}`, {
      stack: error instanceof Error ? error.stack : undefined,
    })
  }
}

/** Two changes of one object as one; undefined when they cancel out. */
function fold<T>(before: Notice<T>, next: Notice<T>): Notice<T> | undefined {
  if (next.type === 'delete') return before.type === 'add' ? undefined : next
  if (before.type === 'add') return { type: 'add', object: next.object }
  return { type: 'update', old: before.type === 'update' ? before.old : before.object, object: next.object }
}
