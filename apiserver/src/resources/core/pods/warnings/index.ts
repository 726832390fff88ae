import type { V1Container, V1ObjectMeta, V1PodSpec } from '@kapell/openapi/types'
import type { FieldPath } from '@kapell/openapi/meta/field-errors'
import { fractionWarning, isFractional } from '../../../common/volumes.ts'
import { annotationWarnings } from './annotations.ts'
import { portWarnings } from './ports.ts'
import { affinityWarnings, schedulingWarnings } from './scheduling.ts'
import { volumeWarnings } from './volumes.ts'

/** What works and should not be used any more, as texts of Warning headers. */

export function podWarnings(meta: V1ObjectMeta | undefined, spec: V1PodSpec | undefined, at: FieldPath): string[] {
  if (spec === undefined) return annotationWarnings(meta, undefined)
  return [
    ...annotationWarnings(meta, spec),
    ...schedulingWarnings(spec, at),
    ...hostAliasWarnings(spec, at.child('hostAliases')),
    ...volumeWarnings(spec, at.child('volumes')),
    ...pullSecretWarnings(spec, at.child('imagePullSecrets')),
    ...(['initContainers', 'containers'] as const).flatMap((field) =>
      (spec[field] ?? []).flatMap((container, i) => containerWarnings(container, at.child(field).index(i))),
    ),
    ...portWarnings(spec, at),
    ...graceWarnings(spec, at),
    ...affinityWarnings(spec, at),
  ]
}

const graceWarnings = ({ terminationGracePeriodSeconds: seconds }: V1PodSpec, at: FieldPath): string[] =>
  seconds !== undefined && seconds < 0
    ? [
        `${at.child('terminationGracePeriodSeconds').text}: must be >= 0; negative values are invalid and will be treated as 1`,
      ]
    : []

function pullSecretWarnings(spec: V1PodSpec, at: FieldPath): string[] {
  const seen = new Set<string>()
  return (spec.imagePullSecrets ?? []).flatMap(({ name = '' }, i) => {
    const here = at.index(i).child('name').text
    if (name === '') return [`${here}: invalid empty name ""`]
    const isRepeated = seen.has(name)
    seen.add(name)
    return isRepeated ? [`${here}: duplicate name ${JSON.stringify(name)}`] : []
  })
}

function hostAliasWarnings(spec: V1PodSpec, at: FieldPath): string[] {
  const aliases = spec.hostAliases ?? []
  return aliases.flatMap(({ ip }, i) =>
    aliases.slice(0, i).some((a) => a.ip === ip)
      ? [`${at.index(i).child('ip').text}: duplicate ip ${JSON.stringify(ip)}`]
      : [],
  )
}

function containerWarnings(container: V1Container, at: FieldPath): string[] {
  const warnings: string[] = []
  const names = new Set<string>()
  for (const [i, { name }] of (container.env ?? []).entries()) {
    if (names.has(name)) {
      const what = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`
      warnings.push(`${at.child('env').index(i).text}: ${what}`)
    }
    names.add(name)
  }
  for (const field of ['limits', 'requests'] as const) {
    for (const [name, value] of Object.entries(container.resources?.[field] ?? {})) {
      const isBytes = name === 'memory' || name === 'ephemeral-storage'
      if (isBytes && isFractional(value))
        warnings.push(fractionWarning(at.child('resources', field).key(name).text, value))
    }
  }
  return warnings
}
