import type { V1Pod } from '@kapell/openapi/types'

/** Source: "CSIDriver", podInfoOnMount. */
export function podInfo(pod: V1Pod, ephemeral: boolean): Record<string, string> {
  return {
    'csi.storage.k8s.io/pod.name': pod.metadata?.name ?? '',
    'csi.storage.k8s.io/pod.namespace': pod.metadata?.namespace ?? '',
    'csi.storage.k8s.io/pod.uid': pod.metadata?.uid ?? '',
    'csi.storage.k8s.io/serviceAccount.name': pod.spec?.serviceAccountName ?? '',
    'csi.storage.k8s.io/ephemeral': String(ephemeral),
  }
}
