import { createHash } from 'node:crypto'
import { dns1123Label, dns1123Subdomain } from '@kapell/openapi/meta/names'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { decodeOrThrow } from '@kapell/openapi/schema/decode-object'
import type { V1Container, V1Pod } from '@kapell/openapi/types'
import { decodeYaml } from '@kapell/openapi/wire/yaml'
import { hashAnnotation, seenAnnotation, sourceAnnotation } from './annotations.ts'

export interface ParseOptions {
  text: string
  /** Of the file: a part of what makes the pod's uid. */
  path: string
  nodeName: string
  now: Date
}

/**
 * The pod of a file, named and marked as upstream does. Its uid is a digest of the file and the node, so that another
 * agent finds what this one started, and an edit makes another pod. Throws with what is wrong with the file.
 */
export async function parseStaticPod({ text, path, nodeName, now }: ParseOptions): Promise<V1Pod> {
  const { value } = await decodeYaml(text)
  const { apiVersion, kind } = (value ?? {}) as { apiVersion?: unknown; kind?: unknown }
  if (apiVersion !== 'v1' || kind !== 'Pod')
    throw new Error(`expected a Pod of v1, found kind ${quote(kind)} of ${quote(apiVersion)}`)
  const { object } = decodeOrThrow<V1Pod>({ group: '', version: 'v1', kind: 'Pod' }, value, { unknownFields: 'warn' })
  const name = `${object.metadata?.name ?? ''}-${nodeName}`
  const namespace = object.metadata?.namespace ?? 'default'
  const hash = createHash('sha256')
    .update(JSON.stringify([nodeName, path, object]))
    .digest('hex')
    .slice(0, 32)
  const pod: V1Pod = {
    ...object,
    metadata: {
      ...object.metadata,
      name,
      namespace,
      uid: hash,
      annotations: {
        ...object.metadata?.annotations,
        [sourceAnnotation]: 'file',
        [hashAnnotation]: hash,
        [seenAnnotation]: rfc3339(now),
      },
    },
    spec: withDefaults(object, nodeName),
    status: { phase: 'Pending' },
  }
  const problem = problemsOf(pod)[0]
  if (problem !== undefined) throw new Error(problem)
  return pod
}

const quote = (value: unknown): string => JSON.stringify(value ?? '')

/** What the API server would have filled in, as far as the agent goes by it. */
function withDefaults({ spec }: V1Pod, nodeName: string): NonNullable<V1Pod['spec']> {
  const container = (one: V1Container): V1Container => {
    const { limits, requests } = one.resources ?? {}
    return {
      ...one,
      ...(limits === undefined ? {} : { resources: { ...one.resources, requests: { ...limits, ...requests } } }),
      ...(one.ports === undefined
        ? {}
        : {
            ports: one.ports.map((port) => ({
              protocol: 'TCP',
              ...(spec?.hostNetwork === true ? { hostPort: port.containerPort } : {}),
              ...port,
            })),
          }),
    }
  }
  return {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    enableServiceLinks: true,
    ...spec,
    containers: (spec?.containers ?? []).map(container),
    ...(spec?.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(container) }),
    nodeName,
    // Nothing but the end of its file takes a static pod off its node.
    tolerations: [...(spec?.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }],
  }
}

/** Nobody validated this pod: names become paths and arguments here. */
function problemsOf(pod: V1Pod): string[] {
  const { name = '', namespace = '' } = pod.metadata ?? {}
  const { containers = [], initContainers = [], volumes = [] } = pod.spec ?? {}
  const all = [...initContainers, ...containers]
  const labels = [...all.map((one) => one.name), ...volumes.map((one) => one.name)]
  const repeated = all.find((one, index) => all.findIndex((other) => other.name === one.name) !== index)
  return [
    ...dns1123Subdomain(name).map((why) => `metadata.name: Invalid value: ${quote(name)}: ${why}`),
    ...dns1123Label(namespace).map((why) => `metadata.namespace: Invalid value: ${quote(namespace)}: ${why}`),
    ...labels.flatMap((label) => dns1123Label(label).map((why) => `spec: Invalid name: ${quote(label)}: ${why}`)),
    ...(containers.length === 0 ? ['spec.containers: Required value'] : []),
    ...(repeated === undefined ? [] : [`spec.containers: Duplicate value: ${quote(repeated.name)}`]),
    ...all
      .filter(({ image }) => image === undefined || image === '')
      .map((one) => `image of container ${one.name}: Required value`),
    ...references(pod).map((what) => `static pods may not reference ${what}`),
  ]
}

/** What only the API could give: a static pod must run without it. */
function references({ spec }: V1Pod): string[] {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
  const env = containers.flatMap((one) => one.env ?? [])
  const from = containers.flatMap((one) => one.envFrom ?? [])
  const volumes = spec?.volumes ?? []
  const projected = volumes.flatMap(({ projected: one }) => one?.sources ?? [])
  const rows: [what: string, there: boolean][] = [
    ['serviceaccounts', (spec?.serviceAccountName ?? spec?.serviceAccount ?? '') !== ''],
    ['ephemeralcontainers', (spec?.ephemeralContainers ?? []).length > 0],
    ['resourceclaims', (spec?.resourceClaims ?? []).length > 0],
    [
      'secrets',
      (spec?.imagePullSecrets ?? []).length > 0 ||
        env.some(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined) ||
        from.some(({ secretRef }) => secretRef !== undefined) ||
        [...volumes, ...projected].some(({ secret }) => secret !== undefined),
    ],
    [
      'configmaps',
      env.some(({ valueFrom }) => valueFrom?.configMapKeyRef !== undefined) ||
        from.some(({ configMapRef }) => configMapRef !== undefined) ||
        [...volumes, ...projected].some(({ configMap }) => configMap !== undefined),
    ],
    ['serviceaccounts/token', projected.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)],
    ['clustertrustbundles', projected.some(({ clusterTrustBundle }) => clusterTrustBundle !== undefined)],
    [
      'persistentvolumeclaims',
      volumes.some((one) => one.persistentVolumeClaim !== undefined || one.ephemeral !== undefined),
    ],
    ['csidrivers', volumes.some(({ csi }) => csi !== undefined)],
  ]
  return rows.filter(([, there]) => there).map(([what]) => what)
}
