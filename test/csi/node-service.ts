import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { NodeServiceCapability_RPC_Type as Capability, type Node } from '@kapell/node-agent/volumes/csi/gen/csi_pb'
import type { Handlers } from './grpc-server.ts'

const run = promisify(execFile)

async function isMounted(path: string): Promise<boolean> {
  return (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').some((line) => line.split(' ')[4] === path)
}

async function bind(from: string, to: string, readOnly = false): Promise<void> {
  await mkdir(to, { recursive: true })
  if (await isMounted(to)) return
  await run('mount', ['--bind', from, to])
  if (readOnly) await run('mount', ['-o', 'remount,bind,ro', to])
}

async function unmount(path: string): Promise<void> {
  if (await isMounted(path)) await run('umount', [path])
  await rmdir(path).catch(() => {})
}

/** The node side: a volume is a directory. What pods are told of themselves is left in a file, for a test to read. */
export function nodeService(options: { nodeId: string; dataDir: string; maxVolumes: number }): Handlers<typeof Node> {
  const { nodeId, dataDir, maxVolumes } = options
  const dataOf = (id: string): string => join(dataDir, id)
  return {
    nodeGetInfo: () => ({
      nodeId,
      maxVolumesPerNode: BigInt(maxVolumes),
      accessibleTopology: { segments: { 'topology.hostpath.example.com/node': nodeId } },
    }),
    nodeGetCapabilities: () => ({
      capabilities: [{ type: { case: 'rpc', value: { type: Capability.STAGE_UNSTAGE_VOLUME } } }],
    }),
    nodeStageVolume: async ({ volumeId, stagingTargetPath, publishContext }) => {
      if (publishContext['attached'] !== 'yes') throw new Error('the volume was not attached')
      if (!existsSync(dataOf(volumeId))) throw new Error(`no volume ${volumeId}`)
      await bind(dataOf(volumeId), stagingTargetPath)
      return {}
    },
    nodePublishVolume: async ({ volumeId, stagingTargetPath, targetPath, readonly, volumeContext }) => {
      const ephemeral = volumeContext['csi.storage.k8s.io/ephemeral'] === 'true'
      if (ephemeral) await mkdir(dataOf(volumeId), { recursive: true })
      await writeFile(join(dataOf(volumeId), 'context.json'), JSON.stringify(volumeContext))
      await bind(ephemeral ? dataOf(volumeId) : stagingTargetPath, targetPath, readonly)
      return {}
    },
    nodeUnpublishVolume: async ({ volumeId, targetPath }) => {
      await unmount(targetPath)
      if (volumeId.startsWith('csi-')) await rm(dataOf(volumeId), { recursive: true, force: true })
      return {}
    },
    nodeUnstageVolume: async ({ stagingTargetPath }) => {
      await unmount(stagingTargetPath)
      return {}
    },
  }
}
