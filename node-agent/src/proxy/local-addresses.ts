import type { Logger } from '@kapell/controllers/machinery/log'
import { findTool, tryRun } from '../runtime/exec.ts'

/** Makes addresses this machine's own, so that neighbours on its links find them here. */
export interface LocalAddresses {
  /** The addresses of one Service, replacing those it had. */
  put(owner: string, addresses: readonly string[]): void
  /** Brings the link in step; a failure is logged, and the address is tried again at the next change. */
  apply(): Promise<void>
  close(): Promise<void>
}

export function createLocalAddresses(
  linkName: string,
  log: Logger,
  runIp: (args: readonly string[]) => Promise<{ code: number; stderr: string }> = async (args) => {
    const ip = findTool('ip')
    return ip === undefined ? { code: 1, stderr: 'there is no "ip"' } : tryRun(ip, args)
  },
): LocalAddresses {
  const wanted = new Map<string, readonly string[]>()
  const held = new Set<string>()
  let dirty = false
  const apply = async () => {
    if (!dirty) return
    dirty = false
    const next = new Set([...wanted.values()].flat())
    for (const address of held) {
      if (next.has(address)) continue
      await runIp(['address', 'delete', `${address}/32`, 'dev', linkName])
      held.delete(address)
    }
    for (const address of next) {
      if (held.has(address)) continue
      const { code, stderr } = await runIp(['address', 'replace', `${address}/32`, 'dev', linkName])
      if (code === 0) held.add(address)
      else {
        dirty = true
        log.warn('cannot take the address of a load balancer', { address, error: stderr.trim() })
      }
    }
  }
  return {
    put: (owner, addresses) => {
      if ((wanted.get(owner) ?? []).join() === addresses.join()) return
      dirty = true
      if (addresses.length === 0) wanted.delete(owner)
      else wanted.set(owner, addresses)
    },
    apply,
    close: async () => {
      wanted.clear()
      dirty = true
      await apply()
    },
  }
}
