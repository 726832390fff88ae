import type {
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1ResourceSlice,
  V1ServiceAccount,
  V1VolumeAttachment,
} from '@kapell/openapi/types'
import type { UserInfo } from '../authentication/user.ts'
import type { AuthorizationAttributes, AuthorizationDecision, ObjectAccess } from '../registry/services.ts'
import { allow, noOpinion, type Authorizer } from './authorizer.ts'
import { IngressSecrets } from './ingress-secrets.ts'
import { nodeRules } from './node-rules.ts'
import { podReferences } from './pod-references.ts'
import { compileRule } from './rules.ts'

/**
 * What a node agent may do: its own Node and Lease, the pods bound to it and what those pods refer to.
 * Source: "Using Node Authorization".
 */

const nodeUserPrefix = 'system:node:'

/** The node a user speaks for; undefined for everybody else. */
export function nodeNameOf(user: UserInfo): string | undefined {
  if (!user.username.startsWith(nodeUserPrefix) || !user.groups.includes('system:nodes')) return undefined
  return user.username.slice(nodeUserPrefix.length)
}

const readVerbs = ['get', 'list', 'watch']

export function createNodeAuthorizer(objects: Pick<ObjectAccess, 'follow'>): Authorizer {
  const graph = new NodeGraph(objects)
  const rules = nodeRules.map(compileRule)

  return (attributes) => {
    const node = nodeNameOf(attributes.user)
    if (node === undefined) return noOpinion()
    if (node === '') return noOpinion('unknown node for user')
    const own = attributes.resource === undefined ? undefined : decideResource(attributes, node, graph)
    if (own !== undefined) return own
    return rules.some((rule) => rule.matches(attributes)) ? allow() : noOpinion()
  }
}

/** undefined: the general rules for nodes decide. */
function decideResource(a: AuthorizationAttributes, node: string, graph: NodeGraph): AuthorizationDecision | undefined {
  const { group = '', resource = '', subresource = '' } = a
  switch (`${group}/${resource}`) {
    case '/secrets':
    case '/configmaps':
    case '/persistentvolumes':
      return readReferenced(a, node, graph)
    case '/persistentvolumeclaims':
      if (subresource === 'status') return decideClaimStatus(a, node, graph)
      return readReferenced(a, node, graph)
    case '/serviceaccounts':
      if (subresource === 'token') return createToken(a, node, graph)
      return a.verb === 'get' ? readReferenced(a, node, graph) : undefined
    case '/pods':
      return subresource === '' && readVerbs.includes(a.verb) ? readPods(a, node, graph) : undefined
    case '/nodes':
      return subresource === '' && readVerbs.includes(a.verb) ? readNodes(a, node) : undefined
    case 'resource.k8s.io/resourceclaims':
      return getRelated(a, node, (name) => graph.refers(node, 'resourceclaims', a.namespace ?? '', name))
    case 'resource.k8s.io/resourceslices':
      return decideSlice(a, node, graph)
    case 'storage.k8s.io/volumeattachments':
      return getRelated(a, node, (name) => graph.isOf(node, 'volumeattachments', name))
    case 'coordination.k8s.io/leases':
      return decideLease(a, node)
    case 'storage.k8s.io/csinodes':
      return decideOwn(a, node, ['get', 'create', 'update', 'patch', 'delete'])
    default:
      return undefined
  }
}

function readReferenced(a: AuthorizationAttributes, node: string, graph: NodeGraph): AuthorizationDecision {
  if (!readVerbs.includes(a.verb) || (a.subresource ?? '') !== '')
    return noOpinion('can only read resources of this type')
  const name = a.name ?? nameInSelector(a.fieldSelector)
  if (name === undefined || name === '') return noOpinion('No Object name found')
  return graph.refers(node, a.resource ?? '', a.namespace ?? '', name)
    ? allow()
    : noOpinion(`no relationship found between node '${node}' and this object`)
}

function getRelated(
  a: AuthorizationAttributes,
  node: string,
  isRelated: (name: string) => boolean,
): AuthorizationDecision {
  if (a.verb !== 'get') return noOpinion('can only get individual resources of this type')
  if ((a.subresource ?? '') !== '') return noOpinion('cannot get subresource')
  if (isRelated(a.name ?? '')) return allow()
  return noOpinion(`no relationship found between node '${node}' and this object`)
}

/** A node's own slices; which node a new one is of is a matter of admission. */
function decideSlice(a: AuthorizationAttributes, node: string, graph: NodeGraph): AuthorizationDecision {
  if ((a.subresource ?? '') !== '') return noOpinion('cannot access subresource')
  switch (a.verb) {
    case 'create':
      return allow()
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      if (graph.isOf(node, 'resourceslices', a.name ?? '')) return allow()
      return noOpinion(`no relationship found between node '${node}' and this object`)
    case 'list':
    case 'watch':
    case 'deletecollection':
      if (selects(a.fieldSelector, 'spec.nodeName', node)) return allow()
      return noOpinion('can only list/watch/deletecollection resourceslices with nodeName field selector')
    default:
      return noOpinion(
        'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
      )
  }
}

function decideClaimStatus(a: AuthorizationAttributes, node: string, graph: NodeGraph): AuthorizationDecision {
  if (a.verb !== 'update' && a.verb !== 'patch') return noOpinion('can only get/update/patch this type')
  return graph.refers(node, 'persistentvolumeclaims', a.namespace ?? '', a.name ?? '')
    ? allow()
    : noOpinion(`no relationship found between node '${node}' and this object`)
}

function createToken(a: AuthorizationAttributes, node: string, graph: NodeGraph): AuthorizationDecision {
  if (a.verb !== 'create') return noOpinion('can only create tokens for individual service accounts')
  return graph.refers(node, 'serviceaccounts', a.namespace ?? '', a.name ?? '')
    ? allow()
    : noOpinion(`no relationship found between node '${node}' and this object`)
}

function readPods(a: AuthorizationAttributes, node: string, graph: NodeGraph): AuthorizationDecision {
  if (a.verb === 'get' || (a.name ?? '') !== '') {
    return graph.hasPod(node, `${a.namespace ?? ''}/${a.name ?? ''}`)
      ? allow()
      : noOpinion(`no relationship found between node '${node}' and this object`)
  }
  return selects(a.fieldSelector, 'spec.nodeName', node)
    ? allow()
    : noOpinion('can only list/watch pods with spec.nodeName field selector')
}

/** A node sees itself; a Service proxy among the agents sees the others' addresses through its own role. */
function readNodes(a: AuthorizationAttributes, node: string): AuthorizationDecision | undefined {
  if ((a.name ?? nameInSelector(a.fieldSelector)) === node) return allow()
  return noOpinion(`node '${node}' cannot read '${a.name ?? ''}', only its own Node object`)
}

function decideLease(a: AuthorizationAttributes, node: string): AuthorizationDecision {
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(a.verb)) {
    return noOpinion('can only get, create, update, patch, or delete a node lease')
  }
  if (a.namespace !== 'kube-node-lease')
    return noOpinion('can only access leases in the "kube-node-lease" system namespace')
  if (a.verb !== 'create' && a.name !== node)
    return noOpinion('can only access node lease with the same name as the requesting node')
  return allow()
}

function decideOwn(a: AuthorizationAttributes, node: string, verbs: readonly string[]): AuthorizationDecision {
  if (!verbs.includes(a.verb)) return noOpinion(`can only ${verbs.join(', ')} this type`)
  if (a.verb !== 'create' && a.name !== node)
    return noOpinion('can only access an object with the same name as the requesting node')
  return allow()
}

/** Whether a comma-separated selector requires the field to have the value. */
function selects(selector: string | undefined, field: string, value: string): boolean {
  return (selector ?? '').split(',').some((part) => part === `${field}=${value}` || part === `${field}==${value}`)
}

function nameInSelector(selector: string | undefined): string | undefined {
  for (const part of (selector ?? '').split(',')) {
    const found = /^metadata\.name==?(.+)$/.exec(part)
    if (found !== null) return found[1]
  }
  return undefined
}

/** What each node's pods refer to, counted, and kept current with the caches. */
class NodeGraph {
  readonly #pods = new Map<string, { node: string; references: readonly string[] }>()
  readonly #counts = new Map<string, Map<string, number>>()
  readonly #claims = new Map<string, string>()
  readonly #accounts = new Map<string, readonly string[]>()
  readonly #volumeSecrets = new Map<string, readonly string[]>()
  /** Cluster-wide objects that are of one node: "<resource> <name>" to the node's name. */
  readonly #owners = new Map<string, string>()
  readonly #ingressSecrets: IngressSecrets

  constructor(objects: Pick<ObjectAccess, 'follow'>) {
    // Those without a node count for nothing here.
    const mark = '"nodeName":"'
    objects.follow<V1Pod>({ group: '', plural: 'pods' }, (key, pod) => this.#setPod(key, pod), { mark })
    objects.follow<V1PersistentVolumeClaim>({ group: '', plural: 'persistentvolumeclaims' }, (key, claim) => {
      const volume = claim?.spec?.volumeName ?? ''
      if (volume === '') this.#claims.delete(key)
      else this.#claims.set(key, volume)
    })
    objects.follow<V1ServiceAccount>({ group: '', plural: 'serviceaccounts' }, (key, account) => {
      if (account === undefined) this.#accounts.delete(key)
      else
        this.#accounts.set(
          key,
          (account.secrets ?? []).flatMap((s) => s.name ?? []),
        )
    })
    objects.follow<V1PersistentVolume>({ group: '', plural: 'persistentvolumes' }, (key, volume) => {
      const secrets = volume === undefined ? [] : volumeSecrets(volume)
      if (secrets.length === 0) this.#volumeSecrets.delete(key)
      else this.#volumeSecrets.set(key, secrets)
    })
    for (const [group, plural] of [
      ['resource.k8s.io', 'resourceslices'],
      ['storage.k8s.io', 'volumeattachments'],
    ] as const)
      objects.follow<V1ResourceSlice | V1VolumeAttachment>({ group, plural }, (name, object) => {
        const node = object?.spec?.nodeName ?? ''
        if (node === '') this.#owners.delete(`${plural} ${name}`)
        else this.#owners.set(`${plural} ${name}`, node)
      })
    this.#ingressSecrets = new IngressSecrets(objects)
  }

  hasPod(node: string, key: string): boolean {
    return this.#pods.get(key)?.node === node
  }

  isOf(node: string, resource: string, name: string): boolean {
    return this.#owners.get(`${resource} ${name}`) === node
  }

  refers(node: string, resource: string, namespace: string, name: string): boolean {
    if (resource === 'secrets' && this.#ingressSecrets.has(`${namespace}/${name}`)) return true
    const counts = this.#counts.get(node)
    if (counts === undefined) return false
    if (counts.has(`${resource} ${namespace}/${name}`)) return true
    if (resource === 'persistentvolumes') return this.#boundVolumes(counts).has(name)
    if (resource !== 'secrets') return false
    for (const volume of this.#boundVolumes(counts)) {
      if (this.#volumeSecrets.get(volume)?.includes(`${namespace}/${name}`) === true) return true
    }
    return false
  }

  #boundVolumes(counts: ReadonlyMap<string, number>): Set<string> {
    const volumes = new Set<string>()
    for (const reference of counts.keys()) {
      const [resource, key = ''] = reference.split(' ')
      const volume = resource === 'persistentvolumeclaims' ? this.#claims.get(key) : undefined
      if (volume !== undefined) volumes.add(volume)
    }
    return volumes
  }

  #setPod(key: string, pod: V1Pod | undefined): void {
    const before = this.#pods.get(key)
    if (before !== undefined) this.#count(before.node, before.references, -1)
    this.#pods.delete(key)
    const node = pod?.spec?.nodeName ?? ''
    if (pod === undefined || node === '') return
    const references = podReferences(pod)
    this.#pods.set(key, { node, references })
    this.#count(node, references, 1)
  }

  #count(node: string, references: readonly string[], by: number): void {
    let counts = this.#counts.get(node)
    if (counts === undefined) this.#counts.set(node, (counts = new Map()))
    for (const reference of references) {
      const count = (counts.get(reference) ?? 0) + by
      if (count <= 0) counts.delete(reference)
      else counts.set(reference, count)
    }
    if (counts.size === 0) this.#counts.delete(node)
  }
}

/** "namespace/name" of the secrets that mounting this volume needs. */
function volumeSecrets(volume: V1PersistentVolume): string[] {
  const { csi, cephfs, rbd, flexVolume, azureFile, iscsi, scaleIO } = volume.spec ?? {}
  const claimNamespace = volume.spec?.claimRef?.namespace ?? ''
  const refs: ({ name?: string; namespace?: string } | undefined)[] = [
    csi?.controllerExpandSecretRef,
    csi?.controllerPublishSecretRef,
    csi?.nodeExpandSecretRef,
    csi?.nodePublishSecretRef,
    csi?.nodeStageSecretRef,
    cephfs?.secretRef,
    rbd?.secretRef,
    flexVolume?.secretRef,
    iscsi?.secretRef,
    scaleIO?.secretRef,
    azureFile === undefined
      ? undefined
      : { name: azureFile.secretName, namespace: azureFile.secretNamespace ?? claimNamespace },
  ]
  return refs.flatMap((ref) => (ref?.name === undefined ? [] : [`${ref.namespace ?? claimNamespace}/${ref.name}`]))
}
