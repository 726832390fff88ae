import type { V1Pod, V1PriorityClass } from '@kapell/openapi/types'
import { forbiddenError } from '@kapell/openapi/meta/status'
import type { Services } from '../registry/services.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { about, refusedName, named } from './matching.ts'

/** Turns a pod's priority class into its number. Source: "Pod Priority and Preemption". */

const classes = { group: 'scheduling.k8s.io', plural: 'priorityclasses' }

export const priority: AdmissionPlugin = {
  name: 'Priority',
  handles: (a) =>
    (a.operation === 'CREATE' || a.operation === 'UPDATE') &&
    (about(a, '', 'pods') || about(a, 'scheduling.k8s.io', 'priorityclasses')),
  admit: async (attributes, services) => {
    if (!about(attributes, '', 'pods')) return
    const pod = attributes.object as V1Pod
    if (pod.spec === undefined) return
    if (attributes.operation === 'UPDATE') {
      // A client that never heard of these fields does not clear them.
      const old = (attributes.oldObject as V1Pod | undefined)?.spec
      if (pod.spec.priority === undefined && old?.priority !== undefined) pod.spec.priority = old.priority
      if (pod.spec.preemptionPolicy === undefined && old?.preemptionPolicy !== undefined) {
        pod.spec.preemptionPolicy = old.preemptionPolicy
      }
      return
    }
    await decide(pod, attributes, services)
  },
  validate: (attributes, services) => {
    if (about(attributes, '', 'pods')) return
    const wanted = attributes.object as V1PriorityClass
    if (wanted.globalDefault !== true) return
    const other = services.objects
      .list<V1PriorityClass>(classes)
      .find((c) => c.globalDefault === true && c.metadata?.name !== wanted.metadata?.name)
    if (other !== undefined) {
      throw forbiddenError(
        named(attributes),
        refusedName(attributes),
        `PriorityClass ${other.metadata?.name ?? ''} is already marked as default. Only one default can exist`,
      )
    }
  },
}

async function decide(pod: V1Pod, attributes: AdmissionAttributes, services: Services): Promise<void> {
  const spec = pod.spec
  if (spec === undefined) return
  const refuse = (why: string): Error => forbiddenError(named(attributes), refusedName(attributes), why)
  const name = spec.priorityClassName ?? ''
  const chosen = name === '' ? defaultClass(services) : await findClass(services, name)
  if (name !== '' && chosen === undefined) throw refuse(`no PriorityClass with name ${name} was found`)
  const value = chosen?.value ?? 0
  const policy = chosen?.preemptionPolicy ?? 'PreemptLowerPriority'
  if (spec.priority !== undefined && spec.priority !== value) {
    throw refuse(
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
    )
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy) {
    throw refuse(
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    )
  }
  if (chosen?.metadata?.name !== undefined) spec.priorityClassName = chosen.metadata.name
  spec.priority = value
  spec.preemptionPolicy = policy
}

/** A class applied together with the pod may not have reached the cache. */
async function findClass(services: Services, name: string): Promise<V1PriorityClass | undefined> {
  return (
    services.objects.get<V1PriorityClass>(classes, { name }) ??
    (await services.objects.getLatest<V1PriorityClass>(classes, { name }))
  )
}

/** Of several global defaults, which only a race can leave, the lowest counts. */
function defaultClass(services: Services): V1PriorityClass | undefined {
  return services.objects
    .list<V1PriorityClass>(classes)
    .filter((c) => c.globalDefault === true)
    .sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0]
}
