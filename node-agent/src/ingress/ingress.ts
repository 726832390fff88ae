import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import type { InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { ingressAnnotation, isOurIngress } from '@kapell/controllers/machinery/ingress-class'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { keyOf } from '@kapell/controllers/machinery/store'
import { endpointSlices, ingressClasses, ingresses, nodes, services } from '@kapell/openapi/meta/refs'
import type { V1EndpointSlice, V1Ingress, V1Node } from '@kapell/openapi/types'
import { keepTrue } from '../kept-true.ts'
import { createObjectSource } from '../volumes/object-source.ts'
import { backendOf, type Backend } from './backends.ts'
import { createCertificateSource } from './certificate-source.ts'
import { defaultCertificate, proxyConfig } from './config.ts'
import type { ProxyProgram } from './haproxy.ts'
import { routeTable, type Problem } from './routes.ts'
import { Slots, type Slot } from './slots.ts'

export interface IngressOptions {
  /** As who may read Services, EndpointSlices, Nodes, Ingresses and their classes. */
  informers: InformerFactory
  /** As the node: reads the Secrets of Ingresses, writes the Node's annotation. */
  client: ApiClient
  recorder: EventRecorder
  clock: Clock
  log: Logger
  nodeName: string
  ports: { http: number; https: number }
  program: ProxyProgram
  /** Where the program keeps its files and its control socket. */
  dir: string
  socket: string
  ipv6: boolean
  /** For backends that are names; see config.ts. */
  nameServer?: string
  user?: string
  /** PEM of certificate and key, for hosts without one. */
  defaultCertificate: string
  checkMs?: number
}

export interface IngressProxy {
  synced(): Promise<void>
  settled(): Promise<void>
  /** keepRunning: Ingresses are served while the agent is away. */
  close(options?: { keepRunning?: boolean }): Promise<void>
}

class PortTaken extends Error {}

const serviceKeyIndex = 'serviceKey'
const zoneLabel = 'topology.kubernetes.io/zone'
const serviceKeyOf = ({ metadata }: V1EndpointSlice): string =>
  `${metadata?.namespace ?? ''}/${metadata?.labels?.['kubernetes.io/service-name'] ?? ''}`

/**
 * Serves the Ingresses of our classes on this node, by a proxy program that runs while there are any. It is led to pods
 * directly; their coming and going needs no new configuration.
 */
export function startIngress(options: IngressOptions): IngressProxy {
  const { informers, client, recorder, clock, log, nodeName, program } = options
  const stop = new AbortController()
  const ingressInformer = informers.informer(ingresses)
  const classInformer = informers.informer(ingressClasses)
  const serviceInformer = informers.informer(services)
  const nodeInformer = informers.informer(nodes, { fieldSelector: `metadata.name=${nodeName}` })
  const sliceInformer = informers.informer(endpointSlices, {
    indexers: { [serviceKeyIndex]: (slice) => [serviceKeyOf(slice)] },
  })
  const secrets = createObjectSource({ client, clock, log, signal: stop.signal, changed: () => kept.touch() })
  const certificates = createCertificateSource({ secrets, log, changed: () => kept.touch() })
  const told = new Map<string, Set<string>>()
  let slots = new Slots()
  let used: ReadonlySet<string> = new Set()
  /** Everything in the running program but the pods. */
  let shape = ''

  const ours = (): V1Ingress[] =>
    ingressInformer.lister.list().filter((each) => isOurIngress(each, (name) => classInformer.lister.get(name)))
  const own = (): V1Node | undefined => nodeInformer.lister.get(nodeName)

  /** Of the nodes that serve an Ingress, the first that it shows speaks for all; before it shows one, nobody does. */
  const speaks = (ingress: V1Ingress): boolean => {
    const first = ingress.status?.loadBalancer?.ingress?.[0]?.ip
    return first !== undefined && own()?.status?.addresses?.some(({ address }) => address === first) === true
  }
  const tell = (problems: readonly Problem[]): void => {
    const now = new Map<string, Set<string>>()
    for (const { ingress, reason, message } of problems) {
      if (!speaks(ingress)) continue
      const key = keyOf(ingress)
      const said = now.get(key) ?? new Set()
      if (!said.has(message) && told.get(key)?.has(message) !== true)
        recorder.event(ingress, 'Warning', reason, message)
      now.set(key, said.add(message))
    }
    told.clear()
    for (const [key, said] of now) told.set(key, said)
  }

  /** What this node says of itself; undefined: nothing to serve. */
  const annotate = async (value: string | undefined): Promise<void> => {
    const node = own()
    if (node === undefined || node.metadata?.annotations?.[ingressAnnotation] === value) return
    await client
      .resource(nodes)
      .patch(nodeName, 'merge', { metadata: { annotations: { [ingressAnnotation]: value ?? null } } })
  }

  /** A load balancer at an address of this node has what comes to its ports before we see it. */
  const refuseTaken = (): void => {
    const addresses = new Set(own()?.status?.addresses?.map(({ address }) => address))
    for (const service of serviceInformer.lister.list()) {
      if (service.status?.loadBalancer?.ingress?.some(({ ip }) => ip !== undefined && addresses.has(ip)) !== true)
        continue
      for (const { port, protocol = 'TCP' } of service.spec?.ports ?? [])
        if (protocol === 'TCP' && (port === options.ports.http || port === options.ports.https))
          throw new PortTaken(`port ${port} is taken by Service "${keyOf(service)}"`)
    }
  }

  const serve = async (all: readonly V1Ingress[]): Promise<void> => {
    const table = routeTable(all)
    const problems = [...table.problems]
    const zone = own()?.metadata?.labels?.[zoneLabel]
    const chooser = { nodeName, ...(zone === undefined ? {} : { zone }) }
    const backends = new Map<string, Backend>()
    for (const ref of table.backends.values()) {
      const key = `${ref.namespace}/${ref.service}`
      const slices = sliceInformer.lister.byIndex(serviceKeyIndex, key)
      backends.set(ref.id, backendOf(ref, { service: serviceInformer.lister.get(key), slices, chooser }))
    }
    used = new Set([...table.backends.values()].map((ref) => `${ref.namespace}/${ref.service}`))
    for (const ingress of all)
      for (const message of new Set(backendProblems(ingress, table.backends, backends)))
        problems.push({ ingress, reason: 'UnservedBackend', message })
    const { changes, reshaped } = slots.update(backends)
    for (;;) {
      const found = [...problems]
      const pem = await certificates.read(all, found)
      const files = (places: (id: string) => readonly Slot[]) =>
        new Map([
          ...proxyConfig({ ...options, table, backends, slots: places, certificates: pem }),
          [defaultCertificate, options.defaultCertificate] as const,
          ...pem.map((each) => [each.file, each.pem] as const),
        ])
      const wanted = files((id) => slots.of(id))
      const next = JSON.stringify([...files((id) => slots.of(id).map(() => undefined))])
      try {
        if (reshaped || next !== shape || !program.running()) await program.serve(wanted)
        else if (changes.length > 0) await program.fill(changes, wanted)
      } catch (error) {
        const file = pem.find((each) => errorText(error).includes(each.file))?.file
        if (file === undefined) throw error
        certificates.refuse(file)
        continue
      }
      shape = next
      tell(found)
      break
    }
    await annotate(`${options.ports.http},${options.ports.https}`)
  }

  let serving = false
  let looked = false
  const write = async (): Promise<void> => {
    const all = ours()
    if (all.length === 0) {
      used = new Set()
      told.clear()
      await certificates.read([], [])
      // Also what an agent that was killed has left.
      if (!looked || serving || program.running()) await program.stop()
      looked = true
      serving = false
      shape = ''
      slots = new Slots()
      await annotate(undefined)
      return
    }
    serving = true
    looked = true
    try {
      refuseTaken()
      await serve(all)
    } catch (error) {
      shape = ''
      slots = new Slots()
      if (error instanceof PortTaken) await program.stop()
      if (!program.running()) await annotate(`error: ${errorText(error).slice(0, 500)}`)
      throw error
    }
  }
  let failure = ''
  const kept = keepTrue({
    write: async () => {
      await write()
      failure = ''
    },
    failed: (error, inMs) => {
      if (error === failure) return
      failure = error
      log.error('cannot serve Ingresses; trying again', { error, inMs })
      const reference = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName }
      recorder.event({ reference }, 'Warning', 'IngressUnavailable', `Ingresses are not served as wanted: ${error}`)
    },
    // Somebody ended it.
    undone: () => Promise.resolve(serving && !program.running()),
    checkMs: options.checkMs ?? 2000,
  })
  const touch = (): void => kept.touch()
  const stops = [
    ingressInformer.onChange({ add: touch, update: touch, delete: touch }),
    classInformer.onChange({ add: touch, update: touch, delete: touch }),
    serviceInformer.onChange({
      add: (service) => void (used.has(keyOf(service)) && touch()),
      update: (_, service) => void (used.has(keyOf(service)) && touch()),
      delete: (service) => void (used.has(keyOf(service)) && touch()),
    }),
    sliceInformer.onChange({
      add: (slice) => void (used.has(serviceKeyOf(slice)) && touch()),
      update: (old, slice) => void ((used.has(serviceKeyOf(old)) || used.has(serviceKeyOf(slice))) && touch()),
      delete: (slice) => void (used.has(serviceKeyOf(slice)) && touch()),
    }),
    nodeInformer.onChange({
      add: touch,
      update: (old, node) => {
        const view = ({ metadata }: V1Node): string =>
          `${metadata?.annotations?.[ingressAnnotation]} ${metadata?.labels?.[zoneLabel]} ${metadata?.uid}`
        if (view(old) !== view(node)) touch()
      },
    }),
  ]
  const first = (async () => {
    await Promise.all(
      [ingressInformer, classInformer, serviceInformer, sliceInformer, nodeInformer].map((each) => each.synced()),
    )
    kept.begin()
    await kept.settled()
  })()
  first.catch(() => undefined)

  return {
    synced: () => first,
    settled: () => kept.settled(),
    close: async ({ keepRunning = false } = {}) => {
      for (const each of stops) each()
      if (!(await kept.close())) return
      certificates.close()
      stop.abort()
      if (!keepRunning && (serving || program.running())) await program.stop()
    },
  }
}

function backendProblems(
  ingress: V1Ingress,
  refs: ReadonlyMap<string, { id: string }>,
  backends: ReadonlyMap<string, Backend>,
): string[] {
  const namespace = ingress.metadata?.namespace ?? ''
  const { rules = [], defaultBackend } = ingress.spec ?? {}
  const named = [
    ...(defaultBackend === undefined ? [] : [defaultBackend]),
    ...rules.flatMap(({ http }) => http?.paths.map(({ backend }) => backend) ?? []),
  ]
  return named.flatMap(({ service }) => {
    const id = `${namespace}_${service?.name}_${service?.port?.name ?? service?.port?.number}`
    return refs.has(id) ? (backends.get(id)?.problem ?? []) : []
  })
}
