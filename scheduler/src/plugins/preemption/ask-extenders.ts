import type { PodInfo } from '../../framework/pod-info.ts'
import type { Snapshot } from '../../framework/snapshot.ts'
import { measured, type Victims } from './victims.ts'

/** Where room could be made, and whose pods would have to go, by uid. */
export interface ExtenderVictims {
  uids: readonly string[]
  violations: number
}

/** A process that has a say in who is removed. */
export interface PreemptingExtender {
  readonly name: string
  readonly ignorable: boolean
  /** Leaves out nodes, and may choose other pods of those it leaves in. */
  preempt: (
    pod: PodInfo,
    candidates: ReadonlyMap<string, Pick<Victims, 'pods' | 'violations'>>,
  ) => Promise<ReadonlyMap<string, ExtenderVictims>>
}

/**
 * What extenders leave of the candidates, each seeing what the one before left.
 * @throws when one that may not be ignored fails, or names pods that are not there.
 */
export async function askExtenders(parts: {
  pod: PodInfo
  snapshot: Snapshot
  candidates: ReadonlyMap<string, Victims>
  extenders: readonly PreemptingExtender[]
}): Promise<ReadonlyMap<string, Victims>> {
  const { pod, snapshot, extenders } = parts
  let left = parts.candidates
  for (const extender of extenders) {
    if (left.size === 0) break
    try {
      const said = await extender.preempt(pod, left)
      left = new Map([...said].map(([name, victims]) => [name, found(extender, snapshot, name, victims)]))
    } catch (error) {
      if (!extender.ignorable) throw error
    }
  }
  return left
}

function found(extender: PreemptingExtender, snapshot: Snapshot, node: string, victims: ExtenderVictims): Victims {
  const pods = victims.uids.map((uid) => {
    const there = snapshot.get(node)?.pods.get(uid)
    if (there === undefined)
      throw new Error(
        `extender: ${extender.name} claims to preempt pod (UID: ${uid}) on node: ${node}, but the pod is not found on that node`,
      )
    return there
  })
  return measured(pods, victims.violations)
}
