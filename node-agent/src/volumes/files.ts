import type { V1ConfigMap, V1DownwardAPIVolumeFile, V1KeyToPath, V1Pod, V1Secret } from '@kapell/openapi/types'
import { fieldValue, resourceValue } from '../pods/field-ref.ts'
import type { ProjectedFile } from './atomic-writer.ts'
import type { VolumeContext } from './plugin.ts'

export type Files = Map<string, ProjectedFile>

export interface ItemsSource {
  items: readonly V1KeyToPath[] | undefined
  optional: boolean
  defaultMode: number
}

/** The files a ConfigMap gives. Throws when it, or an item asked for, is missing and not optional. */
export function configMapFiles(name: string, found: V1ConfigMap | undefined, source: ItemsSource): Files {
  if (found === undefined && !source.optional) throw new Error(`configmap ${JSON.stringify(name)} not found`)
  const data = new Map<string, Uint8Array>()
  for (const [key, value] of Object.entries(found?.data ?? {})) data.set(key, Buffer.from(value))
  for (const [key, value] of Object.entries(found?.binaryData ?? {})) data.set(key, Buffer.from(value, 'base64'))
  return select(data, source, (key) => `configmap references non-existent config key: ${key}`)
}

export function secretFiles(name: string, found: V1Secret | undefined, source: ItemsSource): Files {
  if (found === undefined && !source.optional) throw new Error(`secret ${JSON.stringify(name)} not found`)
  const data = new Map<string, Uint8Array>()
  for (const [key, value] of Object.entries(found?.data ?? {})) data.set(key, Buffer.from(value, 'base64'))
  return select(data, source, (key) => `references non-existent secret key: ${key}`)
}

function select(data: Map<string, Uint8Array>, source: ItemsSource, missing: (key: string) => string): Files {
  const files: Files = new Map()
  if (source.items === undefined || source.items.length === 0) {
    for (const [key, value] of data) files.set(key, { data: value, mode: source.defaultMode })
    return files
  }
  for (const { key, path, mode } of source.items) {
    const value = data.get(key)
    if (value !== undefined) files.set(path, { data: value, mode: mode ?? source.defaultMode })
    else if (!source.optional) throw new Error(missing(key))
  }
  return files
}

export function downwardFiles(
  context: Pick<VolumeContext, 'pod' | 'allocatable' | 'nodeIp'>,
  items: readonly V1DownwardAPIVolumeFile[] | undefined,
  defaultMode: number,
): Files {
  const files: Files = new Map()
  for (const { path, fieldRef, resourceFieldRef, mode } of items ?? []) {
    let value = ''
    if (fieldRef !== undefined) {
      value = fieldValue(context.pod, fieldRef.fieldPath, { podIps: [], hostIp: context.nodeIp })
    } else if (resourceFieldRef !== undefined) {
      const container = findContainer(context.pod, resourceFieldRef.containerName ?? '')
      value = resourceValue(container, resourceFieldRef, context.allocatable)
    }
    files.set(path, { data: Buffer.from(value), mode: mode ?? defaultMode })
  }
  return files
}

function findContainer(pod: V1Pod, name: string): NonNullable<V1Pod['spec']>['containers'][number] {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  const found = all.find((container) => container.name === name)
  if (found === undefined) throw new Error(`container ${JSON.stringify(name)} not found in the pod`)
  return found
}
