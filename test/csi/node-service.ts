import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
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

/** A volume that is wanted as a device is a file behind a loop device. Answers the device. */
async function attachLoop(file: string): Promise<string> {
  const { stdout: known } = await run('losetup', ['--noheadings', '--output', 'NAME', '--associated', file])
  if (known.trim() !== '') return known.trim()
  return (await run('losetup', ['--find', '--show', file])).stdout.trim()
}

async function detachLoop(file: string): Promise<void> {
  const { stdout } = await run('losetup', ['--noheadings', '--output', 'NAME', '--associated', file])
  for (const device of stdout.split('\n').filter((name) => name !== '')) await run('losetup', ['--detach', device])
}

/** The node side: a volume is a directory. What pods are told of themselves is left in a file, for a test to read. */
export function nodeService(options: { nodeId: string; dataDir: string; maxVolumes: number }): Handlers<typeof Node> {
  const { nodeId, dataDir, maxVolumes } = options
  const dataOf = (id: string): string => join(dataDir, id)
  const diskOf = (id: string): string => join(dataOf(id), 'disk')
  return {
    nodeGetInfo: () => ({
      nodeId,
      maxVolumesPerNode: BigInt(maxVolumes),
      accessibleTopology: { segments: { 'topology.hostpath.example.com/node': nodeId } },
    }),
    nodeGetCapabilities: () => ({
      capabilities: [Capability.STAGE_UNSTAGE_VOLUME, Capability.EXPAND_VOLUME].map((type) => ({
        type: { case: 'rpc', value: { type } },
      })),
    }),
    nodeStageVolume: async ({ volumeId, stagingTargetPath, publishContext, volumeCapability }) => {
      if (publishContext['attached'] !== 'yes') throw new Error('the volume was not attached')
      if (!existsSync(dataOf(volumeId))) throw new Error(`no volume ${volumeId}`)
      if (volumeCapability?.accessType.case === 'block') {
        const disk = await open(diskOf(volumeId), 'a')
        await disk.truncate(1024 * 1024)
        await disk.close()
        await attachLoop(diskOf(volumeId))
      } else await bind(dataOf(volumeId), stagingTargetPath)
      return {}
    },
    nodePublishVolume: async (request) => {
      const { volumeId, stagingTargetPath, targetPath, readonly, volumeContext } = request
      if (request.volumeCapability?.accessType.case === 'block') {
        await writeFile(targetPath, '', { flag: 'a' })
        if (!(await isMounted(targetPath)))
          await run('mount', ['--bind', await attachLoop(diskOf(volumeId)), targetPath])
        return {}
      }
      const ephemeral = volumeContext['csi.storage.k8s.io/ephemeral'] === 'true'
      if (ephemeral) await mkdir(dataOf(volumeId), { recursive: true })
      await writeFile(join(dataOf(volumeId), 'context.json'), JSON.stringify(volumeContext))
      await bind(ephemeral ? dataOf(volumeId) : stagingTargetPath, targetPath, readonly)
      return {}
    },
    nodeUnpublishVolume: async ({ volumeId, targetPath }) => {
      await unmount(targetPath)
      await rm(targetPath, { force: true, recursive: true })
      if (volumeId.startsWith('csi-')) await rm(dataOf(volumeId), { recursive: true, force: true })
      return {}
    },
    nodeUnstageVolume: async ({ volumeId, stagingTargetPath }) => {
      await unmount(stagingTargetPath)
      await detachLoop(diskOf(volumeId))
      return {}
    },
    nodeExpandVolume: async ({ volumeId, volumePath, capacityRange }) => {
      if (!(await isMounted(volumePath))) throw new Error(`${volumePath} is not mounted`)
      const bytes = capacityRange?.requiredBytes ?? 0n
      await writeFile(join(dataOf(volumeId), 'grown'), String(bytes))
      return { capacityBytes: bytes }
    },
  }
}
