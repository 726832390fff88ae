import type { OwnerReference } from '@kapell/openapi/meta/object'
import type { V1Pod, V1PodTemplateSpec } from '@kapell/openapi/types'

/** Generated names get five characters more, and may be 253 long in all. */
const longestPrefix = 247

/** A pod as its owner's template describes it; a name when given, else one made from the owner's. */
export function podFromTemplate(options: {
  template: V1PodTemplateSpec
  namespace: string
  owner: OwnerReference
  name?: string
}): V1Pod {
  const { template, namespace, owner, name } = options
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${owner.name.slice(0, longestPrefix)}-`,
      ...(name === undefined ? {} : { name }),
      namespace,
      ...(labels === undefined ? {} : { labels: { ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
      ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
      ownerReferences: [owner],
    },
    ...(template.spec === undefined ? {} : { spec: structuredClone(template.spec) }),
  }
}
