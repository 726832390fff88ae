import type { ApiClient } from '@kapell/controllers/machinery/client'
import { defineController } from '@kapell/controllers/machinery/controller'
import type { Lister } from '@kapell/controllers/machinery/store'
import { configMaps, namespaces } from '@kapell/openapi/meta/refs'
import { ApiError, isReason } from '@kapell/openapi/meta/status'
import type { V1ConfigMap, V1Namespace } from '@kapell/openapi/types'
import { isNamespaceTerminating } from '@kapell/controllers/machinery/namespace-terminating'

interface Dependencies {
  client: ApiClient
  rootCa: string
  measure: (code: string, seconds: number) => void
  namespaces: Lister<V1Namespace>
  configMaps: Lister<V1ConfigMap>
}

const name = 'kube-root-ca.crt'
const buckets = Array.from({ length: 15 }, (_, i) => 0.001 * 2 ** i)
const annotations = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
}

/** Puts the cluster's CA into each namespace, for pods to trust the API server by. */
export const rootCaController = defineController<Dependencies, V1Namespace>({
  name: 'root-ca-cert-publisher',
  queue: 'root_ca_cert_publisher',
  primary: namespaces,
  setup: ({ client, rootCa, lister, informer, queue, metrics }) => {
    const measure = (code: string, seconds: number): void => {
      metrics.counter('root_ca_cert_publisher_sync_total', '[ALPHA] Namespaces looked at, by answer.', { code }).inc()
      const help = '[ALPHA] Time that looking at a namespace took.'
      metrics.histogram('root_ca_cert_publisher_sync_duration_seconds', help, { code }, buckets).observe(seconds)
    }
    const maps = informer(configMaps, { fieldSelector: `metadata.name=${name}` })
    const enqueue = ({ metadata }: V1ConfigMap): void => {
      if (metadata?.name === name) queue.add(metadata.namespace ?? '')
    }
    maps.onChange({ update: (_, next) => enqueue(next), delete: enqueue })
    return { client, rootCa, measure, namespaces: lister(namespaces), configMaps: maps.lister }
  },
  reconcile: async (namespace, { client, rootCa, namespaces: known, configMaps: maps, measure }) => {
    if (known.get(namespace)?.status?.phase !== 'Active') return
    const data = { 'ca.crt': rootCa }
    const resource = client.resource(configMaps, namespace)
    const existing = maps.get(`${namespace}/${name}`)
    const start = performance.now()
    let code = '200'
    try {
      if (existing === undefined) await resource.create({ metadata: { name, namespace, annotations }, data })
      else if (existing.data?.['ca.crt'] !== rootCa || Object.keys(existing.data).length !== 1 || !described(existing))
        await resource.update({
          ...existing,
          metadata: { ...existing.metadata, annotations: { ...existing.metadata?.annotations, ...annotations } },
          data,
        })
    } catch (error) {
      code = error instanceof ApiError ? String(error.code) : '500'
      if (!isReason(error, 'AlreadyExists', 'NotFound') && !isNamespaceTerminating(error)) throw error
    } finally {
      measure(code, (performance.now() - start) / 1000)
    }
  },
})

const described = ({ metadata }: V1ConfigMap): boolean =>
  (metadata?.annotations?.['kubernetes.io/description'] ?? '') !== ''
