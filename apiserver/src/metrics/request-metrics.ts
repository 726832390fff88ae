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
  running: Child
  byCode: Map<number, Child>
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
  const handlesOf = (context: RequestContext): Handles => {
    const verb = metricVerb(context)
    const scope = scopeOf(context)
    const dryRun = context.query.has('dryRun') ? 'All' : ''
    const served = context.info.isResourceRequest && options.served(context)
    const { group, version, resource, subresource } = served
      ? context.info
      : {
          group: '',
          version: '',
          resource: '',
          subresource: context.info.isResourceRequest ? '' : nonResourceLabel(context.path),
        }
    const key = `${verb} ${scope} ${dryRun} ${group}/${version}/${resource}/${subresource}`
    let handles = known.get(key)
    if (handles === undefined) {
      const where = [group, version, resource, subresource, scope, 'apiserver']
      const byCode = new Map<number, Child>()
      handles = {
        duration: duration.child(verb, dryRun, ...where),
        sli: sli.child(verb, ...where),
        running: running.child(verb, ...where),
        byCode,
      }
      known.set(key, handles)
    }
    return handles
  }
  const codeChild = (handles: Handles, context: RequestContext, code: number): Child => {
    let child = handles.byCode.get(code)
    if (child === undefined) {
      const served = context.info.isResourceRequest && options.served(context)
      const { group, version, resource, subresource } = served
        ? context.info
        : {
            group: '',
            version: '',
            resource: '',
            subresource: context.info.isResourceRequest ? '' : nonResourceLabel(context.path),
          }
      child = total.child(
        metricVerb(context),
        context.query.has('dryRun') ? 'All' : '',
        group,
        version,
        resource,
        subresource,
        scopeOf(context),
        'apiserver',
        String(code),
      )
      handles.byCode.set(code, child)
    }
    return child
  }
  return {
    name: 'metrics',
    run: async (context, next) => {
      const handles = handlesOf(context)
      const long = isLongRunning(context)
      if (long) handles.running.value++
      let answer: Answer
      try {
        answer = await next(context)
      } catch (error) {
        if (long) handles.running.value--
        throw error
      }
      codeChild(handles, context, answer.status).value++
      if (!long) {
        const seconds = (performance.now() - context.startedAt) / 1000
        handles.duration.observe(seconds)
        handles.sli.observe(seconds)
      } else if (answer.body !== undefined && !(answer.body instanceof Uint8Array)) {
        answer.body = counted(answer.body, () => handles.running.value--)
      } else handles.running.value--
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
