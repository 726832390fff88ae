import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Cri } from '../cri/client.ts'

/** What a device means for a container that gets it. */
export interface ContainerEdits {
  env: string[]
  mounts: { hostPath: string; containerPath: string; options: string[] }[]
  deviceNodes: { path: string; hostPath: string; permissions: string }[]
}

interface EditsSpec {
  env?: string[]
  mounts?: { hostPath?: string; containerPath?: string; options?: string[] }[]
  deviceNodes?: { path?: string; hostPath?: string; permissions?: string }[]
}

export interface CdiSpec {
  /** "vendor.com/class" */
  kind?: string
  containerEdits?: EditsSpec
  devices?: { name?: string; containerEdits?: EditsSpec }[]
}

/** Where specifications lie; those of a later directory win. Source: "Container Device Interface". */
export const cdiDirectories = ['/etc/cdi', '/var/run/cdi']

/** Whether the runtime knows CDI by itself: containerd does from 2.0 on without being told to. */
export async function looksDevicesUp(cri: Pick<Cri, 'runtime'>): Promise<boolean> {
  const { runtimeName, runtimeVersion } = await cri.runtime.version({}, { deadlineMs: 10_000 })
  return runtimeName !== 'containerd' || Number(/^v?(\d+)/.exec(runtimeVersion)?.[1] ?? 0) >= 2
}

/** Files that cannot be read are as good as not there: their devices are missed by name. */
export async function readCdiSpecs(directories: readonly string[]): Promise<CdiSpec[]> {
  const specs: CdiSpec[] = []
  for (const directory of directories) {
    const names = (await readdir(directory).catch(() => [])).filter((name) => /\.(json|ya?ml)$/.test(name)).sort()
    for (const name of names) {
      try {
        const spec: unknown = parse(await readFile(join(directory, name), 'utf8'))
        if (typeof spec === 'object' && spec !== null) specs.push(spec)
      } catch {
        continue
      }
    }
  }
  return specs
}

/** Throws when a device is not described anywhere. */
export function editsOf(ids: readonly string[], specs: readonly CdiSpec[]): ContainerEdits {
  const edits: ContainerEdits = { env: [], mounts: [], deviceNodes: [] }
  const missing: string[] = []
  const general = new Set<CdiSpec>()
  for (const id of new Set(ids)) {
    const [kind = '', name = ''] = id.split('=')
    const spec = specs.findLast((one) => one.kind === kind && one.devices?.some((device) => device.name === name))
    if (spec === undefined) {
      missing.push(id)
      continue
    }
    if (!general.has(spec)) add(edits, spec.containerEdits)
    general.add(spec)
    add(edits, spec.devices?.find((device) => device.name === name)?.containerEdits)
  }
  if (missing.length > 0) throw new Error(`CDI device injection failed: unresolvable CDI devices ${missing.join(', ')}`)
  return edits
}

function add(to: ContainerEdits, { env = [], mounts = [], deviceNodes = [] }: EditsSpec = {}): void {
  to.env.push(...env)
  for (const { hostPath = '', containerPath = '', options = [] } of mounts)
    to.mounts.push({ hostPath, containerPath, options })
  for (const { path = '', hostPath, permissions = 'rwm' } of deviceNodes)
    to.deviceNodes.push({ path, hostPath: hostPath ?? path, permissions })
}
