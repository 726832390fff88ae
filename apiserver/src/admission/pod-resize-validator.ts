import type { V1Node, V1Pod } from '@kapell/openapi/types'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { forbiddenError } from '@kapell/openapi/meta/status'
import type { AdmissionPlugin } from './admission.ts'
import { about, named, refusedName } from './matching.ts'
import { podTotal } from './quota-usage.ts'

/** A pod is not resized to more than its node has for pods at all. Source: "Resize CPU and Memory Resources". */
export const podResizeValidator: AdmissionPlugin = {
  name: 'PodResizeValidator',
  handles: (a) => a.operation === 'UPDATE' && about(a, '', 'pods', 'resize'),
  validate: (attributes, services) => {
    const pod = attributes.object as V1Pod
    const nodeName = pod.spec?.nodeName ?? ''
    if (nodeName === '') return
    const refuse = (why: string): ReturnType<typeof forbiddenError> =>
      forbiddenError(named(attributes), refusedName(attributes), why)
    const node = services.objects.get<V1Node>({ group: '', plural: 'nodes' }, { name: nodeName })
    if (node === undefined) throw refuse(`node ${JSON.stringify(nodeName)} not found`)
    const wanted = podTotal(pod, 'requests')
    const beyond = (['cpu', 'memory'] as const).flatMap((name) => {
      const has = parseQuantity(node.status?.allocatable?.[name] ?? '0')
      const asked = wanted.get(name)
      if (asked === undefined || asked.cmp(has) <= 0) return []
      const [requested, allocatable] =
        name === 'cpu' ? [asked.milliValue(), has.milliValue()] : [asked.value(), has.value()]
      return [`${name}, requested: ${requested}, allocatable: ${allocatable}`]
    })
    if (beyond.length === 0) return
    const error = refuse(`node didn't have enough allocatable resources: ${beyond.join('; ')}`)
    error.status.details = { ...error.status.details, causes: [{ reason: 'NodeCapacity' }] }
    throw error
  },
}
