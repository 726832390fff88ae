import { defineController, type ControllerContext } from '@kapell/controllers/machinery/controller'
import { isOurIngress } from '@kapell/controllers/machinery/ingress-class'
import { keyOf, splitKey, type Lister } from '@kapell/controllers/machinery/store'
import { ingressClasses, ingresses, nodes } from '@kapell/openapi/meta/refs'
import type { V1Ingress, V1IngressClass, V1Node } from '@kapell/openapi/types'
import { whereServed } from './choose.ts'

interface Dependencies {
  context: ControllerContext
  ingresses: Lister<V1Ingress>
  classes: Lister<V1IngressClass>
  nodes: Lister<V1Node>
  /** Told once as long as it stays so. */
  problems: Map<string, string>
}

/** Shows on each Ingress of ours the addresses it is served at: those of the nodes, whose agents do the serving. */
export const ingressController = defineController<Dependencies, V1Ingress>({
  name: 'ingress-address-controller',
  component: 'ingress-controller',
  queue: 'ingress',
  primary: ingresses,
  workers: 2,
  setup,
  reconcile,
})

function setup(context: ControllerContext): Dependencies {
  const known = context.lister(ingresses)
  const classInformer = context.informer(ingressClasses)
  const nodeInformer = context.informer(nodes)
  const wakeAll = (): void => {
    for (const ingress of known.list()) context.queue.add(keyOf(ingress))
  }
  classInformer.onChange({ add: wakeAll, update: wakeAll, delete: wakeAll })
  const view = (node: V1Node): string => JSON.stringify(whereServed([node]))
  const nothing = view({})
  nodeInformer.onChange({
    add: (node) => {
      if (view(node) !== nothing) wakeAll()
    },
    update: (old, node) => {
      if (view(old) !== view(node)) wakeAll()
    },
    delete: (node) => {
      if (view(node) !== nothing) wakeAll()
    },
  })
  return {
    context,
    ingresses: known,
    classes: classInformer.lister,
    nodes: nodeInformer.lister,
    problems: new Map(),
  }
}

async function reconcile(key: string, d: Dependencies): Promise<void> {
  const ingress = d.ingresses.get(key)
  if (ingress === undefined || !isOurIngress(ingress, (name) => d.classes.get(name))) {
    d.problems.delete(key)
    return
  }
  const served = whereServed(d.nodes.list())
  if ('problem' in served) {
    if (d.problems.get(key) !== served.problem)
      d.context.events.event(ingress, 'Warning', 'IngressUnavailable', served.problem)
    d.problems.set(key, served.problem)
  } else d.problems.delete(key)
  const addresses = 'addresses' in served ? served.addresses : []
  const shown = ingress.status?.loadBalancer?.ingress ?? []
  if (shown.length === addresses.length && shown.every(({ ip }, at) => ip === addresses[at])) return
  await d.context.client.resource(ingresses, splitKey(key).namespace).updateStatus({
    ...ingress,
    status: { loadBalancer: addresses.length === 0 ? {} : { ingress: addresses.map((ip) => ({ ip })) } },
  })
}
