import type { V1Pod, V1Toleration } from '@kapell/openapi/types'
import type { AdmissionPlugin } from './admission.ts'
import { about } from './matching.ts'

const keys = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']
const tolerationSeconds = 300

const covers = (t: V1Toleration, key: string): boolean =>
  ((t.key ?? '') === '' || t.key === key) && ((t.effect ?? '') === '' || t.effect === 'NoExecute')

/** A pod stays five minutes on a node that is lost, unless it says otherwise. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: 'DefaultTolerationSeconds',
  handles: (a) => (a.operation === 'CREATE' || a.operation === 'UPDATE') && about(a, '', 'pods'),
  admit: ({ object }) => {
    const pod = object as V1Pod
    if (pod.spec === undefined) return
    const given = pod.spec.tolerations ?? []
    const missing = keys.filter((key) => !given.some((t) => covers(t, key)))
    if (missing.length === 0) return
    pod.spec.tolerations = [
      ...given,
      ...missing.map((key) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds })),
    ]
  },
}
