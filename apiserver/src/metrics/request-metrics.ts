import type { RequestContext } from '../pipeline/context.ts'
import { isLongRunning } from '../pipeline/long-running.ts'
import type { PipelineStep } from '../pipeline/pipeline.ts'
import type { Answer } from '../server/answer.ts'
import type { InFlight } from '../pipeline/flow-control.ts'
import { HistogramFamily, ValueFamily, type Child, type HistogramChild, type MetricsRegistry } from './metrics.ts'

/** Upstream's buckets of request durations, seconds. */
export const durationBuckets = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
]

const place = ['verb', 'group', 'version', 'resource', 'subresource', 'scope', 'component'] as const

interface Handles {
  duration: HistogramChild
  sli: HistogramChild
  /** Made for requests that stay open only. */
  running: Child | undefined
  ofCode(code: number): Child
}

/** The verb as metrics name it. */
function metricVerb(context: RequestContext): string {
  const { info, method } = context
  if (!info.isResourceRequest) return method
  if (info.verb === 'list' || info.verb === 'watch') return info.verb.toUpperCase()
  if (info.verb === 'deletecollection') return 'DELETECOLLECTION'
  if (['exec', 'attach', 'portforward', 'proxy'].includes(info.subresource)) return 'CONNECT'
  const names: Record<string, string> = { create: 'POST', update: 'PUT' }
  return names[info.verb] ?? info.verb.toUpperCase()
}

function scopeOf(context: RequestContext): string {
  const { info } = context
  if (!info.isResourceRequest) return ''
  if (info.name !== '') return 'resource'
  return info.namespace !== '' ? 'namespace' : 'cluster'
}

/** Counts and times every request. Series are bounded: paths that name no served resource share one. */
export function createRequestMetrics(options: {
  registry: MetricsRegistry
  inFlight: InFlight
  served: (context: RequestContext) => boolean
}): PipelineStep {
  const { registry } = options
  const total = registry.add(
    new ValueFamily({
      name: 'apiserver_request_total',
      help: 'Requests by verb, resource and code.',
      type: 'counter',
      labels: ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component', 'code'],
    }),
  )
  const duration = registry.add(
    new HistogramFamily({
      name: 'apiserver_request_duration_seconds',
      help: 'How long requests took to answer.',
      labels: ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component'],
      buckets: durationBuckets,
    }),
  )
  const sli = registry.add(
    new HistogramFamily({
      name: 'apiserver_request_sli_duration_seconds',
      help: 'How long requests took, without the time that others held them up.',
      labels: place,
      buckets: durationBuckets.slice(2),
    }),
  )
  const running = registry.add(
    new ValueFamily({
      name: 'apiserver_longrunning_requests',
      help: 'Requests that stay open: watches and streams.',
      type: 'gauge',
      labels: place,
    }),
  )
  registry.add(
    new ValueFamily(
      {
        name: 'apiserver_current_inflight_requests',
        help: 'Requests at work, by kind.',
        type: 'gauge',
        labels: ['request_kind'],
      },
      (family) => {
        family.child('readOnly').value = options.inFlight.readOnly
        family.child('mutating').value = options.inFlight.mutating
      },
    ),
  )
  const known = new Map<string, Handles>()
  /** The labels that say what was asked for; whatever is not served shares one place. */
  const placeOf = (context: RequestContext): string[] => {
    const { info } = context
    const scope = scopeOf(context)
    if (!info.isResourceRequest) return ['', '', '', nonResourceLabel(context.path), scope, 'apiserver']
    if (!options.served(context)) return ['', '', '', '', scope, 'apiserver']
    return [info.group, info.version, info.resource, info.subresource, scope, 'apiserver']
  }
  const handlesOf = (context: RequestContext): Handles => {
    const { info, query } = context
    const verb = metricVerb(context)
    const dryRun = query.has('dryRun') ? 'All' : ''
    const long = isLongRunning(context)
    const named = info.isResourceRequest && options.served(context)
    const what = named
      ? `${info.group}/${info.version}/${info.resource}/${info.subresource}`
      : info.isResourceRequest
        ? ''
        : nonResourceLabel(context.path)
    const key = `${verb} ${scopeOf(context)} ${dryRun} ${long} ${info.isResourceRequest} ${what}`
    let handles = known.get(key)
    if (handles === undefined) {
      const place = placeOf(context)
      const byCode = new Map<number, Child>()
      handles = {
        duration: duration.child(verb, dryRun, ...place),
        sli: sli.child(verb, ...place),
        running: long ? running.child(verb, ...place) : undefined,
        ofCode: (code) => {
          let child = byCode.get(code)
          if (child === undefined) byCode.set(code, (child = total.child(verb, dryRun, ...place, String(code))))
          return child
        },
      }
      known.set(key, handles)
    }
    return handles
  }
  return {
    name: 'metrics',
    run: async (context, next) => {
      const handles = handlesOf(context)
      const open = handles.running
      if (open !== undefined) open.value++
      let answer: Answer
      try {
        answer = await next(context)
      } catch (error) {
        if (open !== undefined) open.value--
        throw error
      }
      handles.ofCode(answer.status).value++
      if (open === undefined) {
        const seconds = (performance.now() - context.startedAt) / 1000
        handles.duration.observe(seconds)
        handles.sli.observe(seconds)
      } else if (answer.body !== undefined && !(answer.body instanceof Uint8Array)) {
        const { live } = answer
        answer.body = counted(answer.body, () => open.value--)
        if (live !== undefined) answer.live = (out) => live(out).finally(() => open.value--)
      } else open.value--
      return answer
    },
  }
}

async function* counted(body: AsyncIterable<Uint8Array>, done: () => void): AsyncIterable<Uint8Array> {
  try {
    yield* body
  } finally {
    done()
  }
}

const paths = new Set([
  '/metrics',
  '/healthz',
  '/livez',
  '/readyz',
  '/version',
  '/api',
  '/apis',
  '/openapi/v2',
  '/openapi/v3',
])
const nonResourceLabel = (path: string): string => (paths.has(path) ? path : '')
