import { errorText } from '@kapell/controllers/machinery/log'

export interface KeptTrueOptions {
  /** Brings the outside in step with all that is known now. Throws: it is tried again, after longer and longer pauses. */
  write(): Promise<void>
  /** Told of a failed write and of the pause that follows. */
  failed(error: string, inMs: number): void
  /** Looks whether somebody else undid what was written; answers true to have it written again. */
  undone?(): Promise<boolean>
  /** How often to ask `undone`, in milliseconds. Default 30,000; 0 for never. */
  checkMs?: number
}

export interface KeptTrue {
  /** From now on changes are written, beginning with what is known. */
  begin(): void
  /** Something changed. Changes that come together are written together: one turn of the event loop later. */
  touch(): void
  /** Resolves when every change seen so far is written, or after close(). */
  settled(): Promise<void>
  /** Ends it, once a write under way is done. Answers false when it was closed before. */
  close(): Promise<boolean>
}

const firstPauseMs = 200
const longestPauseMs = 30_000

/** Keeps something outside this process (the kernel's rules, another program) as the objects say: one write at a time. */
export function keepTrue(options: KeptTrueOptions): KeptTrue {
  const { checkMs = 30_000, undone } = options
  const waiting: (() => void)[] = []
  let ready = false
  let closed = false
  let needed = false
  let pauseMs = 0
  let running: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  const attempt = async (): Promise<void> => {
    needed = false
    try {
      await options.write()
      pauseMs = 0
    } catch (error) {
      needed = true
      pauseMs = Math.min(Math.max(pauseMs * 2, firstPauseMs), longestPauseMs)
      options.failed(errorText(error), pauseMs)
    }
  }
  const start = (): void => {
    timer = undefined
    const work = async (): Promise<void> => {
      do await attempt()
      while (needed && pauseMs === 0 && !closed)
    }
    running = work().finally(() => {
      running = undefined
      if (closed || !needed) for (const resolve of waiting.splice(0)) resolve()
      else timer = setTimeout(start, pauseMs)
    })
  }
  const touch = (): void => {
    needed = true
    if (!closed && ready && running === undefined && timer === undefined) timer = setTimeout(start, 0)
  }
  const check = async (): Promise<void> => {
    if (!ready || closed || running !== undefined || undone === undefined) return
    if ((await undone()) && !closed) touch()
  }
  const checker =
    undone === undefined || checkMs === 0 ? undefined : setInterval(() => void check().catch(() => undefined), checkMs)
  checker?.unref()

  return {
    begin: () => {
      ready = true
      touch()
    },
    touch,
    settled: () =>
      closed || (ready && running === undefined && timer === undefined)
        ? Promise.resolve()
        : new Promise<void>((resolve) => void waiting.push(resolve)),
    close: async () => {
      if (closed) return false
      closed = true
      clearTimeout(timer)
      clearInterval(checker)
      await running
      for (const resolve of waiting.splice(0)) resolve()
      return true
    },
  }
}
