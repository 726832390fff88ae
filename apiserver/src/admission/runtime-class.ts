import type { V1Pod, V1RuntimeClass } from '@kapell/openapi/types'
import { forbiddenError } from '@kapell/openapi/meta/status'
import { sameJson } from '../resources/common/validation.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { about, refusedName, named } from './matching.ts'

/** What a pod's runtime class costs and where it runs is the class's to say. Source: "Runtime Class". */

const classes = { group: 'node.k8s.io', plural: 'runtimeclasses' }

const refuse = (attributes: AdmissionAttributes, why: string): Error =>
  forbiddenError(named(attributes), refusedName(attributes), `pod rejected: ${why}`)

export const runtimeClass: AdmissionPlugin = {
  name: 'RuntimeClass',
  handles: (a) => a.operation === 'CREATE' && about(a, '', 'pods'),
  admit: async (attributes, services) => {
    const spec = (attributes.object as V1Pod).spec
    const name = spec?.runtimeClassName ?? ''
    if (spec === undefined || name === '') return
    const found =
      services.objects.get<V1RuntimeClass>(classes, { name }) ??
      (await services.objects.getLatest<V1RuntimeClass>(classes, { name }))
    if (found === undefined) throw refuse(attributes, `RuntimeClass ${JSON.stringify(name)} not found`)
    const overhead = found.overhead?.podFixed
    if (overhead !== undefined) {
      if (spec.overhead !== undefined && !sameJson(spec.overhead, overhead)) {
        throw refuse(attributes, "Pod's Overhead doesn't match RuntimeClass's defined Overhead")
      }
      spec.overhead = { ...overhead }
    }
    for (const [key, value] of Object.entries(found.scheduling?.nodeSelector ?? {})) {
      const own = spec.nodeSelector?.[key]
      if (own !== undefined && own !== value) {
        throw refuse(
          attributes,
          `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
        )
      }
      spec.nodeSelector = { ...spec.nodeSelector, [key]: value }
    }
    const tolerations = found.scheduling?.tolerations ?? []
    if (tolerations.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...tolerations.map((t) => ({ ...t }))]
  },
  validate: (attributes) => {
    const spec = (attributes.object as V1Pod).spec
    if (spec?.overhead !== undefined && (spec.runtimeClassName ?? '') === '') {
      throw refuse(attributes, 'Pod Overhead set without corresponding RuntimeClass defined Overhead')
    }
  },
}
