import { Listr, type ListrTask } from 'listr2'

/** One step of bringing something up, as a person follows it. */
export interface Step {
  title: string
  /** Resolves with what to show behind the title; may report lines while it works. */
  run: (report: (line: string) => void) => Promise<string | void>
}

/**
 * Runs the steps in order, each on a line with the time it took. On a terminal the line spins while the step works;
 * elsewhere each is printed when it is done. Once `signal` is aborted no other step begins, and what the step under way
 * throws is the stop that was asked for.
 */
export async function runSteps(steps: readonly Step[], signal?: AbortSignal): Promise<void> {
  const tasks = steps.map((step): ListrTask => {
    return {
      title: step.title,
      enabled: () => signal?.aborted !== true,
      task: async (_context, task) => {
        const startedAt = performance.now()
        const said = await step
          .run((line) => (task.output = line))
          .catch((error: unknown) => {
            if (signal?.aborted !== true) throw error
            return 'stopped'
          })
        task.title = `${step.title}${said === undefined ? '' : `: ${said}`} (${duration(performance.now() - startedAt)})`
      },
    }
  })
  await new Listr(tasks, {
    concurrent: false,
    exitOnError: true,
    registerSignalListeners: false,
    rendererOptions: { collapseErrors: false, showErrorMessage: false },
    fallbackRenderer: 'simple',
  }).run()
}

export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
