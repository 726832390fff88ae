import type { Logger } from '@kapell/controllers/machinery/log'
import { findTool, tryRun, type RunResult } from '../runtime/exec.ts'
import { announce } from './announce.ts'

/** Makes addresses this machine's own, so that neighbours on its links find them here. */
export interface LocalAddresses {
  /** The addresses of one Service, replacing those it had. */
  put(owner: string, addresses: readonly string[]): void
  /** Brings the link in step; a failure is logged, and the address is tried again at the next change. */
  apply(): Promise<void>
  close(): Promise<void>
}

export interface LocalAddressesOptions {
  linkName: string
  log: Logger
  /** Addresses that may be ours: those of an earlier run are taken away when nobody wants them. */
  mine(address: string): boolean
  /** Called when an address is here; not waited for. Default: neighbours are told. */
  arrived?(address: string): void
  runIp?(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>
}

export function createLocalAddresses(options: LocalAddressesOptions): LocalAddresses {
  const { linkName, log, mine, arrived = (address) => void announce(address, log), runIp = ip } = options
  const wanted = new Map<string, readonly string[]>()
  const held = new Set<string>()
  let dirty = false
  let looked = false
  /** What an agent that was killed has left. */
  const look = async () => {
    looked = true
    const shown = await runIp(['-o', '-4', 'address', 'show', 'dev', linkName])
    for (const [, address] of shown.stdout.matchAll(/inet (\d+\.\d+\.\d+\.\d+)\/32 /g)) {
      if (address !== undefined && mine(address)) held.add(address)
    }
    dirty ||= held.size > 0
  }
  const apply = async () => {
    if (!looked) await look()
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
      if (code === 0) {
        held.add(address)
        arrived(address)
      } else {
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

function ip(args: readonly string[]): Promise<RunResult> {
  const tool = findTool('ip')
  if (tool === undefined) return Promise.resolve({ code: 1, stdout: '', stderr: 'there is no "ip"' })
  return tryRun(tool, args)
}
