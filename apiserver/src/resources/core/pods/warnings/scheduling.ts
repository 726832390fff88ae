import type { V1NodeSelectorTerm, V1PodSpec } from '@kapell/openapi/types'
import type { FieldPath } from '@kapell/openapi/meta/field-errors'
import { labelValue } from '@kapell/openapi/meta/names'

const oldLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}

const nullSelector = 'a null labelSelector results in matching no pod'

/** Labels of nodes that have new names, and selectors that select nothing. */
export function schedulingWarnings(spec: V1PodSpec, at: FieldPath): string[] {
  const warnings: string[] = []
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const text = oldLabels[key]
    if (text !== undefined) warnings.push(`${at.child('nodeSelector').key(key).text}: ${text}`)
  }
  const node = spec.affinity?.nodeAffinity
  const nodeAt = at.child('affinity', 'nodeAffinity')
  const must = nodeAt.child('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms')
  for (const [i, term] of (node?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).entries()) {
    warnings.push(...termWarnings(term, must.index(i)))
  }
  const should = nodeAt.child('preferredDuringSchedulingIgnoredDuringExecution')
  for (const [i, term] of (node?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    warnings.push(...termWarnings(term.preference, should.index(i).child('preference'), true))
  }
  for (const [i, constraint] of (spec.topologySpreadConstraints ?? []).entries()) {
    const here = at.child('topologySpreadConstraints').index(i)
    const text = oldLabels[constraint.topologyKey]
    if (text !== undefined) warnings.push(`${here.child('topologyKey').text}: ${constraint.topologyKey} is ${text}`)
    if (constraint.labelSelector === undefined) warnings.push(`${here.child('labelSelector').text}: ${nullSelector}`)
  }
  return warnings
}

/** Terms of affinity to pods that select none. */
export function affinityWarnings(spec: V1PodSpec, at: FieldPath): string[] {
  const warnings: string[] = []
  for (const field of ['podAffinity', 'podAntiAffinity'] as const) {
    const terms = spec.affinity?.[field]
    const here = at.child('affinity', field)
    for (const [i, term] of (terms?.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      if (term.labelSelector !== undefined) continue
      const path = here.child('requiredDuringSchedulingIgnoredDuringExecution').index(i).child('labelSelector')
      warnings.push(`${path.text}: ${nullSelector}`)
    }
    for (const [i, term] of (terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      if (term.podAffinityTerm.labelSelector !== undefined) continue
      const path = here.child('preferredDuringSchedulingIgnoredDuringExecution').index(i)
      warnings.push(`${path.child('podAffinityTerm', 'labelSelector').text}: ${nullSelector}`)
    }
  }
  return warnings
}

function termWarnings(term: V1NodeSelectorTerm, at: FieldPath, checksValues = false): string[] {
  return (term.matchExpressions ?? []).flatMap(({ key, values }, i) => {
    const here = at.child('matchExpressions').index(i)
    const text = oldLabels[key]
    return [
      ...(text === undefined ? [] : [`${here.child('key').text}: ${key} is ${text}`]),
      ...(!checksValues ? [] : (values ?? [])).flatMap((value, j) =>
        labelValue(value).map((wrong) => `${here.child('values').index(j).text}: ${value} is invalid, ${wrong}`),
      ),
    ]
  })
}
