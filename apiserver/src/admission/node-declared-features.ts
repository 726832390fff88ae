import type { V1Container, V1Node, V1Pod } from '@kapell/openapi/types'
import { forbiddenError } from '@kapell/openapi/meta/status'
import { deepEqual } from '../registry/deep-equal.ts'
import type { AdmissionPlugin } from './admission.ts'
import { about, named, refusedName } from './matching.ts'

/** Features of a node that this change of a pod makes use of. Source: enhancement 5328. */
export function requiredFeatures(next: V1Pod, old: V1Pod): string[] {
  const steps = (pod: V1Pod): V1Container[] =>
    (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy !== 'Always')
  const before = new Map(steps(old).map(({ name, resources }) => [name, resources]))
  const stepsChanged = steps(next).some(
    ({ name, resources }) => before.has(name) && !deepEqual(resources ?? {}, before.get(name) ?? {}),
  )
  const podChanged = !deepEqual(next.spec?.resources ?? {}, old.spec?.resources ?? {})
  return [
    ...(podChanged ? ['InPlacePodLevelResourcesVerticalScaling'] : []),
    ...(stepsChanged ? ['InPlacePodVerticalScalingInitContainers'] : []),
  ]
}

/** A pod on a node changes only in ways that the node says it can follow. */
export const nodeDeclaredFeatureValidator: AdmissionPlugin = {
  name: 'NodeDeclaredFeatureValidator',
  handles: (a) => a.operation === 'UPDATE' && (about(a, '', 'pods') || about(a, '', 'pods', 'resize')),
  validate: (attributes, services) => {
    const next = attributes.object as V1Pod
    const nodeName = next.spec?.nodeName ?? ''
    if (nodeName === '') return
    const required = requiredFeatures(next, attributes.oldObject as V1Pod)
    if (required.length === 0) return
    const refuse = (why: string): Error => forbiddenError(named(attributes), refusedName(attributes), why)
    const node = services.objects.get<V1Node>({ group: '', plural: 'nodes' }, { name: nodeName })
    if (node === undefined) throw refuse(`node ${JSON.stringify(nodeName)} not found`)
    const missing = required.filter((feature) => node.status?.declaredFeatures?.includes(feature) !== true)
    if (missing.length === 0) return
    throw refuse(
      `pod update requires features ${missing.join(', ')} which are not available on node ${JSON.stringify(nodeName)}`,
    )
  },
}
