import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** By upstream's names. Source: "Kubernetes Metrics Reference". */
export interface SchedulerMetrics {
  attempt: (result: 'scheduled' | 'unschedulable' | 'error', seconds: number) => void
  scheduled: (attempts: number, sinceFirstSeconds: number) => void
}

const attemptBuckets = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i)

export function schedulerMetrics(registry: Registry, pending: () => Record<string, number>): SchedulerMetrics {
  const attempts = new Counter({
    name: 'scheduler_schedule_attempts_total',
    help: 'Attempts to schedule pods, by result.',
    labelNames: ['result', 'profile'],
    registers: [registry],
  })
  const duration = new Histogram({
    name: 'scheduler_scheduling_attempt_duration_seconds',
    help: 'Time of one attempt, decision and binding together.',
    labelNames: ['result', 'profile'],
    buckets: attemptBuckets,
    registers: [registry],
  })
  const podAttempts = new Histogram({
    name: 'scheduler_pod_scheduling_attempts',
    help: 'How many attempts a pod took that was scheduled.',
    buckets: [1, 2, 4, 8, 16],
    registers: [registry],
  })
  const sli = new Histogram({
    name: 'scheduler_pod_scheduling_sli_duration_seconds',
    help: 'From entering the queue to being bound.',
    labelNames: ['attempts'],
    buckets: Array.from({ length: 20 }, (_, i) => 0.01 * 2 ** i),
    registers: [registry],
  })
  new Gauge({
    name: 'scheduler_pending_pods',
    help: 'Pods that wait, by the queue they wait in.',
    labelNames: ['queue'],
    registers: [registry],
    collect() {
      for (const [queue, count] of Object.entries(pending())) this.set({ queue }, count)
    },
  })
  const profile = 'default-scheduler'
  return {
    attempt: (result, seconds) => {
      attempts.inc({ result, profile })
      duration.observe({ result, profile }, seconds)
    },
    scheduled: (count, seconds) => {
      podAttempts.observe(count)
      sli.observe({ attempts: count > 15 ? '16+' : String(count) }, seconds)
    },
  }
}
