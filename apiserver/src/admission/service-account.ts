import { setTimeout as sleep } from 'node:timers/promises'
import type { V1Container, V1Pod, V1ServiceAccount, V1Volume } from '@kapell/openapi/types'
import { forbiddenError } from '@kapell/openapi/meta/status'
import { setServiceAccount } from '../resources/core/pods/defaults.ts'
import type { Services } from '../registry/services.ts'
import type { AdmissionPlugin } from './admission.ts'
import { about, refusedName, named } from './matching.ts'

/** Gives every pod a service account, its token and its pull secrets. Source: "Configure Service Accounts for Pods". */

const accounts = { group: '', plural: 'serviceaccounts' }
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const mirrorAnnotation = 'kubernetes.io/config.mirror'
/** An hour, and a little so that the server can tell these tokens from those asked for by hand. */
const expirationSeconds = 3607
const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
/** The default account of a new namespace is made by a controller: wait for it about a second. */
const attempts = 10
const waitMs = 100

/** Tells volumes apart, and keeps no secret. */
function randomSuffix(): string {
  let text = ''
  for (let i = 0; i < 5; i++) text += alphabet[Math.floor(Math.random() * alphabet.length)] ?? ''
  return text
}

export const serviceAccount: AdmissionPlugin = {
  name: 'ServiceAccount',
  handles: (a) => a.operation === 'CREATE' && about(a, '', 'pods'),
  admit: async (attributes, services) => {
    const pod = attributes.object as V1Pod
    if (pod.spec === undefined || pod.metadata?.annotations?.[mirrorAnnotation] !== undefined) return
    if ((pod.spec.serviceAccountName ?? '') === '') setServiceAccount(pod.spec, 'default')
    const name = pod.spec.serviceAccountName ?? 'default'
    const account = await findAccount(services, attributes.namespace, name)
    if (account === undefined) {
      throw forbiddenError(
        named(attributes),
        refusedName(attributes),
        `error looking up service account ${attributes.namespace}/${name}: serviceaccount "${name}" not found`,
      )
    }
    if (pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(pod)
    if ((pod.spec.imagePullSecrets ?? []).length === 0 && (account.imagePullSecrets ?? []).length > 0) {
      pod.spec.imagePullSecrets = (account.imagePullSecrets ?? []).map((secret) => ({ ...secret }))
    }
  },
  validate: (attributes) => {
    const pod = attributes.object as V1Pod
    if (pod.metadata?.annotations?.[mirrorAnnotation] === undefined) return
    const refuse = (why: string): Error => forbiddenError(named(attributes), refusedName(attributes), why)
    if ((pod.spec?.serviceAccountName ?? '') !== '') throw refuse('a mirror pod may not reference service accounts')
    for (const volume of pod.spec?.volumes ?? []) {
      const tokens = (volume.projected?.sources ?? []).some((source) => source.serviceAccountToken !== undefined)
      if (tokens) throw refuse('a mirror pod may not use ServiceAccountToken volume projections')
      if (volume.secret !== undefined) throw refuse('a mirror pod may not reference secrets')
    }
  },
}

async function findAccount(services: Services, namespace: string, name: string): Promise<V1ServiceAccount | undefined> {
  for (let attempt = 1; ; attempt++) {
    const found =
      services.objects.get<V1ServiceAccount>(accounts, { namespace, name }) ??
      (await services.objects.getLatest<V1ServiceAccount>(accounts, { namespace, name }))
    if (found !== undefined || name !== 'default' || attempt >= attempts) return found
    await sleep(waitMs)
  }
}

function mountToken(pod: V1Pod): void {
  const spec = pod.spec
  if (spec === undefined) return
  const initContainers = spec.initContainers ?? []
  // Null in what has none.
  const containers = spec.containers ?? []
  const volumes = spec.volumes ?? []
  if (initContainers.every(hasToken) && containers.every(hasToken)) return
  // There is one already when everything runs a second time: containers may have come since.
  const existing = volumes.find((one) => one.name?.startsWith('kube-api-access-'))
  let name = existing?.name ?? `kube-api-access-${randomSuffix()}`
  while (existing === undefined && volumes.some((one) => one.name === name)) name = `kube-api-access-${randomSuffix()}`
  for (const container of initContainers) mountInto(container, name)
  for (const container of containers) mountInto(container, name)
  if (existing === undefined) spec.volumes = [...volumes, tokenVolume(name)]
}

const hasToken = (container: V1Container): boolean =>
  container.volumeMounts?.some((mount) => mount.mountPath === mountPath) === true

function mountInto(container: V1Container, name: string): void {
  if (hasToken(container)) return
  container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }]
}

/** The token, the cluster's CA and the pod's namespace, as every client library looks for them. */
function tokenVolume(name: string): V1Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  }
}
