import {
  defineController,
  type ControllerContext,
  type ReconcileResult,
} from '@kapell/controllers/machinery/controller'
import { errorText } from '@kapell/controllers/machinery/log'
import { keyOf, splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { endpointSlices, nodes, pods, services } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1EndpointSlice, V1Node, V1Pod, V1Service } from '@kapell/openapi/types'
import { isDeleting } from '../shared/pods.ts'
import { isNamespaceTerminating } from '@kapell/controllers/machinery/namespace-terminating'
import { selects, selectsPods } from '../shared/service-pods.ts'
import { wakeServicesOfPods } from '../shared/wake-services.ts'
import { desiredGroups, managedBy, managedByLabel, serviceLabel, withTrigger, type EndpointGroup } from './desired.ts'
import { sliceMeasures, type SliceMeasures } from './measures.ts'
import { planSlices, type SlicePlan } from './reconcile.ts'
import { isTopologyAware, shareOf, withZoneHints, zoneShares } from './topology.ts'
import { createSliceTracker, type SliceTracker } from '../shared/slice-tracker.ts'

const zoneLabel = 'topology.kubernetes.io/zone'
/** Looked at again after this long when the cache is behind and no event came. */
const staleMs = 1000

interface Dependencies {
  context: ControllerContext
  services: Lister<V1Service>
  pods: Lister<V1Pod>
  nodes: Lister<V1Node>
  slices: Lister<V1EndpointSlice>
  tracker: SliceTracker
  measures: SliceMeasures
  /** Of Services whose endpoints are shared out among zones: why those of a family are not, '' when they are. */
  hints: Map<string, Map<string, string>>
}

/** Tells which pods stand behind each Service. Source: concepts page "EndpointSlices". */
export const endpointSliceController = defineController<Dependencies, V1Service>({
  name: 'endpointslice-controller',
  component: 'endpoint-slice-controller',
  queue: 'endpoint_slice',
  primary: services,
  workers: 5,
  setup,
  reconcile,
})

function serviceOf(slice: V1EndpointSlice): string | undefined {
  const { labels, namespace } = slice.metadata ?? {}
  if (labels?.[managedByLabel] !== managedBy) return undefined
  const name = labels[serviceLabel]
  return name === undefined ? undefined : `${namespace}/${name}`
}

function setup(context: ControllerContext): Dependencies {
  const slices = context.informer(endpointSlices, { indexers: { service: (slice) => [serviceOf(slice) ?? ''] } })
  wakeServicesOfPods(context)
  const enqueue = (slice: V1EndpointSlice): void => {
    const key = serviceOf(slice)
    if (key !== undefined) context.queue.add(key)
  }
  slices.onChange({
    add: enqueue,
    update: (old, slice) => {
      enqueue(slice)
      if (serviceOf(old) !== serviceOf(slice)) enqueue(old)
    },
    delete: enqueue,
  })
  const known = context.lister(services)
  const nodeInformer = context.informer(nodes)
  const wakeAll = (): void => {
    for (const service of known.list()) if (selectsPods(service)) context.queue.add(keyOf(service))
  }
  const zoneOf = (node: V1Node): string | undefined => node.metadata?.labels?.[zoneLabel]
  const share = (node: V1Node): string => JSON.stringify(shareOf(node) ?? null)
  const wakeAware = (): void => {
    for (const service of known.list())
      if (selectsPods(service) && isTopologyAware(service)) context.queue.add(keyOf(service))
  }
  nodeInformer.onChange({
    // Its pods may have been there before its label.
    add: (node) => {
      if (zoneOf(node) !== undefined) wakeAll()
      else wakeAware()
    },
    update: (old, node) => {
      if (zoneOf(old) !== zoneOf(node)) wakeAll()
      else if (share(old) !== share(node)) wakeAware()
    },
    delete: wakeAware,
  })
  return {
    context,
    services: known,
    pods: context.lister(pods),
    nodes: nodeInformer.lister,
    slices: slices.lister,
    tracker: createSliceTracker(slices.lister, context.clock),
    measures: sliceMeasures(context.metrics),
    hints: new Map(),
  }
}

async function reconcile(key: string, d: Dependencies): Promise<ReconcileResult | undefined> {
  const { namespace } = splitKey(key)
  const service = d.services.get(key)
  if (service === undefined) {
    // Its slices go with it: they are owned by the Service.
    d.tracker.forget(key)
    d.hints.delete(key)
    d.measures.gone(key)
    return undefined
  }
  if (!selectsPods(service) || isDeleting(service)) return undefined
  if (d.tracker.isStale(key, namespace)) {
    d.measures.synced('stale')
    return { afterMs: staleMs }
  }
  const selected = d.pods.inNamespace(namespace).filter((pod) => selects(service, pod.metadata?.labels))
  const existing = d.slices.byIndex('service', key).filter((slice) => !isDeleting(slice))
  const plain = desiredGroups(service, selected, (node) => d.nodes.get(node)?.metadata?.labels?.[zoneLabel])
  const groups = isTopologyAware(service) ? shareOut(d, service, plain, existing) : plain
  if (groups === plain) d.hints.delete(key)
  const plan = planSlices(service, existing, groups)
  d.measures.planned(service, existing, plan)
  try {
    await carryOut(key, d, service, selected, plan)
  } catch (error) {
    d.measures.synced('error')
    throw error
  }
  d.measures.synced('success')
  return undefined
}

/** The same with a zone for each endpoint, one family after the other; where that cannot be, without any. */
function shareOut(
  d: Dependencies,
  service: V1Service,
  groups: readonly EndpointGroup[],
  existing: readonly V1EndpointSlice[],
): EndpointGroup[] {
  const key = keyOf(service)
  const shares = zoneShares(d.nodes.list())
  const before = new Map(
    existing.flatMap(({ endpoints }) =>
      (endpoints ?? []).map(({ addresses, hints }) => [addresses[0], hints?.forZones?.[0]?.name] as const),
    ),
  )
  const said = d.hints.get(key) ?? new Map<string, string>()
  d.hints.set(key, said)
  return [...new Set(groups.map(({ addressType }) => addressType))].flatMap((family) => {
    const own = groups.filter(({ addressType }) => addressType === family)
    const shared = withZoneHints(own, shares, (address) => before.get(address))
    const problem = 'problem' in shared ? shared.problem : ''
    const last = said.get(family)
    said.set(family, problem)
    if (last !== problem) {
      const text = problem === '' ? 'Topology Aware Hints has been enabled' : problem
      d.context.events.event(
        service,
        problem === '' ? 'Normal' : 'Warning',
        problem === '' ? 'TopologyAwareHintsEnabled' : 'TopologyAwareHintsDisabled',
        `${text}, addressType: ${family}`,
      )
    }
    return 'groups' in shared ? shared.groups : withoutHints(own)
  })
}

const withoutHints = (groups: readonly EndpointGroup[]): EndpointGroup[] =>
  groups.map((group) => ({ ...group, endpoints: group.endpoints.map(({ hints: _, ...rest }) => rest) }))

async function carryOut(
  key: string,
  d: Dependencies,
  service: V1Service,
  selected: readonly V1Pod[],
  plan: SlicePlan,
): Promise<void> {
  const resource = d.context.client.resource(endpointSlices, service.metadata?.namespace)
  const write = withTriggerOf(service, selected)
  try {
    // New ones before old ones go: nobody shall see a Service without its endpoints in between.
    for (const slice of plan.create) d.tracker.written(key, await resource.create(write(slice)))
    for (const slice of plan.update) d.tracker.written(key, await resource.update(write(slice)))
    for (const slice of plan.delete) {
      const { name = '', uid } = slice.metadata ?? {}
      await resource.delete(name, uid === undefined ? {} : { preconditions: { uid } })
      d.tracker.deleted(key, name)
    }
  } catch (error) {
    if (isNamespaceTerminating(error)) return
    if (!isReason(error, 'Conflict', 'NotFound'))
      d.context.events.event(
        service,
        'Warning',
        'FailedToUpdateEndpointSlices',
        `Error updating Endpoint Slices for Service ${service.metadata?.namespace}/${service.metadata?.name}: ${errorText(error)}`,
      )
    throw error
  }
}

const withTriggerOf = (service: V1Service, selected: readonly V1Pod[]) => (slice: V1EndpointSlice) =>
  withTrigger(slice, service, selected)
