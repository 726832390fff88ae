import type { V1NodeCondition } from '@kapell/openapi/types'
import { rfc3339 } from '@kapell/openapi/meta/time'

/** What the conditions are made of. */
export interface NodeHealth {
  memoryPressure: boolean
  diskPressure: boolean
  pidPressure: boolean
  /** Empty when the node can run pods; else what is wrong. */
  notReady: string
}

interface Text {
  type: string
  good: { status: string; reason: string; message: string }
  bad: { status: string; reason: string; message: string }
}

/** Reasons and messages are upstream's: tools look for them. */
const texts: readonly Text[] = [
  {
    type: 'MemoryPressure',
    good: { status: 'False', reason: 'KubeletHasSufficientMemory', message: 'kubelet has sufficient memory available' },
    bad: {
      status: 'True',
      reason: 'KubeletHasInsufficientMemory',
      message: 'kubelet has insufficient memory available',
    },
  },
  {
    type: 'DiskPressure',
    good: { status: 'False', reason: 'KubeletHasNoDiskPressure', message: 'kubelet has no disk pressure' },
    bad: { status: 'True', reason: 'KubeletHasDiskPressure', message: 'kubelet has disk pressure' },
  },
  {
    type: 'PIDPressure',
    good: { status: 'False', reason: 'KubeletHasSufficientPID', message: 'kubelet has sufficient PID available' },
    bad: { status: 'True', reason: 'KubeletHasInsufficientPID', message: 'kubelet has insufficient PID available' },
  },
  {
    type: 'Ready',
    good: { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
    bad: { status: 'False', reason: 'KubeletNotReady', message: '' },
  },
]

/** The node's conditions; a change of status moves its transition time. */
export function nodeConditions(health: NodeHealth, before: readonly V1NodeCondition[], now: Date): V1NodeCondition[] {
  const bad: Record<string, boolean> = {
    MemoryPressure: health.memoryPressure,
    DiskPressure: health.diskPressure,
    PIDPressure: health.pidPressure,
    Ready: health.notReady !== '',
  }
  return texts.map(({ type, ...text }) => {
    const chosen = bad[type] === true ? text.bad : text.good
    const message = type === 'Ready' && bad[type] === true ? health.notReady : chosen.message
    const old = before.find((condition) => condition.type === type)
    const stamp = rfc3339(now)
    return {
      ...chosen,
      type,
      message,
      lastHeartbeatTime: stamp,
      lastTransitionTime: old?.status === chosen.status ? (old.lastTransitionTime ?? stamp) : stamp,
    }
  })
}
