import type { InformerFactory } from '@kapell/controllers/machinery/informer-factory'
import { errorText, type Logger } from '@kapell/controllers/machinery/log'
import { keyOf } from '@kapell/controllers/machinery/store'
import { namespaces, networkPolicies, pods } from '@kapell/openapi/meta/refs'
import type { V1Pod } from '@kapell/openapi/types'
import { keepTrue } from '../kept-true.ts'
import type { Nft } from '../proxy/nft.ts'
import { familyOf, type FamilyName } from '../proxy/family.ts'
import { changeScript, removeScript, replaceScript, tableName } from '../proxy/script.ts'
import { policyBase, policyTable } from './rules.ts'
import { namespaceLabels, podView, sameView, type PodView } from './view.ts'

export interface PolicyEnforcerOptions {
  informers: InformerFactory
  nodeName: string
  /** Of the addresses in it: two families are two enforcers. Default IPv4. */
  family?: FamilyName
  /** A table of its own, so that Services' changes need not read it. */
  table: string
  nft: Nft
  log: Logger
  /** How often to look whether somebody else removed our table. Default 30,000; 0 for never. */
  checkMs?: number
}

export interface PolicyEnforcer {
  /** Once all policies known at the start are in the kernel. */
  synced(): Promise<void>
  /** Resolves when every change seen so far is in the kernel. */
  settled(): Promise<void>
  /** keepRules: pods stay guarded while the agent is away. Default: nothing of ours stays. */
  close(options?: { keepRules?: boolean }): Promise<void>
}

/** Always in the table: by it we see that nobody took the table away. */
const mainChain = 'policies'

/** Keeps NetworkPolicies for this node's pods in an nftables table; rules of an earlier run hold until it knows better. */
export function startPolicyEnforcer(options: PolicyEnforcerOptions): PolicyEnforcer {
  const { informers, nodeName, nft, log, family } = options
  const table = tableName(options.table, family)
  const base = policyBase(familyOf(family))
  const policyInformer = informers.informer(networkPolicies)
  const namespaceInformer = informers.informer(namespaces)
  const podInformer = informers.informer(pods)
  const views = new Map<string, PodView>()
  let applied: ReturnType<typeof policyTable> | undefined

  const write = async () => {
    const next = policyTable({
      nodeName,
      ...(family === undefined ? {} : { family }),
      policies: policyInformer.lister.list(),
      pods: [...views.values()],
      namespaces: new Map(
        namespaceInformer.lister.list().map((each) => [each.metadata?.name ?? '', namespaceLabels(each)]),
      ),
    })
    if (applied === undefined) await nft.run(replaceScript(next, table, base))
    else {
      const change = changeScript(applied, next, table)
      if (change.apply !== '') await nft.run(change.apply)
      if (change.tidy !== '')
        await nft.run(change.tidy).catch((error: unknown) => {
          // Nothing leads to them any more; but one that comes back by the same name must be made from nothing.
          log.debug('unused policy chains stay for now', { error: errorText(error) })
          return nft.run(replaceScript(next, table, base))
        })
    }
    applied = next
  }
  const kept = keepTrue({
    write: () =>
      write().catch((error: unknown) => {
        applied = undefined
        throw error
      }),
    failed: (error, inMs) => log.error('cannot write the rules of network policies; trying again', { error, inMs }),
    undone: async () => {
      if (await nft.hasTable(table, mainChain)) return false
      log.warn('the nftables table of network policies is gone: somebody removed it; writing it again', { table })
      applied = undefined
      return true
    },
    ...(options.checkMs === undefined ? {} : { checkMs: options.checkMs }),
  })
  const schedule = () => kept.touch()
  const see = (pod: V1Pod) => {
    const key = keyOf(pod)
    const view = podView(pod, family)
    if (sameView(views.get(key), view)) return
    if (view === undefined) views.delete(key)
    else views.set(key, view)
    schedule()
  }
  const stops = [
    policyInformer.onChange({ add: schedule, update: schedule, delete: schedule }),
    namespaceInformer.onChange({
      add: schedule,
      update: (old, now) => {
        if (JSON.stringify(namespaceLabels(old)) !== JSON.stringify(namespaceLabels(now))) schedule()
      },
      delete: schedule,
    }),
    podInformer.onChange({
      add: see,
      update: (_, pod) => see(pod),
      delete: (pod) => {
        if (views.delete(keyOf(pod))) schedule()
      },
    }),
  ]
  const first = (async () => {
    await Promise.all([policyInformer.synced(), namespaceInformer.synced(), podInformer.synced()])
    kept.begin()
    await kept.settled()
  })()
  first.catch(() => undefined)

  return {
    synced: () => first,
    settled: () => kept.settled(),
    close: async ({ keepRules = false } = {}) => {
      for (const stop of stops) stop()
      if ((await kept.close()) && !keepRules) await nft.run(removeScript(table))
    },
  }
}
