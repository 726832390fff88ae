import { parseAddressRanges, type AddressRange } from '@kapell/controllers/machinery/address-range'
import { defineController, type ControllerContext } from '@kapell/controllers/machinery/controller'
import { ingressAnnotation } from '@kapell/controllers/machinery/ingress-class'
import { keyOf, splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { endpointSlices, nodes, services } from '@kapell/openapi/meta/refs'
import type { V1EndpointSlice, V1Node, V1Service } from '@kapell/openapi/types'
import { chooseFromRanges, chooseNodes, ingressOf, isOurs, portKeys, usableNodes } from './choose.ts'

interface Dependencies {
  context: ControllerContext
  /** Absent: the nodes' own addresses. */
  ranges: readonly AddressRange[] | undefined
  off: boolean
  services: Lister<V1Service>
  nodes: Lister<V1Node>
  slices: Lister<V1EndpointSlice>
  /** What was given out, ahead of the caches. Only one worker runs, so nobody gives the same away meanwhile. */
  given: Map<string, string[]>
  /** Told once as long as it stays so. */
  problems: Map<string, string>
}

const serviceLabel = 'kubernetes.io/service-name'
const serviceOf = ({ metadata }: V1EndpointSlice): string =>
  `${metadata?.namespace}/${metadata?.labels?.[serviceLabel] ?? ''}`

/**
 * Gives Services of type LoadBalancer an address on machines without a cloud: one of a range, or, without a range, those
 * of the nodes. The proxy on each node does the rest. Events and names are those of upstream's service controller.
 */
export const loadBalancerController = defineController<Dependencies, V1Service>({
  name: 'service-lb-controller',
  serviceAccount: 'service-controller',
  component: 'service-controller',
  queue: 'service',
  primary: services,
  workers: 1,
  setup,
  reconcile,
})

function setup(context: ControllerContext): Dependencies {
  const { loadBalancerRange = '' } = context
  const off = loadBalancerRange === 'none'
  const ranges = off || loadBalancerRange === '' ? undefined : parseAddressRanges(loadBalancerRange)
  if (!off && loadBalancerRange !== '' && ranges === undefined)
    throw new Error(`"${loadBalancerRange}" is no range of addresses for load balancers`)
  const known = context.lister(services)
  const wakeAll = () => {
    for (const service of known.list()) if (isOurs(service)) context.queue.add(keyOf(service))
  }
  const slices = context.informer(endpointSlices, { indexers: { lbService: (slice) => [serviceOf(slice)] } })
  const nodeInformer = context.informer(nodes)
  if (!off && ranges === undefined) {
    const wake = (slice: V1EndpointSlice) => context.queue.add(serviceOf(slice))
    slices.onChange({ add: wake, update: (_, slice) => wake(slice), delete: wake })
    const usable = (node: V1Node) =>
      JSON.stringify([usableNodes([node]), node.metadata?.annotations?.[ingressAnnotation]])
    nodeInformer.onChange({
      add: wakeAll,
      update: (old, node) => {
        if (usable(old) !== usable(node)) wakeAll()
      },
      delete: wakeAll,
    })
  }
  return {
    context,
    ranges,
    off,
    services: known,
    nodes: nodeInformer.lister,
    slices: slices.lister,
    given: new Map(),
    problems: new Map(),
  }
}

async function reconcile(key: string, d: Dependencies): Promise<void> {
  if (d.off) return
  const service = d.services.get(key)
  if (service === undefined || !isOurs(service)) {
    d.problems.delete(key)
    const had = d.given.delete(key)
    // Whoever waits for what became free.
    if (had) for (const waiting of d.problems.keys()) d.context.queue.add(waiting)
    return
  }
  const others = d.services.list().filter((each) => keyOf(each) !== key && isOurs(each))
  const addressesOf = (each: V1Service): string[] => d.given.get(keyOf(each)) ?? ingressOf(each)
  const choice =
    d.ranges === undefined
      ? chooseNodes(service, {
          nodes: usableNodes(d.nodes.list()),
          slices: d.slices.byIndex('lbService', key),
          taken: new Set([...others.flatMap((each) => portKeys(each, addressesOf(each))), ...ownPorts(d)]),
        })
      : chooseFromRanges(service, d.ranges, new Set(others.flatMap(addressesOf)))
  const addresses = 'addresses' in choice ? choice.addresses : []
  const before = d.given.get(key) ?? ingressOf(service)
  if (choice.problem !== undefined) {
    if (d.problems.get(key) !== choice.problem)
      d.context.events.event(
        service,
        'Warning',
        'SyncLoadBalancerFailed',
        `Error syncing load balancer: failed to ensure load balancer: ${choice.problem}`,
      )
    d.problems.set(key, choice.problem)
  } else d.problems.delete(key)
  if (addresses.length === 0) d.given.delete(key)
  else d.given.set(key, addresses)
  const shown = service.status?.loadBalancer?.ingress ?? []
  if (shown.length === addresses.length && shown.every(({ ip }, at) => ip === addresses[at])) return
  const { events, client } = d.context
  if (addresses.length > 0) events.event(service, 'Normal', 'EnsuringLoadBalancer', 'Ensuring load balancer')
  await client.resource(services, splitKey(key).namespace).updateStatus({
    ...service,
    status: {
      ...service.status,
      loadBalancer: addresses.length === 0 ? {} : { ingress: addresses.map((ip) => ({ ip, ipMode: 'VIP' })) },
    },
  })
  if (addresses.length > 0) events.event(service, 'Normal', 'EnsuredLoadBalancer', 'Ensured load balancer')
  if (before.some((each) => !addresses.includes(each)))
    for (const waiting of d.problems.keys()) d.context.queue.add(waiting)
}

/** Ports by which the cluster itself or its Ingresses are reached on its nodes: a Service there would cut them off. */
function ownPorts(d: Dependencies): string[] {
  const agents = d.nodes.list().flatMap((node) => {
    const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port
    return (node.status?.addresses ?? []).map(({ address }) => `${address} TCP ${port}`)
  })
  const servers = d.slices
    .byIndex('lbService', 'default/kubernetes')
    .flatMap(({ endpoints, ports }) =>
      (endpoints ?? []).flatMap(({ addresses }) =>
        addresses.flatMap((address) => (ports ?? []).map(({ port }) => `${address} TCP ${port}`)),
      ),
    )
  const ingress = d.nodes.list().flatMap((node) => {
    const said = node.metadata?.annotations?.[ingressAnnotation] ?? ''
    const ports = /^\d+,\d+$/.test(said) ? said.split(',') : []
    return (node.status?.addresses ?? []).flatMap(({ address }) => ports.map((port) => `${address} TCP ${port}`))
  })
  return [...agents, ...servers, ...ingress]
}
