import type { V1Container, V1ObjectMeta, V1PodSpec } from '@kapell/openapi/types'
import type { FieldPath } from '@kapell/openapi/meta/field-errors'

/** What works and should not be used any more, as texts of Warning headers. */

const annotations: Record<string, string> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'seccomp.security.alpha.kubernetes.io/pod': 'non-functional in v1.27+; use the "seccompProfile" field instead',
}

const nodeLabels: Record<string, string> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
}

/** Also of persistent volumes. */
export const deprecatedVolumes: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
}

export function podWarnings(meta: V1ObjectMeta | undefined, spec: V1PodSpec | undefined, at: FieldPath): string[] {
  const warnings: string[] = []
  for (const [key, text] of Object.entries(annotations)) {
    if (meta?.annotations?.[key] !== undefined) warnings.push(`metadata.annotations[${key}]: ${text}`)
  }
  if (spec === undefined) return warnings
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const text = nodeLabels[key]
    if (text !== undefined) warnings.push(`${at.child('nodeSelector').key(key).text}: ${text}`)
  }
  for (const [i, volume] of (spec.volumes ?? []).entries()) {
    for (const [field, text] of Object.entries(deprecatedVolumes)) {
      if (field in volume) warnings.push(`${at.child('volumes').index(i).child(field).text}: ${text}`)
    }
    if (volume.projected !== undefined && (volume.projected.sources ?? []).every((s) => Object.keys(s).length === 0)) {
      warnings.push(`volume ${JSON.stringify(volume.name)} (Projected) has no sources provided`)
    }
  }
  for (const [i, secret] of (spec.imagePullSecrets ?? []).entries()) {
    if ((secret.name ?? '') === '') {
      warnings.push(`${at.child('imagePullSecrets').index(i).child('name').text}: invalid empty name ""`)
    }
  }
  for (const [i, claim] of (spec.hostAliases ?? []).entries()) {
    const earlier = (spec.hostAliases ?? []).slice(0, i).some((a) => a.ip === claim.ip)
    if (earlier)
      warnings.push(`${at.child('hostAliases').index(i).child('ip').text}: duplicate ip ${JSON.stringify(claim.ip)}`)
  }
  for (const field of ['initContainers', 'containers'] as const) {
    for (const [i, container] of (spec[field] ?? []).entries()) {
      warnings.push(...containerWarnings(container, at.child(field).index(i)))
    }
  }
  return warnings
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
      if (
        (name === 'memory' || name === 'ephemeral-storage') &&
        /^\d+m$/.test(value) &&
        Number(value.slice(0, -1)) % 1000 !== 0
      ) {
        warnings.push(
          `${at.child('resources', field).key(name).text}: fractional byte value ${JSON.stringify(value)} is invalid, must be an integer`,
        )
      }
    }
  }
  return warnings
}
