import type { V1ConfigMap } from '@kapell/openapi/types'
import { isReason } from '@kapell/openapi/meta/status'
import { frontProxyName } from '../certificates/pki.ts'
import type { ObjectAccess } from '../registry/services.ts'

/** What aggregated API servers need to know of this one's authentication. PEM bundles. */
export interface AuthenticationConfig {
  clientCa: string
  /** Set when requests of a front proxy are believed. */
  requestHeaderClientCa?: string
}

const at = { namespace: 'kube-system', name: 'extension-apiserver-authentication' }
const configMaps = { group: '', plural: 'configmaps' }

function dataOf(config: AuthenticationConfig): Record<string, string> {
  return {
    'client-ca-file': config.clientCa,
    ...(config.requestHeaderClientCa === undefined
      ? {}
      : {
          'requestheader-allowed-names': JSON.stringify([frontProxyName]),
          'requestheader-client-ca-file': config.requestHeaderClientCa,
          'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
          'requestheader-group-headers': '["X-Remote-Group"]',
          'requestheader-username-headers': '["X-Remote-User"]',
        }),
  }
}

export async function publishAuthenticationConfig(objects: ObjectAccess, config: AuthenticationConfig): Promise<void> {
  const data = dataOf(config)
  const stored = objects.get<V1ConfigMap>(configMaps, at)
  if (stored === undefined) {
    try {
      await objects.create<V1ConfigMap>(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...at }, data })
      return
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error
    }
  }
  if (Object.entries(data).every(([key, value]) => stored?.data?.[key] === value)) return
  await objects.update<V1ConfigMap>(configMaps, at, (map) => {
    map.data = { ...map.data, ...data }
  })
}

/** Since when legacy tokens are tracked: the day of the first start. */
export function legacyTokenTracking(now: Date): V1ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' },
    data: { since: now.toISOString().slice(0, 10) },
  }
}
