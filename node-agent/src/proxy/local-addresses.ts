import type { Logger } from '@kapell/controllers/machinery/log'
import { findTool, tryRun, type RunResult } from '../runtime/exec.ts'
import { announce, answerFor, answerNoMoreFor } from './announce.ts'
import type { FamilyName } from './family.ts'

/** Makes addresses this machine's own, so that neighbours on its links find them here. */
export interface LocalAddresses {
  /** The addresses of one Service, replacing those it had. */
  put(owner: string, addresses: readonly string[]): void
  /** Something that mayHold() depends on has changed: the next apply() looks at all of them. */
  look(): void
  /** Brings the link in step; a failure is logged, and the address is tried again at the next change. */
  apply(): Promise<void>
  close(): Promise<void>
}

export interface LocalAddressesOptions {
  linkName: string
  log: Logger
  /** Addresses that may be ours: those of an earlier run are taken away when nobody wants them. */
  mine(address: string): boolean
  /** Of all of them. Default IPv4. */
  family?: FamilyName
  /** Whether this machine may have any now. Default: it may. */
  mayHold?(): boolean
  /** Called when an address is here; not waited for. Default: neighbours are told. */
  arrived?(address: string): void
  runIp?(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>
}

export function createLocalAddresses(options: LocalAddressesOptions): LocalAddresses {
  const { linkName, log, mine, family = 'IPv4', mayHold = () => true, runIp = ip } = options
  const six = family === 'IPv6'
  const { arrived = (address) => void (six ? answerFor(address, runIp, log) : announce(address, log)) } = options
  const wanted = new Map<string, readonly string[]>()
  const held = new Set<string>()
  let dirty = false
  let looked = false
  const onLink = (address: string) => [`${address}/${six ? 128 : 32}`, 'dev', linkName]
  /** What an agent that was killed has left. */
  const look = async () => {
    looked = true
    const shown = await runIp(['-o', six ? '-6' : '-4', 'address', 'show', 'dev', linkName])
    for (const [, address] of shown.stdout.matchAll(/inet6? ([\da-f.:]+)\/(?:32|128) /g)) {
      if (address !== undefined && mine(address)) held.add(address)
    }
    dirty ||= held.size > 0
  }
  const apply = async () => {
    if (!looked) await look()
    if (!dirty) return
    dirty = false
    const next = new Set(mayHold() ? [...wanted.values()].flat() : [])
    for (const address of held) {
      if (next.has(address)) continue
      await runIp(['address', 'delete', ...onLink(address)])
      if (six) await answerNoMoreFor(address, runIp)
      held.delete(address)
    }
    for (const address of next) {
      if (held.has(address)) continue
      const { code, stderr } = await runIp(['address', 'replace', ...onLink(address), ...(six ? ['nodad'] : [])])
      if (code === 0) {
        held.add(address)
        arrived(address)
      } else {
        dirty = true
        log.warn('cannot take the address of a load balancer', { address, error: stderr })
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
    look: () => {
      dirty = true
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
