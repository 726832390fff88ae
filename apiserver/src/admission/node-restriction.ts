import type { AuthenticationV1TokenRequest, V1Node, V1Pod, V1ResourceSlice } from '@kapell/openapi/types'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { forbiddenError, notFound, type ApiError } from '@kapell/openapi/meta/status'
import { nodeNameOf } from '../authorization/node.ts'
import { podReferences } from '../authorization/pod-references.ts'
import type { Services } from '../registry/services.ts'
import { sameJson } from '../resources/common/validation.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { nameOf, named, refusedName } from './matching.ts'

/** Keeps a node agent to its own Node, its own pods and harmless labels. Source: "Admission Control", NodeRestriction. */

const pods = { group: '', plural: 'pods' }
const mirrorAnnotation = 'kubernetes.io/config.mirror'

export const nodeRestriction: AdmissionPlugin = {
  name: 'NodeRestriction',
  handles: (a) => a.operation !== 'CONNECT' && nodeNameOf(a.user) !== undefined,
  admit: async (attributes, services) => {
    const node = nodeNameOf(attributes.user) ?? ''
    if (node === '')
      throw refuse(attributes, `could not determine node from user ${JSON.stringify(attributes.user.username)}`)
    switch (`${attributes.resource.group}/${attributes.resource.plural}`) {
      case '/pods':
        return admitPod(attributes, node, services)
      case '/nodes':
        return admitNode(attributes, node)
      case '/serviceaccounts':
        return attributes.subresource === 'token' ? admitToken(attributes, node, services) : undefined
      case 'coordination.k8s.io/leases':
        if (attributes.namespace === 'kube-node-lease' && nameOf(attributes) !== node) {
          throw refuse(attributes, 'can only access node lease with the same name as the requesting node')
        }
        return
      case 'storage.k8s.io/csinodes':
        if (nameOf(attributes) !== node) {
          throw refuse(attributes, 'can only access CSINode with the same name as the requesting node')
        }
        return
      case 'resource.k8s.io/resourceslices': {
        const { spec } = (attributes.object ?? {}) as Partial<V1ResourceSlice>
        if (attributes.operation === 'CREATE' && spec?.nodeName !== node) {
          throw refuse(attributes, 'can only create ResourceSlice with the same NodeName as the requesting node')
        }
        return
      }
      default:
        return
    }
  },
}

const refuse = (attributes: AdmissionAttributes, why: string): ApiError =>
  forbiddenError(named(attributes), refusedName(attributes), why)

const q = (text: string): string => JSON.stringify(text)

async function admitPod(a: AdmissionAttributes, node: string, services: Services): Promise<void> {
  const at = { namespace: a.namespace, name: a.name }
  const stored = (): Promise<V1Pod | undefined> => services.objects.getLatest<V1Pod>(pods, at)
  switch (`${a.operation}/${a.subresource}`) {
    case 'CREATE/':
      return admitMirror(a, node)
    case 'DELETE/': {
      const pod = (a.oldObject as V1Pod | undefined) ?? (await stored())
      if (pod !== undefined && pod.spec?.nodeName !== node) {
        throw refuse(a, `node ${q(node)} can only delete pods with spec.nodeName set to itself`)
      }
      return
    }
    case 'UPDATE/status': {
      const old = a.oldObject as V1Pod
      if (old.spec?.nodeName !== node) {
        throw refuse(a, `node ${q(node)} can only update pod status for pods with spec.nodeName set to itself`)
      }
      if (!sameJson(old.metadata?.labels ?? {}, a.object?.metadata?.labels ?? {})) {
        throw refuse(a, `node ${q(node)} cannot update labels through pod status`)
      }
      return
    }
    case 'CREATE/eviction': {
      const pod = await stored()
      if (pod === undefined) throw notFound(pods, a.name)
      if (pod.spec?.nodeName !== node) {
        throw refuse(a, `node ${q(node)} can only evict pods with spec.nodeName set to itself`)
      }
      return
    }
    default:
      throw refuse(
        a,
        `unexpected pod operation ${q(a.operation)}, node ${q(node)} can only create and delete mirror pods`,
      )
  }
}

/** A mirror pod stands for one that the agent runs from a file: it refers to nothing that only the API could give. */
function admitMirror(a: AdmissionAttributes, node: string): void {
  const pod = a.object as V1Pod
  if (pod.metadata?.annotations?.[mirrorAnnotation] === undefined) {
    throw refuse(a, `pod does not have ${q(mirrorAnnotation)} annotation, node ${q(node)} can only create mirror pods`)
  }
  if (pod.spec?.nodeName !== node) {
    throw refuse(a, `node ${q(node)} can only create pods with spec.nodeName set to itself`)
  }
  const owners = pod.metadata.ownerReferences ?? []
  if (owners.length > 1)
    throw refuse(a, `node ${q(node)} can only create pods with a single owner reference set to itself`)
  const [owner] = owners
  if (owner !== undefined && (owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)) {
    throw refuse(a, `node ${q(node)} can only create pods with an owner reference set to itself`)
  }
  for (const reference of podReferences(pod)) {
    const [resource = ''] = reference.split(' ')
    throw refuse(a, `node ${q(node)} can not create pods that reference ${resource}`)
  }
}

function admitNode(a: AdmissionAttributes, node: string): void {
  const name = nameOf(a)
  if (name !== node) throw refuse(a, `node ${q(node)} is not allowed to modify node ${q(name)}`)
  const next = a.object as V1Node | undefined
  if (a.operation === 'CREATE') {
    const wrong = Object.keys(next?.metadata?.labels ?? {}).filter((key) => !mayLabel(key))
    if (wrong.length > 0) {
      throw refuse(a, `node ${q(node)} is not allowed to set the following labels: ${wrong.sort().join(', ')}`)
    }
  }
  if (a.operation !== 'UPDATE') return
  const old = a.oldObject as V1Node
  if (!sameJson(next?.spec?.taints ?? [], old.spec?.taints ?? [])) {
    throw refuse(a, `node ${q(node)} is not allowed to modify taints`)
  }
  const before: Record<string, string> = old.metadata?.labels ?? {}
  const after: Record<string, string> = next?.metadata?.labels ?? {}
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (key) => before[key] !== after[key],
  )
  const wrong = changed.filter((key) => !mayLabel(key))
  if (wrong.length > 0) throw refuse(a, `is not allowed to modify labels: ${wrong.sort().join(', ')}`)
}

const ownLabels = new Set([
  'kubernetes.io/hostname',
  'topology.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region',
  'node.kubernetes.io/instance-type',
  'beta.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/arch',
])

/** Labels that schedulers trust are not a node's to choose. */
function mayLabel(key: string): boolean {
  const slash = key.indexOf('/')
  const domain = slash < 0 ? '' : key.slice(0, slash)
  const within = (of: string): boolean => domain === of || domain.endsWith(`.${of}`)
  if (within('node-restriction.kubernetes.io')) return false
  if (!within('kubernetes.io') && !within('k8s.io')) return true
  return ownLabels.has(key) || within('kubelet.kubernetes.io') || within('node.kubernetes.io')
}

async function admitToken(a: AdmissionAttributes, node: string, services: Services): Promise<void> {
  if (a.operation !== 'CREATE') throw refuse(a, `unexpected operation ${q(a.operation)}`)
  const ref = (a.object as (KubeObject & AuthenticationV1TokenRequest) | undefined)?.spec?.boundObjectRef
  if (ref === undefined || ref.apiVersion !== 'v1' || ref.kind !== 'Pod' || (ref.name ?? '') === '') {
    throw refuse(a, 'node requested token not bound to a pod')
  }
  if ((ref.uid ?? '') === '') throw refuse(a, 'node requested token with a pod binding without a uid')
  const at = { namespace: a.namespace, name: ref.name ?? '' }
  const pod = await services.objects.getLatest<V1Pod>(pods, at)
  if (pod === undefined) throw notFound(pods, at.name)
  if (pod.metadata?.uid !== ref.uid) {
    throw refuse(
      a,
      `the UID in the bound object reference (${ref.uid ?? ''}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  }
  if (pod.spec?.nodeName !== node) throw refuse(a, 'node requested token bound to a pod scheduled on a different node')
}
