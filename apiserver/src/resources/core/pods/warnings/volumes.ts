import type { V1PodSpec, V1Volume } from '@kapell/openapi/types'
import type { FieldPath } from '@kapell/openapi/meta/field-errors'
import { storageWarnings } from '../../../common/volumes.ts'

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

/** Sources that warnings call by another name. */
export const volumeWarningNames: Readonly<Record<string, string>> = { storageos: 'storageOS' }

export function volumeWarnings(spec: V1PodSpec, at: FieldPath): string[] {
  return (spec.volumes ?? []).flatMap((volume, i) => {
    const here = at.index(i)
    const template = here.child('ephemeral', 'volumeClaimTemplate', 'spec', 'resources')
    return [
      ...Object.entries(deprecatedVolumes).flatMap(([field, text]) =>
        field in volume ? [`${here.child(volumeWarningNames[field] ?? field).text}: ${text}`] : [],
      ),
      ...storageWarnings(volume.ephemeral?.volumeClaimTemplate?.spec?.resources, template.text),
      ...pathWarnings(volume),
    ]
  })
}

interface Placed {
  path: string
  /** Which part of a projected volume it comes from. */
  source?: string
}

const quoted = (text: string | undefined): string => JSON.stringify(text ?? '')

/** Files of one volume that lie at the same place or under one another. */
function pathWarnings(volume: V1Volume): string[] {
  const name = `volume ${quoted(volume.name)}`
  if (volume.configMap !== undefined) {
    return overlaps(`${name} (ConfigMap ${quoted(volume.configMap.name)})`, volume.configMap.items ?? [])
  }
  if (volume.secret !== undefined) {
    return overlaps(`${name} (Secret ${quoted(volume.secret.secretName)})`, volume.secret.items ?? [])
  }
  if (volume.downwardAPI !== undefined) return overlaps(`${name} (DownwardAPI)`, volume.downwardAPI.items ?? [])
  if (volume.projected === undefined) return []
  const warnings: string[] = []
  const placed: Placed[] = []
  for (const source of volume.projected.sources ?? []) {
    if (Object.keys(source).length === 0) warnings.push(`${name} (Projected) has no sources provided`)
    const { configMap, secret, downwardAPI, serviceAccountToken: token, clusterTrustBundle: bundle } = source
    placed.push(
      ...(configMap?.items ?? []).map(({ path }) => ({ path, source: `ConfigMap ${quoted(configMap?.name)}` })),
      ...(secret?.items ?? []).map(({ path }) => ({ path, source: `Secret ${quoted(secret?.name)}` })),
      ...(downwardAPI?.items ?? []).map(({ path }) => ({ path, source: 'DownwardAPI' })),
      ...(token === undefined ? [] : [{ path: token.path, source: 'ServiceAccountToken' }]),
      ...(bundle === undefined ? [] : [{ path: bundle.path, source: 'ClusterTrustBundle' }]),
    )
  }
  return [...warnings, ...overlaps(`${name} (Projected)`, placed)]
}

/** Each overlap of a path with an earlier one; of paths that are the very same, one is told. */
function overlaps(title: string, placed: readonly Placed[]): string[] {
  const shown = ({ path, source }: Placed): string => quoted(path) + (source === undefined ? '' : ` (${source})`)
  const warnings = placed.flatMap((one, i) =>
    placed
      .slice(0, i)
      .filter((other) => isUnder(one.path, other.path) || isUnder(other.path, one.path))
      .map((other) => `${title}: overlapping paths: ${shown(one)} with ${shown(other)}`),
  )
  return [...new Set(warnings)]
}

const isUnder = (path: string, other: string): boolean => path === other || path.startsWith(`${other}/`)
