import type {
  V1Container,
  V1EphemeralContainer,
  V1LifecycleHandler,
  V1Pod,
  V1PodSpec,
  V1Probe,
  V1ResourceRequirements,
} from '@kapell/openapi/types'
import { own } from '@kapell/openapi/meta/own'
import { setOwn } from '@kapell/openapi/patch/json'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { roundUpAmounts } from '../../common/quantities.ts'
import { defaultVolume } from './volume-defaults.ts'

/** What a pod spec gets when it says nothing. Templates get the same, but for what {@link defaultPod} adds. */

const domain =
  '(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]+)?'
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const digest = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}'
/** A reference to an image: its name, maybe a tag (the first group), maybe a digest (the second). */
const reference = new RegExp(
  `^(?:${domain}/)?${component}(?:/${component})*(?::([\\w][\\w.-]{0,127}))?(?:@(${digest}))?$`,
)

/**
 * "Always" for :latest or no tag, else "IfNotPresent", which is also for what is no reference at all.
 * Source: "Images", "Default image pull policy".
 */
export function pullPolicyOf(image = ''): string {
  let policy = policies.get(image)
  if (policy === undefined) {
    policy = readPullPolicy(image)
    if (policies.size >= knownPolicies) policies.clear()
    if (image.length <= longestKnown) policies.set(image, policy)
  }
  return policy
}

/** Of images asked for lately: the same few stand in most pods. */
const policies = new Map<string, string>()
const [knownPolicies, longestKnown] = [1024, 256]

/** Names of images are no longer than that, tags and digests aside. */
const longestName = 255

function readPullPolicy(image: string): string {
  const match = reference.exec(image)
  if (image.replace(/@.*$/, '').replace(/:[^/]*$/, '').length > longestName) return 'IfNotPresent'
  if (match === null) return 'IfNotPresent'
  const [, tag, hash] = match
  return tag === 'latest' || (tag === undefined && hash === undefined) ? 'Always' : 'IfNotPresent'
}

interface HttpGetLike {
  path?: string
  scheme?: string
}

function defaultHttpGet(httpGet: HttpGetLike | undefined): void {
  if (httpGet === undefined) return
  if ((httpGet.path ?? '') === '') httpGet.path = '/'
  if ((httpGet.scheme ?? '') === '') httpGet.scheme = 'HTTP'
}

function defaultProbe(probe: V1Probe | undefined): void {
  if (probe === undefined) return
  if ((probe.timeoutSeconds ?? 0) === 0) probe.timeoutSeconds = 1
  if ((probe.periodSeconds ?? 0) === 0) probe.periodSeconds = 10
  if ((probe.successThreshold ?? 0) === 0) probe.successThreshold = 1
  if ((probe.failureThreshold ?? 0) === 0) probe.failureThreshold = 3
  defaultHttpGet(probe.httpGet)
  if (probe.grpc !== undefined) probe.grpc.service ??= ''
}

const defaultHandler = (handler: V1LifecycleHandler | undefined): void => defaultHttpGet(handler?.httpGet)

function defaultContainer(container: V1Container | V1EphemeralContainer): void {
  if ((container.imagePullPolicy ?? '') === '') container.imagePullPolicy = pullPolicyOf(container.image)
  if ((container.terminationMessagePath ?? '') === '') container.terminationMessagePath = '/dev/termination-log'
  if ((container.terminationMessagePolicy ?? '') === '') container.terminationMessagePolicy = 'File'
  container.resources ??= {}
  roundUpAmounts(container.resources.limits)
  roundUpAmounts(container.resources.requests)
  for (const port of container.ports ?? []) if ((port.protocol ?? '') === '') port.protocol = 'TCP'
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef !== undefined && (valueFrom.fieldRef.apiVersion ?? '') === '') {
      valueFrom.fieldRef.apiVersion = 'v1'
    }
    if (valueFrom?.resourceFieldRef !== undefined) valueFrom.resourceFieldRef.divisor ??= '0'
    if (valueFrom?.fileKeyRef !== undefined) valueFrom.fileKeyRef.optional ??= false
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) defaultProbe(probe)
  defaultHandler(container.lifecycle?.postStart)
  defaultHandler(container.lifecycle?.preStop)
}

export function containersOfSpec(spec: V1PodSpec): (V1Container | V1EphemeralContainer)[] {
  return [...(spec.initContainers ?? []), ...(spec.containers ?? []), ...(spec.ephemeralContainers ?? [])]
}

export function defaultPodSpec(spec: V1PodSpec): void {
  for (const container of containersOfSpec(spec)) defaultContainer(container)
  for (const volume of spec.volumes ?? []) defaultVolume(volume)
  if ((spec.dnsPolicy ?? '') === '') spec.dnsPolicy = 'ClusterFirst'
  if ((spec.restartPolicy ?? '') === '') spec.restartPolicy = 'Always'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= 30
  if ((spec.schedulerName ?? '') === '') spec.schedulerName = 'default-scheduler'
  setServiceAccount(spec, spec.serviceAccountName ?? '')
  roundUpAmounts(spec.overhead)
  roundUpAmounts(spec.resources?.limits)
  roundUpAmounts(spec.resources?.requests)
}

/** `serviceAccount` is the old name of the field: read when the new one is empty, always written along with it. */
export function setServiceAccount(spec: V1PodSpec, name: string): void {
  const chosen = name === '' ? (spec.serviceAccount ?? '') : name
  if (chosen === '') {
    delete spec.serviceAccountName
    delete spec.serviceAccount
  } else {
    spec.serviceAccountName = chosen
    spec.serviceAccount = chosen
  }
}

interface PodTemplateLike {
  metadata?: object
  spec?: V1PodSpec
}

export function defaultPodTemplate(template: PodTemplateLike | undefined): void {
  if (template === undefined) return
  template.metadata ??= {}
  defaultPodSpec((template.spec ??= { containers: [] }))
}

/** What is limited and not requested is requested as limited. */
function requestLimits(resources: V1ResourceRequirements | undefined): void {
  if (resources?.limits === undefined) return
  const requests = (resources.requests ??= {})
  for (const [name, value] of Object.entries(resources.limits)) {
    // A name that no resource has is refused later, and never set by way of a prototype.
    if (!Object.hasOwn(requests, name)) setOwn(requests, name, value)
  }
}

const isPodResource = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')

/** A pod's own request for a limited resource: its containers' together, or the limit when they have none. */
function defaultPodResources(spec: V1PodSpec): void {
  if (spec.resources?.limits === undefined) return
  const requests = { ...spec.resources.requests }
  for (const [name, limit] of Object.entries(spec.resources.limits)) {
    if (requests[name] !== undefined || !isPodResource(name)) continue
    const asked = (spec.containers ?? []).flatMap((c) => own(c.resources?.requests, name) ?? [])
    requests[name] =
      asked.length === 0
        ? limit
        : asked
            .map((q) => parseQuantity(q))
            .reduce((sum, q) => sum.add(q))
            .toString()
  }
  spec.resources.requests = requests
}

export function defaultPod(pod: V1Pod): void {
  const spec = (pod.spec ??= { containers: [] })
  defaultPodSpec(spec)
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    requestLimits(container.resources)
    if (spec.hostNetwork !== true) continue
    for (const port of container.ports ?? []) if ((port.hostPort ?? 0) === 0) port.hostPort = port.containerPort
  }
  defaultPodResources(spec)
  spec.enableServiceLinks ??= true
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1
}
