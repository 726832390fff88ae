import type { Row } from '../table.ts'

/** auth, certificate, config, plugin, proxy-free tools of the client. */
export const accessRows: Row[] = [
  {
    what: 'auth whoami',
    run: 'auth whoami',
    says: /^ATTRIBUTE +VALUE\nUsername +\S+\nGroups +\[system:masters system:authenticated\]\n/,
  },
  {
    what: 'auth whoami -o',
    run: 'auth whoami -o jsonpath={.kind}/{.status.userInfo.groups}',
    says: 'SelfSubjectReview/["system:masters","system:authenticated"]',
  },
  { what: 'auth can-i', run: 'auth can-i create pods', says: 'yes\n' },
  { what: 'auth can-i of a subresource', run: 'auth can-i get pods --subresource=log', says: 'yes\n' },
  { what: 'auth can-i of a path', run: 'auth can-i get /healthz --as=someone', says: /^(yes|no)\n$/ },
  {
    what: 'auth can-i --as',
    run: 'auth can-i delete nodes --as=someone',
    code: 1,
    says: 'no\n',
    warns: /^Warning: resource 'nodes' is not namespace scoped\n/,
  },
  {
    what: 'auth can-i of an unknown resource',
    run: 'auth can-i get nothings',
    says: 'yes\n',
    warns: `Warning: the server doesn't have a resource type 'nothings'\n\n`,
  },
  {
    what: 'auth can-i --list',
    run: 'auth can-i --list --as=someone',
    says: [
      /^Resources +Non-Resource URLs +Resource Names +Verbs\n/,
      /selfsubjectreviews\.authentication\.k8s\.io +\[\] +\[\] +\[create\]/,
    ],
  },
  {
    what: 'what one may not',
    run: 'get secrets --as=someone',
    code: 1,
    warns:
      'Error from server (Forbidden): secrets is forbidden: User "someone" cannot list resource "secrets" in API group "" in the namespace "default"\n',
  },
  {
    what: 'what one may not, of a cluster',
    run: 'get nodes --as=someone',
    code: 1,
    warns:
      'Error from server (Forbidden): nodes is forbidden: User "someone" cannot list resource "nodes" in API group "" at the cluster scope\n',
  },
  {
    what: 'what one may not, of one object',
    run: 'delete deployment web --as=someone --as-group=others',
    code: 1,
    warns:
      'Error from server (Forbidden): deployments.apps "web" is forbidden: User "someone" cannot delete resource "deployments" in API group "apps" in the namespace "default"\n',
  },
  {
    what: 'auth reconcile makes',
    run: 'auth reconcile -f -',
    input: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'rec', namespace: 'default' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    },
    says: /role\.rbac\.authorization\.k8s\.io\/rec reconciled\n/,
    then: { 'roles/rec': { rules: [{ verbs: ['get'] }] } },
  },
  {
    what: 'auth reconcile adds',
    run: 'auth reconcile -f -',
    input: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'rec', namespace: 'default' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
    },
    says: 'role.rbac.authorization.k8s.io/rec reconciled\n',
    then: { 'roles/rec': { rules: [{ verbs: ['get'] }, { verbs: ['list'] }] } },
  },
  {
    what: 'auth reconcile --remove-extra-permissions',
    run: 'auth reconcile -f - --remove-extra-permissions',
    input: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'rec', namespace: 'default' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
    },
    then: { 'roles/rec': { rules: [{ verbs: ['list'] }] } },
  },
  {
    what: 'one does not give what one has not',
    run: 'create role more --verb=get --resource=secrets --as=someone',
    code: 1,
    warns: /roles\.rbac\.authorization\.k8s\.io is forbidden: User "someone" cannot create resource "roles"/,
  },
  {
    what: 'config view hides keys',
    run: 'config view',
    says: /certificate-authority-data: DATA\+OMITTED[^]*client-key-data: DATA\+OMITTED/,
  },
  {
    what: 'config set-cluster',
    run: 'config set-cluster far --server=https://far.example',
    says: 'Cluster "far" set.\n',
  },
  { what: 'config set-credentials', run: 'config set-credentials me --token=t', says: 'User "me" set.\n' },
  {
    what: 'config set-context',
    run: 'config set-context far --cluster=far --user=me --namespace=n',
    says: 'Context "far" created.\n',
  },
  { what: 'config get-contexts', run: 'config get-contexts -o name', says: /^far\n/m },
  {
    what: 'config use-context of none',
    run: 'config use-context none',
    code: 1,
    warns: 'error: no context exists with the name: "none"\n',
  },
  { what: 'config delete-context', run: 'config delete-context far', says: /deleted context far from/ },
  { what: 'config rename-context and back', run: 'config current-context', says: /^\S+\n$/ },
  {
    what: 'plugin list',
    run: 'plugin list',
    env: { PATH: '{dir}' },
    files: { 'editor.txt': '' },
    code: 1,
    warns: /unable to find any kubectl plugins in your PATH/,
  },
  { what: 'completion', run: 'completion bash', says: /__start_kubectl/ },
  { what: 'options', run: 'options', says: /--kubeconfig/ },
]
