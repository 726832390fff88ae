import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { V1Pod } from '@kapell/openapi/types'
import { NamespaceMode, type IDMappingSchema, type UserNamespaceSchema } from '../cri/gen/runtime_pb.ts'
import type { NodePaths } from './paths.ts'
import { identityOf } from './record.ts'

export type IdMapping = MessageInitShape<typeof IDMappingSchema>

/** Users of pods that have their own: 0 in the pod is somebody on the node whom no other pod is. */
export interface UserNamespaces {
  /** Undefined: the pod's users are the node's. Throws where the runtime cannot give it its own. */
  mappingOf(pod: V1Pod): Promise<IdMapping | undefined>
  /** The pod is gone. */
  release(uid: string): void
}

/** Each pod has as many users as a system without namespaces is used to. Source: "User Namespaces". */
const length = 65_536
/** What fits into 32 bits, without the last range: (uid_t) -1 is nobody. */
const ranges = 65_534
const file = 'userns'

export function createUserNamespaces(options: { paths: NodePaths; supported: boolean }): UserNamespaces {
  const { paths, supported } = options
  const byUid = new Map<string, number>()
  let opened: Promise<void> | undefined

  /** What an agent before this one gave stays given. */
  const open = async (): Promise<void> => {
    for (const uid of await readdir(paths.pods).catch(() => [])) {
      const range = Number(await readFile(join(paths.pod(uid), file), 'utf8').catch(() => ''))
      if (Number.isInteger(range) && range > 0 && range <= ranges) byUid.set(uid, range)
    }
  }

  return {
    mappingOf: async (pod) => {
      if (pod.spec?.hostUsers !== false) return undefined
      if (!supported) throw new Error("can't set `spec.hostUsers: false`, runtime does not support user namespaces")
      await (opened ??= open())
      const { uid } = identityOf(pod)
      let range = byUid.get(uid)
      if (range === undefined) {
        const taken = new Set(byUid.values())
        range = 1
        while (taken.has(range)) range++
        if (range > ranges) throw new Error('no range of user ids is left on this node')
        byUid.set(uid, range)
        const kept = join(paths.pod(uid), file)
        await mkdir(dirname(kept), { recursive: true })
        await writeFile(kept, String(range))
      }
      return { hostId: range * length, containerId: 0, length }
    },
    release: (uid) => void byUid.delete(uid),
  }
}

/** As CRI takes it. */
export const userNamespace = (
  mapping: IdMapping | undefined,
): MessageInitShape<typeof UserNamespaceSchema> | undefined =>
  mapping === undefined ? undefined : { mode: NamespaceMode.POD, uids: [mapping], gids: [mapping] }
