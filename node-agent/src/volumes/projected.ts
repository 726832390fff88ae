import { errorText } from '@kapell/controllers/machinery/log'
import type { V1VolumeProjection } from '@kapell/openapi/types'
import { writeAtomically } from './atomic-writer.ts'
import { configMapFiles, downwardFiles, secretFiles, type Files } from './files.ts'
import { commonUserOf, fsGroupOf, type VolumeContext, type VolumePlugin } from './plugin.ts'

/** Several sources in one directory; the service account's token among them. */
export const projected: VolumePlugin = {
  name: 'kubernetes.io~projected',
  inMemory: true,
  matches: (volume) => volume.projected !== undefined,
  setUp: async (context) => {
    const { pod, volume, dir } = context
    const defaultMode = volume.projected?.defaultMode ?? 0o644
    const files: Files = new Map()
    const failures: string[] = []
    for (const source of volume.projected?.sources ?? []) {
      try {
        for (const [path, file] of await sourceFiles(context, source, defaultMode)) files.set(path, file)
      } catch (error) {
        failures.push(errorText(error))
      }
    }
    if (failures.length > 0) throw new Error(failures.length === 1 ? failures[0] : `[${failures.join(', ')}]`)
    await writeAtomically({ dir, files, fsGroup: fsGroupOf(pod) })
    return dir
  },
}

async function sourceFiles(context: VolumeContext, source: V1VolumeProjection, defaultMode: number): Promise<Files> {
  if (source.configMap !== undefined) {
    const { name = '', items, optional = false } = source.configMap
    return configMapFiles(name, await context.configMap(name), { items, optional, defaultMode })
  }
  if (source.secret !== undefined) {
    const { name = '', items, optional = false } = source.secret
    return secretFiles(name, await context.secret(name), { items, optional, defaultMode })
  }
  if (source.downwardAPI !== undefined) return downwardFiles(context, source.downwardAPI.items, defaultMode)
  if (source.serviceAccountToken !== undefined) {
    const { path, audience, expirationSeconds = 3600 } = source.serviceAccountToken
    const token = await context.token({ audience, expirationSeconds })
    // A token is for those who run in the pod, where it is known who they are. Source: "Bound Service Account Tokens".
    const owner = commonUserOf(context.pod)
    const isPrivate = owner !== undefined || fsGroupOf(context.pod) !== undefined
    return new Map([[path, { data: Buffer.from(token), mode: isPrivate ? 0o600 : defaultMode, owner }]])
  }
  throw new Error(`this node does not support the projection ${Object.keys(source).join(', ')}`)
}
