import {
  HistogramFamily,
  ValueFamily,
  type Child,
  type HistogramChild,
  type MetricsRegistry,
} from '../metrics/metrics.ts'
import type { Flow, FlowControl } from './flow-control.ts'
import type { PriorityLevel, RejectReason } from './priority-level.ts'

/** What a flow's requests are counted in; made with the first one. */
export interface FlowCounters {
  dispatched: Child
  waited: HistogramChild
  refusedWait: HistogramChild
  executed: HistogramChild
  seats: HistogramChild
  rejected(reason: RejectReason): Child
}

const waitBuckets = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]
const executionBuckets = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]
const seatBuckets = [1, 2, 4, 10]

const byFlow = ['flow_schema', 'priority_level']

/** Upstream's metrics of priority and fairness. */
export function createFlowMetrics(registry: MetricsRegistry, control: FlowControl): (flow: Flow) => FlowCounters {
  const name = (short: string): string => `apiserver_flowcontrol_${short}`
  const level = (short: string, help: string, read: (one: PriorityLevel) => number): void => {
    registry.add(
      new ValueFamily({ name: name(short), type: 'gauge', help, labels: ['priority_level'] }, (family) => {
        for (const one of control.levels) family.child(one.name).value = read(one)
      }),
    )
  }
  const flow = (short: string, help: string, read: (one: Flow) => number): void => {
    registry.add(
      new ValueFamily({ name: name(short), type: 'gauge', help, labels: byFlow }, (family) => {
        for (const one of control.flows) family.child(one.name, one.level.name).value = read(one)
      }),
    )
  }
  level('nominal_limit_seats', "A level's own seats.", ({ limits }) => limits.nominal)
  level('lower_limit_seats', 'Seats left to a level that lends all it may.', ({ limits }) => limits.lower)
  level('upper_limit_seats', 'Seats of a level that borrows all it may.', ({ limits }) => limits.upper)
  level('current_limit_seats', 'Seats a level has now.', ({ limits, executingSeats }) =>
    Math.max(limits.nominal, executingSeats),
  )
  flow('current_executing_requests', 'Requests at work.', (one) => one.executingRequests)
  flow('current_executing_seats', 'Seats that requests at work take.', (one) => one.executingSeats)
  flow('current_inqueue_requests', 'Requests that wait.', (one) => one.waitingRequests)
  flow('current_inqueue_seats', 'Seats that waiting requests want.', (one) => one.waitingSeats)
  const dispatched = registry.add(
    new ValueFamily({
      name: name('dispatched_requests_total'),
      type: 'counter',
      help: 'Requests let through.',
      labels: byFlow,
    }),
  )
  const rejected = registry.add(
    new ValueFamily({
      name: name('rejected_requests_total'),
      type: 'counter',
      help: 'Requests refused, by why.',
      labels: [...byFlow, 'reason'],
    }),
  )
  const waited = registry.add(
    new HistogramFamily({
      name: name('request_wait_duration_seconds'),
      help: 'How long requests waited.',
      labels: ['execute', ...byFlow],
      buckets: waitBuckets,
    }),
  )
  const executed = registry.add(
    new HistogramFamily({
      name: name('request_execution_seconds'),
      help: 'How long requests were at work; watches until they began.',
      labels: [...byFlow, 'type'],
      buckets: executionBuckets,
    }),
  )
  const seats = registry.add(
    new HistogramFamily({
      name: name('work_estimated_seats'),
      help: 'Seats that requests were reckoned to take.',
      labels: byFlow,
      buckets: seatBuckets,
    }),
  )
  const known = new WeakMap<Flow, FlowCounters>()
  return (one) => {
    let counters = known.get(one)
    if (counters === undefined) {
      const labels: [string, string] = [one.name, one.level.name]
      counters = {
        dispatched: dispatched.child(...labels),
        waited: waited.child('true', ...labels),
        refusedWait: waited.child('false', ...labels),
        executed: executed.child(...labels, 'regular'),
        seats: seats.child(...labels),
        rejected: (reason) => rejected.child(...labels, reason),
      }
      known.set(one, counters)
    }
    return counters
  }
}
