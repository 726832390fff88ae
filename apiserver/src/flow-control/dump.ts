import type { FlowControl } from './flow-control.ts'

/** What goes on in flow control, for people. Source: "API Priority and Fairness", "Debug endpoints". */

/** Cells ended by commas, in columns. */
function table(rows: readonly (readonly (string | number | boolean)[])[]): string {
  const cells = rows.map((row) => row.map((cell, i) => (i === row.length - 1 ? String(cell) : `${cell},`)))
  const widths = (cells[0] ?? []).map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)))
  return cells
    .map(
      (row) => `${row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd((widths[i] ?? 0) + 1))).join('')}\n`,
    )
    .join('')
}

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)

export function dumpPriorityLevels(control: FlowControl): string {
  const head = [
    'PriorityLevelName',
    'ActiveQueues',
    'IsIdle',
    'IsQuiescing',
    'WaitingRequests',
    'ExecutingRequests',
    'DispatchedRequests',
    'RejectedRequests',
    'TimedoutRequests',
    'CancelledRequests',
  ]
  const rows = [...control.levels].sort(byName).map((level) => {
    const { rejected } = level.counts
    return [
      level.name,
      level.queues().filter(({ waiting, executingSeats }) => waiting.length > 0 || executingSeats > 0).length,
      level.executingRequests + level.waitingRequests === 0,
      false,
      level.waitingRequests,
      level.executingRequests,
      level.counts.dispatched,
      rejected['concurrency-limit'] + rejected['queue-full'],
      rejected['time-out'],
      rejected.cancelled,
    ]
  })
  return table([head, ...rows])
}

export function dumpQueues(control: FlowControl): string {
  const head = ['PriorityLevelName', 'Index', 'PendingRequests', 'SeatsInUse', 'NextDispatchR', 'InitialSeatsSum']
  const rows = [...control.levels]
    .sort(byName)
    .flatMap((level) =>
      level
        .queues()
        .map((queue, i) => [
          level.name,
          i,
          queue.waiting.length,
          queue.executingSeats,
          `${(queue.virtualStart / 1000).toFixed(8)}ss`,
          queue.waitingSeats,
        ]),
    )
  return table([head, ...rows])
}

/** The requests that wait. */
export function dumpRequests(control: FlowControl): string {
  const head = [
    'PriorityLevelName',
    'FlowSchemaName',
    'QueueIndex',
    'RequestIndexInQueue',
    'FlowDistingsher',
    'InitialSeats',
  ]
  const rows = [...control.levels]
    .sort(byName)
    .flatMap((level) =>
      level
        .queues()
        .flatMap((queue, i) =>
          queue.waiting.map(({ work }, j) => [level.name, work.schema, i, j, work.distinguisher, work.seats]),
        ),
    )
  return table([head, ...rows])
}
