import type { KubeObject } from '@kapell/openapi/meta/object'
import type { AuthorizationAttributes, ObjectAccess } from '../registry/services.ts'
import { refusal } from './authorizer.ts'
import { createAuthorizer } from './index.ts'

/** A cache that a test fills: `put` tells every follower. */
function fakeFollow(): {
  follow: ObjectAccess['follow']
  put: (plural: string, object: KubeObject, gone?: boolean) => void
} {
  const followers = new Map<string, ((key: string, object: KubeObject | undefined) => void)[]>()
  return {
    follow: (resource, apply) => {
      const list = followers.get(resource.plural) ?? []
      list.push(apply as (key: string, object: KubeObject | undefined) => void)
      followers.set(resource.plural, list)
    },
    put: (plural, object, gone = false) => {
      const { namespace, name = '' } = object.metadata ?? {}
      const key = namespace === undefined ? name : `${namespace}/${name}`
      for (const apply of followers.get(plural) ?? []) apply(key, gone ? undefined : object)
    },
  }
}

const bob = { username: 'bob', groups: ['system:authenticated'] }
const account = { username: 'system:serviceaccount:a:robot', groups: ['system:serviceaccounts'] }
const node = { username: 'system:node:n1', groups: ['system:nodes'] }

const cache = fakeFollow()
const authorize = createAuthorizer(cache)
const put = (plural: string, name: string, more: object, namespace?: string): void =>
  cache.put(plural, { metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, ...more } as KubeObject)

const roleRef = (kind: string, name: string): object => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name })

beforeAll(() => {
  put('clusterroles', 'reader', {
    rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'] }],
  })
  put('clusterroles', 'scaler', { rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*/scale'] }] })
  put('clusterroles', 'probe', { rules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/livez/*'] }] })
  put(
    'roles',
    'one',
    { rules: [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'], resourceNames: ['one'] }] },
    'a',
  )
  const toBob = [{ kind: 'User', name: 'bob' }]
  put('rolebindings', 'r', { roleRef: roleRef('ClusterRole', 'reader'), subjects: toBob }, 'a')
  put('rolebindings', 'one', { roleRef: roleRef('Role', 'one'), subjects: toBob }, 'a')
  put('rolebindings', 'lost', { roleRef: roleRef('Role', 'lost'), subjects: toBob }, 'c')
  put('clusterrolebindings', 'scaler', {
    roleRef: roleRef('ClusterRole', 'scaler'),
    subjects: [{ kind: 'ServiceAccount', namespace: 'a', name: 'robot' }],
  })
  put('clusterrolebindings', 'probe', {
    roleRef: roleRef('ClusterRole', 'probe'),
    subjects: [{ kind: 'Group', name: 'system:authenticated' }],
  })
  put(
    'pods',
    'p',
    {
      spec: {
        nodeName: 'n1',
        containers: [],
        volumes: [{ name: 's', secret: { secretName: 'mine' } }],
        resourceClaims: [
          { name: 'given', resourceClaimName: 'mine' },
          { name: 'made', resourceClaimTemplateName: 't' },
        ],
      },
      status: { resourceClaimStatuses: [{ name: 'made', resourceClaimName: 'p-made' }] },
    },
    'a',
  )
  put('resourceslices', 'own', { spec: { nodeName: 'n1' } })
  put('resourceslices', 'other', { spec: { nodeName: 'n2' } })
  put('volumeattachments', 'own', { spec: { nodeName: 'n1' } })
})

const pods = { group: '', resource: 'pods' }
const secrets = { group: '', resource: 'secrets', namespace: 'a' }
const claims = { group: 'resource.k8s.io', resource: 'resourceclaims', namespace: 'a' }
const slices = { group: 'resource.k8s.io', resource: 'resourceslices' }
const attachments = { group: 'storage.k8s.io', resource: 'volumeattachments' }
const unrelated = "no relationship found between node 'n1' and this object"
const individual = 'can only get individual resources of this type'
const bySelector = 'can only list/watch/deletecollection resourceslices with nodeName field selector'

describe('createAuthorizer', () => {
  it.each<[rule: string, attributes: AuthorizationAttributes, allowed: boolean, reason?: string | RegExp]>([
    [
      'a role binding grants a cluster role inside its namespace',
      { user: bob, verb: 'get', ...pods, namespace: 'a', name: 'p' },
      true,
      'RBAC: allowed by RoleBinding "r/a" of ClusterRole "reader" to User "bob"',
    ],
    ['and in no other', { user: bob, verb: 'get', ...pods, namespace: 'b', name: 'p' }, false, ''],
    ['nor cluster-wide', { user: bob, verb: 'list', ...pods }, false, ''],
    [
      'a subresource is granted by its own name',
      { user: bob, verb: 'get', ...pods, subresource: 'log', namespace: 'a' },
      true,
    ],
    [
      'and not by that of its resource',
      { user: bob, verb: 'get', ...pods, subresource: 'exec', namespace: 'a' },
      false,
    ],
    ['resourceNames narrow a rule to those names', { user: bob, verb: 'get', ...secrets, name: 'one' }, true],
    ['so that others stay closed', { user: bob, verb: 'get', ...secrets, name: 'two' }, false],
    ['and lists too', { user: bob, verb: 'list', ...secrets }, false],
    [
      'a subresource of all resources, to a service account',
      { user: account, verb: 'update', group: 'apps', resource: 'deployments', subresource: 'scale', namespace: 'x' },
      true,
      'RBAC: allowed by ClusterRoleBinding "scaler" of ClusterRole "scaler" to ServiceAccount "robot/a"',
    ],
    ['a path, by group', { user: bob, verb: 'get', path: '/healthz' }, true],
    ['a path below a star', { user: bob, verb: 'get', path: '/livez/etcd' }, true],
    ['a path that is not named', { user: bob, verb: 'get', path: '/metrics' }, false],
    [
      'system:masters may do everything',
      { user: { username: 'x', groups: ['system:masters'] }, verb: 'nuke', path: '/' },
      true,
    ],
    [
      'a missing role is named in the reason',
      { user: bob, verb: 'get', ...pods, namespace: 'c' },
      false,
      'RBAC: role.rbac.authorization.k8s.io "lost" not found',
    ],
    ['a node reads what its pods refer to', { user: node, verb: 'get', ...secrets, name: 'mine' }, true],
    [
      'and nothing else',
      { user: node, verb: 'get', ...secrets, name: 'other' },
      false,
      "no relationship found between node 'n1' and this object",
    ],
    ['a node cannot list secrets', { user: node, verb: 'list', ...secrets }, false, 'No Object name found'],
    ['a node lists its own pods', { user: node, verb: 'list', ...pods, fieldSelector: 'spec.nodeName=n1' }, true],
    ["and not another's", { user: node, verb: 'list', ...pods, fieldSelector: 'spec.nodeName=n2' }, false],
    [
      'a node renews its own lease',
      {
        user: node,
        verb: 'update',
        group: 'coordination.k8s.io',
        resource: 'leases',
        namespace: 'kube-node-lease',
        name: 'n1',
      },
      true,
    ],
    ['a node gets the claims of its pods', { user: node, verb: 'get', ...claims, name: 'mine' }, true],
    ['and those made for them', { user: node, verb: 'get', ...claims, name: 'p-made' }, true],
    ['but no others', { user: node, verb: 'get', ...claims, name: 'other' }, false, unrelated],
    ['nor all of them', { user: node, verb: 'list', ...claims }, false, individual],
    ['nor parts', { user: node, verb: 'get', ...claims, name: 'mine', subresource: 'status' }, false, 'cannot get subresource'], // prettier-ignore
    ['a node deletes its own slice', { user: node, verb: 'delete', ...slices, name: 'own' }, true],
    ["and not another's", { user: node, verb: 'get', ...slices, name: 'other' }, false, unrelated],
    ['a node makes slices (NodeRestriction looks closer)', { user: node, verb: 'create', ...slices }, true],
    ['a node lists its own slices', { user: node, verb: 'watch', ...slices, fieldSelector: 'spec.nodeName=n1' }, true],
    ['and not all', { user: node, verb: 'deletecollection', ...slices }, false, bySelector],
    ['a node gets its own attachments', { user: node, verb: 'get', ...attachments, name: 'own' }, true],
    ['and no others', { user: node, verb: 'get', ...attachments, name: 'other' }, false, unrelated],
    [
      'a node writes pod status (NodeRestriction looks closer)',
      { user: node, verb: 'patch', ...pods, subresource: 'status', namespace: 'a', name: 'p' },
      true,
    ],
  ])('%s', async (_rule, attributes, ...[allowed, reason]) => {
    const decision = await authorize(attributes)
    expect(decision.allowed).toBe(allowed)
    if (reason !== undefined) expect(decision.reason).toBe(reason)
  })

  it('forgets a binding that is gone', async () => {
    const attributes = { user: { username: 'eve', groups: [] }, verb: 'get', ...pods, namespace: 'a' }
    const binding = {
      metadata: { namespace: 'a', name: 'eve' },
      roleRef: roleRef('ClusterRole', 'reader'),
      subjects: [{ kind: 'User', name: 'eve' }],
    } as KubeObject
    cache.put('rolebindings', binding)
    expect((await authorize(attributes)).allowed).toBe(true)
    cache.put('rolebindings', binding, true)
    expect((await authorize(attributes)).allowed).toBe(false)
  })
})

describe('refusal', () => {
  it.each<[rule: string, attributes: AuthorizationAttributes, message: string]>([
    [
      'names resource, group and namespace',
      { user: bob, verb: 'list', group: 'apps', resource: 'deployments', namespace: 'a' },
      'deployments.apps is forbidden: User "bob" cannot list resource "deployments" in API group "apps" in the namespace "a"',
    ],
    [
      'or says that it was at the cluster scope',
      { user: bob, verb: 'get', group: '', resource: 'nodes', name: 'n' },
      'nodes "n" is forbidden: User "bob" cannot get resource "nodes" in API group "" at the cluster scope',
    ],
    [
      'a subresource follows its resource',
      { user: bob, verb: 'get', group: '', resource: 'pods', subresource: 'log', namespace: 'a', name: 'p' },
      'pods "p" is forbidden: User "bob" cannot get resource "pods/log" in API group "" in the namespace "a"',
    ],
    [
      'a path stands for itself',
      { user: bob, verb: 'get', path: '/api' },
      'forbidden: User "bob" cannot get path "/api"',
    ],
  ])('%s', (_rule, attributes, message) => {
    expect(refusal(attributes, '').message).toBe(message)
  })
})
