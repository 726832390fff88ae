import { documents, type Row } from '../table.ts'
import { configMap, deployment } from './objects.ts'

const set = (...names: string[]): string => documents(...names.map((name) => configMap(name, { a: '1' }, { set: 's' })))

/** apply and diff, on the client's and on the server's side. */
export const applyRows: Row[] = [
  {
    what: 'apply creates, by a manifest of several',
    run: 'apply -f -',
    input: documents(configMap('one', { a: '1', b: '1' }), deployment('web')),
    says: 'configmap/one created\ndeployment.apps/web created\n',
    then: { 'configmaps/one': { data: { a: '1', b: '1' } }, 'deployments/web': { spec: { replicas: 1 } } },
  },
  {
    what: 'apply again changes nothing',
    run: 'apply -f -',
    input: documents(configMap('one', { a: '1', b: '1' }), deployment('web')),
    says: 'configmap/one unchanged\ndeployment.apps/web unchanged\n',
  },
  {
    what: 'apply takes away what it no longer says, and leaves what others set',
    run: 'apply -f -',
    input: configMap('one', { a: '2' }),
    says: 'configmap/one configured\n',
    then: { 'configmaps/one': { data: { a: '2' } } },
  },
  { what: 'apply view-last-applied', run: 'apply view-last-applied configmap/one', says: /^data:\n {2}a: "2"\n/m },
  {
    what: 'apply set-last-applied',
    run: 'apply set-last-applied -f -',
    input: configMap('one', { a: '3' }),
    says: 'configmap/one configured\n',
    then: { 'configmaps/one': { data: { a: '2' } } },
  },
  {
    what: 'apply edit-last-applied',
    run: 'apply edit-last-applied configmap/one',
    files: { 'editor-last': '#!/bin/sh\nsed -i \'s/a: "3"/a: "4"/\' "$1"\n' },
    env: { KUBE_EDITOR: '{dir}/editor-last' },
    says: 'configmap/one edited\n',
  },
  {
    what: 'apply --dry-run=client',
    run: 'apply --dry-run=client -f -',
    input: configMap('dry', { a: '1' }),
    says: 'configmap/dry created (dry run)\n',
    then: { 'configmaps/dry': undefined },
  },
  {
    what: 'apply --dry-run=server',
    run: 'apply --dry-run=server -o yaml -f -',
    input: configMap('dry', { a: '1' }),
    says: /kind: ConfigMap[^]*uid: /,
    then: { 'configmaps/dry': undefined },
  },
  {
    what: 'apply warns of an object that was not applied before',
    run: 'create configmap plain --from-literal=a=1',
    then: { 'configmaps/plain': { data: { a: '1' } } },
  },
  {
    what: 'and completes it',
    run: 'apply -f -',
    input: configMap('plain', { a: '2' }),
    says: 'configmap/plain configured\n',
    warns:
      'Warning: resource configmaps/plain is missing the kubectl.kubernetes.io/last-applied-configuration annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n',
    then: { 'configmaps/plain': { data: { a: '2' } } },
  },
  {
    what: 'apply --validate=strict of an unknown field',
    run: 'apply -f -',
    input: { ...configMap('odd', {}), dataa: {} },
    code: 1,
    warns:
      /Error from server \(BadRequest\): error when creating "STDIN": ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dataa"/,
  },
  {
    what: 'apply --validate=warn of an unknown field',
    run: 'apply --validate=warn -f -',
    input: { ...configMap('odd', {}), dataa: {} },
    says: 'configmap/odd created\n',
    warns: 'Warning: unknown field "dataa"\n',
  },
  {
    what: 'apply of an invalid object',
    run: 'apply -f -',
    input: deployment('Bad_Name', { replicas: -1 }),
    code: 1,
    warns:
      "The Deployment \"Bad_Name\" is invalid: \n* metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')\n* spec.replicas: Invalid value: -1: must be greater than or equal to 0\n",
  },
  {
    what: 'apply of an unknown kind',
    run: 'apply -f -',
    input: { apiVersion: 'example.com/v1', kind: 'Nothing', metadata: { name: 'x' } },
    code: 1,
    warns: /no matches for kind "Nothing" in version "example\.com\/v1"\nensure CRDs are installed first/,
  },
  {
    what: 'apply of an immutable field',
    run: 'apply -f -',
    input: deployment('web', {
      selector: { matchLabels: { app: 'web', more: 'yes' } },
      template: {
        metadata: { labels: { app: 'web', more: 'yes' } },
        spec: { containers: [{ name: 'web', image: 'web:1' }] },
      },
    }),
    code: 1,
    warns:
      /^The Deployment "web" is invalid: spec\.selector: Invalid value: \{"matchLabels":\{"app":"web","more":"yes"\}\}: field is immutable\n$/,
  },
  {
    what: 'apply --prune: the set',
    run: 'apply -f - --prune -l set=s --prune-allowlist=core/v1/ConfigMap',
    input: set('p1', 'p2'),
    says: 'configmap/p1 created\nconfigmap/p2 created\n',
  },
  {
    what: 'apply --prune: one less',
    run: 'apply -f - --prune -l set=s --prune-allowlist=core/v1/ConfigMap',
    input: set('p1'),
    says: 'configmap/p1 unchanged\nconfigmap/p2 pruned\n',
    then: { 'configmaps/p1': { data: { a: '1' } }, 'configmaps/p2': undefined },
  },
  {
    what: 'apply --applyset: the set',
    run: 'apply -f - --prune --applyset=configmaps/set -n default',
    env: { KUBECTL_APPLYSET: 'true' },
    input: documents(configMap('as1', {}), configMap('as2', {})),
    says: 'configmap/as1 serverside-applied\nconfigmap/as2 serverside-applied\n'.replaceAll(
      'serverside-applied',
      'created',
    ),
    then: {
      'configmaps/set': { metadata: { annotations: { 'applyset.kubernetes.io/contains-group-kinds': 'ConfigMap' } } },
    },
  },
  {
    what: 'apply --applyset: one less',
    run: 'apply -f - --prune --applyset=configmaps/set -n default',
    env: { KUBECTL_APPLYSET: 'true' },
    input: configMap('as1', {}),
    says: /configmap\/as1 configured\nconfigmap\/as2 pruned\n/,
    then: { 'configmaps/as2': undefined },
  },
  {
    what: 'apply -k: bases, prefixes, labels, generators and patches',
    run: 'apply -k {dir}',
    files: {
      'kustomization.yaml':
        'namePrefix: k-\nlabels: [{pairs: {from: kustomize}}]\nresources: [base.json]\nconfigMapGenerator: [{name: gen, literals: [x=y]}]\npatches: [{target: {kind: Deployment}, patch: "- {op: replace, path: /spec/replicas, value: 0}"}]\n',
      'base.json': deployment('base'),
    },
    says: /^configmap\/k-gen-\w+ created\ndeployment\.apps\/k-base created\n$/,
    then: { 'deployments/k-base': { metadata: { labels: { from: 'kustomize' } }, spec: { replicas: 0 } } },
  },
  {
    what: 'kustomize prints the same',
    run: 'kustomize {dir}',
    says: /kind: ConfigMap[^]*name: k-gen-\w+\n---\n[^]*replicas: 0/,
  },
  { what: 'diff -k of what is applied says nothing', run: 'diff -k {dir}', says: '' },
  {
    what: 'delete -k',
    run: 'delete -k {dir}',
    says: /configmap "k-gen-\w+" deleted[^]*deployment\.apps "k-base" deleted/,
  },
  {
    what: 'diff of a new object',
    run: 'diff -f -',
    input: configMap('new', { a: '1' }),
    code: 1,
    says: /\+apiVersion: v1\n\+data:\n\+ {2}a: "1"\n\+kind: ConfigMap/,
    then: { 'configmaps/new': undefined },
  },
  {
    what: 'diff of a change',
    run: 'diff -f -',
    input: deployment('web', { replicas: 3 }),
    code: 1,
    says: /-\s{2}generation: 1\n\+\s{2}generation: 2\n[^]*-\s{2}replicas: 1\n\+\s{2}replicas: 3/,
    then: { 'deployments/web': { spec: { replicas: 1 } } },
  },
  {
    what: 'diff --server-side masks secrets',
    run: 'diff --server-side -f -',
    input: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'hidden' }, stringData: { pw: 'geheim' } },
    code: 1,
    says: /\+\s{2}pw: '\*\*\*'/,
  },
  {
    what: 'apply --server-side creates',
    run: 'apply --server-side --field-manager=one -f -',
    input: configMap('shared', { a: '1', b: '1' }),
    says: 'configmap/shared serverside-applied\n',
    then: { 'configmaps/shared': { metadata: { managedFields: [{ manager: 'one', operation: 'Apply' }] } } },
  },
  {
    what: 'apply --server-side conflicts',
    run: 'apply --server-side --field-manager=two -f -',
    input: configMap('shared', { b: '2' }),
    code: 1,
    warns: `error: Apply failed with 1 conflict: conflict with "one": .data.b
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
`,
  },
  {
    what: 'apply --server-side --force-conflicts',
    run: 'apply --server-side --field-manager=two --force-conflicts -f -',
    input: configMap('shared', { b: '2' }),
    then: { 'configmaps/shared': { data: { a: '1', b: '2' } } },
  },
  {
    what: 'apply --server-side takes away what is no longer said',
    run: 'apply --server-side --field-manager=one -f -',
    input: configMap('shared', {}),
    then: { 'configmaps/shared': { data: { b: '2' } } },
  },
  {
    what: 'apply --server-side migrates from apply',
    run: 'apply --server-side -f -',
    input: configMap('one', { a: '2' }),
    says: 'configmap/one serverside-applied\n',
    then: {
      'configmaps/one': { metadata: { managedFields: [{ manager: 'kubectl' }, { manager: 'kubectl-last-applied' }] } },
    },
  },
  {
    what: 'create --edit --save-config',
    run: 'create -f - --save-config -o name',
    input: configMap('saved', { a: '1' }),
    says: 'configmap/saved\n',
  },
  {
    what: 'delete -f of several',
    run: 'delete -f -',
    input: documents(configMap('one', {}), configMap('saved', {}), deployment('web')),
    says: /^configmap "one" deleted(?: from default namespace)?\nconfigmap "saved" deleted[^]*deployment\.apps "web" deleted/,
    then: { 'configmaps/one': undefined, 'deployments/web': undefined },
  },
]
