import { documents, type Row } from '../table.ts'
import { configMap, deployment, pod } from './objects.ts'

const yaml = (...objects: object[]): string => documents(...objects)
const ofHost = { nodeSelector: { no: 'where' } }

/** get, describe, explain, events, wait and discovery. */
export const readRows: Row[] = [
  {
    what: 'what there is to read',
    run: 'apply -f -',
    input: yaml(
      deployment('web', { replicas: 0 }),
      configMap('b', { n: '2' }, { app: 'x', 'example.com/dotted': 'y' }),
      configMap('a', { n: '10' }, { app: 'x' }),
      configMap('c', { n: '1' }),
      pod('lonely', ofHost),
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { pw: 'geheim' } },
    ),
  },
  { what: 'get: a table', run: 'get configmaps a b', says: /^NAME +DATA +AGE\na +1 +\S+\nb +1 +\S+\n$/ },
  {
    what: 'get deployments',
    run: 'get deployments',
    says: /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +0\/0 +0 +0 +\S+\n$/,
  },
  {
    what: 'get -o wide',
    run: 'get deployments -o wide',
    says: /AGE +CONTAINERS +IMAGES +SELECTOR\n.* web +web:1 +app=web\n$/,
  },
  {
    what: 'get pods -o wide',
    run: 'get pods lonely -o wide',
    says: /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\nlonely +0\/1 +Pending +0 +\S+ +<none> +<none> +<none> +<none>\n$/,
  },
  {
    what: 'get -o yaml',
    run: 'get configmap a -o yaml',
    says: /^apiVersion: v1\ndata:\n {2}"n": "10"\nkind: ConfigMap\nmetadata:\n/,
  },
  {
    what: 'get -o json of a list',
    run: 'get configmaps -l app=x -o json',
    says: /^\{\n {4}"apiVersion": "v1",\n {4}"items": \[/,
  },
  { what: 'get -o kyaml', run: 'get configmap a -o kyaml', since: 35, says: /^---\n\{\n {2}apiVersion: "v1",\n/ },
  {
    what: 'get -o name',
    run: 'get configmaps,deployments -l app -o name',
    says: 'configmap/a\nconfigmap/b\ndeployment.apps/web\n',
  },
  {
    what: 'get -o jsonpath',
    run: `get configmaps -l app=x -o 'jsonpath={range .items[*]}{.metadata.name}={.data.n}{"\\n"}{end}'`,
    says: 'a=10\nb=2\n',
  },
  {
    what: 'get -o jsonpath-as-json',
    run: 'get configmap a -o jsonpath-as-json={.data}',
    says: '[\n    {\n        "n": "10"\n    }\n]\n',
  },
  {
    what: 'get -o jsonpath-file',
    run: 'get configmap a -o jsonpath-file={dir}/path',
    files: { path: '{.data.n}' },
    says: '10',
  },
  {
    what: 'get -o go-template',
    run: `get configmaps -l app=x -o 'go-template={{range .items}}{{.data.n}} {{end}}'`,
    says: '10 2 ',
  },
  {
    what: 'get -o go-template-file',
    run: 'get configmap a -o go-template-file={dir}/tpl',
    files: { tpl: '{{.kind}}' },
    says: 'ConfigMap',
  },
  {
    what: 'get -o custom-columns',
    run: 'get configmaps -l app=x -o custom-columns=N:.metadata.name,D:.data.n',
    says: 'N     D\na     10\nb     2\n',
  },
  {
    what: 'get -o custom-columns-file',
    run: 'get configmap a -o custom-columns-file={dir}/cols',
    files: { cols: 'NAME DATA\n.metadata.name .data.n\n' },
    says: 'NAME   DATA\na      10\n',
  },
  { what: 'get --no-headers', run: 'get configmap a --no-headers', says: /^a +1 +\S+\n$/ },
  {
    what: 'get --show-labels',
    run: 'get configmaps -l app=x --show-labels',
    says: /LABELS\na .* app=x\nb .* app=x,example\.com\/dotted=y\n$/,
  },
  {
    what: 'get -L',
    run: 'get configmaps -l app=x -L app,example.com/dotted',
    says: /AGE +APP +DOTTED\na +1 +\S+ +x +\nb +1 +\S+ +x +y\n$/,
  },
  { what: 'get --show-kind', run: 'get configmap a --show-kind', says: /configmap\/a +1/ },
  { what: 'get -A', run: 'get configmaps -A', says: /^NAMESPACE +NAME +DATA +AGE\n[^]*default +a +1/ },
  { what: 'get -l: sets', run: `get configmaps -l 'app in (x,y),!example.com/dotted' -o name`, says: 'configmap/a\n' },
  {
    what: 'get -l that is wrong',
    run: `get configmaps -l 'a=(b'`,
    code: 1,
    warns: /unable to parse requirement|found '\('/,
  },
  {
    what: 'get --field-selector',
    run: 'get pods --field-selector=status.phase=Pending,spec.nodeName= -o name',
    says: 'pod/lonely\n',
  },
  {
    what: 'get --field-selector of another field',
    run: 'get configmaps --field-selector=data.n=1',
    code: 1,
    warns:
      'Error from server (BadRequest): Unable to find "/v1, Resource=configmaps" that match label selector "", field selector "data.n=1": "data.n" is not a known field selector: only "metadata.name", "metadata.namespace"\n',
  },
  {
    what: 'get --chunk-size',
    run: 'get configmaps --chunk-size=1 -o name',
    says: /^configmap\/a\nconfigmap\/b\nconfigmap\/c\nconfigmap\/kube-root-ca\.crt\n$/,
  },
  {
    what: 'get --sort-by',
    run: 'get configmaps --sort-by=.data.n -o name',
    says: /configmap\/c\nconfigmap\/b\nconfigmap\/a\n$/,
  },
  {
    what: 'get --sort-by, a table',
    run: 'get configmaps --sort-by=.metadata.creationTimestamp -l app=x',
    says: /^NAME +DATA +AGE\n/,
  },
  {
    what: 'get --subresource=scale',
    run: 'get deployment web --subresource=scale',
    says: /^NAME +DESIRED +AVAILABLE +AGE\nweb +0 +0 +\S+\n$/,
  },
  {
    what: 'get --subresource=status',
    run: 'get deployment web --subresource=status -o jsonpath={.kind}',
    says: 'Deployment',
  },
  {
    what: 'get --show-managed-fields',
    run: 'get configmap a -o yaml --show-managed-fields',
    says: /managedFields:\n {2}- apiVersion: v1\n {4}fieldsType: FieldsV1\n/,
  },
  { what: 'get --raw', run: 'get --raw /readyz', says: 'ok' },
  {
    what: 'get --raw: checks one by one',
    run: `get --raw '/readyz?verbose'`,
    says: /\[\+\]ping ok\n[^]*readyz check passed\n$/,
  },
  {
    what: 'get -f',
    run: 'get -f - -o name',
    input: yaml(configMap('a', {}), configMap('b', {})),
    says: 'configmap/a\nconfigmap/b\n',
  },
  { what: 'get --server-print=false', run: 'get configmap a --server-print=false', says: /^NAME +AGE\na +\S+\n$/ },
  {
    what: 'get all',
    run: 'get all',
    says: [
      /pod\/lonely /,
      /service\/kubernetes +ClusterIP +10\.\S+ +<none> +443\/TCP /,
      /deployment\.apps\/web /,
      /replicaset\.apps\/web-/,
    ],
    eventually: true,
  },
  {
    what: 'get of nothing',
    run: 'get secrets -l no=thing',
    says: '',
    warns: 'No resources found in default namespace.\n',
  },
  {
    what: 'get of what is not there',
    run: 'get configmap nothing',
    code: 1,
    warns: 'Error from server (NotFound): configmaps "nothing" not found\n',
  },
  { what: 'get --ignore-not-found', run: 'get configmap nothing --ignore-not-found', says: '' },
  {
    what: 'get of an unknown kind',
    run: 'get nothings',
    code: 1,
    warns: `error: the server doesn't have a resource type "nothings"\n`,
  },
  { what: 'get by group and version', run: 'get deployments.v1.apps web -o name', says: 'deployment.apps/web\n' },
  {
    what: 'get componentstatuses',
    run: 'get componentstatuses',
    warns: /^Warning: v1 ComponentStatus is deprecated in v1\.19\+\n/,
  },
  {
    what: 'get apiservices',
    run: 'get apiservices v1.apps',
    says: /^NAME +SERVICE +AVAILABLE +AGE\nv1\.apps +Local +True +\S+\n$/,
  },
  {
    what: 'get leases',
    run: 'get namespaces default kube-system',
    says: /^NAME +STATUS +AGE\ndefault +Active +\S+\nkube-system +Active +\S+\n$/,
  },
  {
    what: 'describe configmap',
    run: 'describe configmap a',
    says: /^Name: +a\nNamespace: +default\nLabels: +app=x\n[^]*Data\n====\nn:\n----\n10\n\n\nBinaryData\n====\n\nEvents: +<none>\n$/,
  },
  { what: 'describe secret', run: 'describe secret s', says: /Type: +Opaque\n\nData\n====\npw: +6 bytes\n$/ },
  {
    what: 'describe deployment',
    run: 'describe deployment web',
    eventually: true,
    says: [
      /^Name: +web\nNamespace: +default\nCreationTimestamp: +\S+, \d\d \S+ \d{4} [^\n]+\nLabels: +app=web\nAnnotations: +deployment\.kubernetes\.io\/revision: 1\nSelector: +app=web\nReplicas: +0 desired \| 0 updated \| 0 total \| 0 available \| 0 unavailable\nStrategyType: +RollingUpdate\nMinReadySeconds: +0\nRollingUpdateStrategy: +25% max unavailable, 25% max surge\nPod Template:\n/,
      /Conditions:\n +Type +Status +Reason\n +---- +------ +------\n +Available +True +MinimumReplicasAvailable\n +Progressing +True +NewReplicaSetAvailable\nOldReplicaSets: +<none>\nNewReplicaSet: +web-\w+ \(0\/0 replicas created\)\nEvents: +<none>\n$/,
    ],
  },
  {
    what: 'describe pod, with why it waits',
    run: 'describe pod lonely',
    eventually: true,
    says: [
      /^Name: +lonely\nNamespace: +default\nPriority: +0\nService Account: +default\nNode: +<none>\nLabels: +app=lonely\nAnnotations: +<none>\nStatus: +Pending\nIP: +\nIPs: +<none>\n/,
      /Mounts:\n +\/var\/run\/secrets\/kubernetes\.io\/serviceaccount from kube-api-access-\w{5} \(ro\)\n/,
      /kube-api-access-\w{5}:\n +Type: +Projected \(a volume that contains injected data from multiple sources\)\n +TokenExpirationSeconds: +3607\n/,
      /QoS Class: +BestEffort\nNode-Selectors: +no=where\nTolerations: +node\.kubernetes\.io\/not-ready:NoExecute op=Exists for 300s\n +node\.kubernetes\.io\/unreachable:NoExecute op=Exists for 300s\nEvents:\n/,
      /Warning +FailedScheduling +\S+(?: \(x\d+ over \S+\))? +default-scheduler +(?:0\/1 nodes are available: 1 node\(s\) didn't match Pod's node affinity\/selector\. |no nodes available to schedule pods)/,
    ],
  },
  {
    what: 'describe service',
    run: 'describe service kubernetes',
    says: /^Name: +kubernetes\nNamespace: +default\nLabels: +component=apiserver\n +provider=kubernetes\nAnnotations: +<none>\nSelector: +<none>\nType: +ClusterIP\nIP Family Policy: +SingleStack\nIP Families: +IPv4\nIP: +10\.\S+\nIPs: +10\.\S+\nPort: +https +443\/TCP\nTargetPort: +\d+\/TCP\nEndpoints: +[\d.]+:\d+\nSession Affinity: +None\nInternal Traffic Policy: +Cluster\nEvents: +<none>\n$/,
  },
  {
    what: 'describe namespace',
    run: 'describe namespace default',
    says: /^Name: +default\nLabels: +kubernetes\.io\/metadata\.name=default\nAnnotations: +<none>\nStatus: +Active\n\nNo resource quota\.\n\nNo LimitRange resource\.\n$/,
  },
  {
    what: 'describe clusterrole',
    run: 'describe clusterrole view',
    says: /PolicyRule:\n +Resources +Non-Resource URLs +Resource Names +Verbs\n/,
  },
  {
    what: 'describe serviceaccount',
    run: 'describe serviceaccount default',
    says: /^Name: +default\nNamespace: +default\nLabels: +<none>\nAnnotations: +<none>\nImage pull secrets: +<none>\n(?:Mountable secrets: +<none>\nTokens: +<none>\n)?Events: +<none>\n$/,
  },
  { what: 'describe by prefix', run: 'describe replicaset web', says: /Controlled By: +Deployment\/web\n/ },
  {
    what: 'describe priorityclass',
    run: 'describe priorityclass system-node-critical',
    says: /Value: +2000001000\nGlobalDefault: +false\nPreemptionPolicy: +PreemptLowerPriority\n/,
  },
  {
    what: 'describe flowschema',
    run: 'describe flowschema exempt',
    says: /Priority Level Configuration:\n? +Name: +exempt|Matching Precedence: +1/,
  },
  {
    what: 'describe of nothing',
    run: 'describe pod nothing',
    code: 1,
    warns: 'Error from server (NotFound): pods "nothing" not found\n',
  },
  {
    what: 'explain',
    run: 'explain pod.spec.containers',
    says: /^KIND: +Pod\nVERSION: +v1\n\nFIELD: containers <\[\]Container>\n/,
  },
  {
    what: 'explain: enumerations and what must be',
    run: 'explain pod.spec.restartPolicy',
    says: /FIELD: restartPolicy <string>\nENUM:\n +Always\n +Never\n +OnFailure\n/,
  },
  {
    what: 'explain --recursive',
    run: 'explain deployment.spec.strategy --recursive',
    says: /rollingUpdate\t<RollingUpdateDeployment>\n +maxSurge\t<IntOrString>\n/,
  },
  {
    what: 'explain --api-version',
    run: 'explain hpa.spec --api-version=autoscaling/v1',
    says: /targetCPUUtilizationPercentage\t<integer>/,
  },
  {
    what: 'explain --output=plaintext-openapiv2',
    run: 'explain pod.spec.hostname --output=plaintext-openapiv2',
    says: /FIELD: +hostname <string>/,
  },
  {
    what: 'explain of nothing',
    run: 'explain pod.spec.nothing',
    code: 1,
    warns: 'error: field "nothing" does not exist\n',
  },
  {
    what: 'events',
    run: 'events --types=Warning',
    says: /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\S+.* +Warning +FailedScheduling +Pod\/lonely +/,
    eventually: true,
  },
  { what: 'events --for', run: 'events --for=pod/lonely --no-headers', says: /FailedScheduling/ },
  {
    what: 'get events',
    run: 'get events',
    says: /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n\S+ +Warning +FailedScheduling +pod\/lonely +/,
  },
  {
    what: 'get events -o wide',
    run: 'get events -o wide --field-selector=involvedObject.name=lonely',
    says: /^LAST SEEN +TYPE +REASON +OBJECT +SUBOBJECT +SOURCE +MESSAGE +FIRST SEEN +COUNT +NAME\n\S+ +Warning +FailedScheduling +pod\/lonely +default-scheduler[, ]/,
  },
  {
    what: 'wait --for=condition',
    run: 'wait --for=condition=Available deployment/web --timeout=20s',
    says: 'deployment.apps/web condition met\n',
  },
  {
    what: 'wait --for=condition=X=false',
    run: 'wait --for=condition=PodScheduled=false pod/lonely --timeout=20s',
    says: 'pod/lonely condition met\n',
  },
  {
    what: 'wait --for=jsonpath',
    run: `wait --for=jsonpath='{.data.n}'=10 configmap/a`,
    says: 'configmap/a condition met\n',
  },
  {
    what: 'wait --for=jsonpath, any value',
    run: `wait --for=jsonpath='{.data.n}' configmap -l app=x`,
    says: 'configmap/a condition met\nconfigmap/b condition met\n',
  },
  { what: 'wait --for=create', run: 'wait --for=create configmap/a', says: 'configmap/a condition met\n' },
  {
    what: 'wait --for=create that never comes',
    run: 'wait --for=create configmap/never --timeout=100ms',
    code: 1,
    warns: 'error: timed out waiting for the condition\n',
  },
  { what: 'wait --for=delete of what is gone', run: 'wait --for=delete configmap/never', says: '' },
  {
    what: 'wait that runs out of time',
    run: 'wait --for=condition=Ready pod/lonely --timeout=100ms',
    code: 1,
    warns: 'error: timed out waiting for the condition on pods/lonely\n',
  },
  {
    what: 'api-resources',
    run: 'api-resources',
    says: [
      /^NAME +SHORTNAMES +APIVERSION +NAMESPACED +KIND\n/,
      /^pods +po +v1 +true +Pod$/m,
      /^deployments +deploy +apps\/v1 +true +Deployment$/m,
      /^nodes +no +v1 +false +Node$/m,
    ],
  },
  {
    what: 'api-resources -o wide',
    run: 'api-resources --api-group=apps -o wide',
    says: /^deployments +deploy +apps\/v1 +true +Deployment +create,delete,deletecollection,get,list,patch,update,watch +all$/m,
  },
  {
    what: 'api-resources --verbs',
    run: 'api-resources --namespaced=false --verbs=create --api-group=authorization.k8s.io -o name',
    says: 'selfsubjectaccessreviews.authorization.k8s.io\nselfsubjectrulesreviews.authorization.k8s.io\nsubjectaccessreviews.authorization.k8s.io\n',
  },
  {
    what: 'api-resources --categories',
    run: 'api-resources --categories=all -o name --sort-by=name',
    says: /^cronjobs\.batch\ndaemonsets\.apps\ndeployments\.apps\nhorizontalpodautoscalers\.autoscaling\njobs\.batch\npods\nreplicasets\.apps\nreplicationcontrollers\nservices\nstatefulsets\.apps\n$/,
  },
  {
    what: 'api-versions',
    run: 'api-versions',
    says: [
      /^admissionregistration\.k8s\.io\/v1\n/,
      /^apps\/v1\nauthentication\.k8s\.io\/v1\nauthorization\.k8s\.io\/v1\nautoscaling\/v1\nautoscaling\/v2\nbatch\/v1\ncertificates\.k8s\.io\/v1\ncoordination\.k8s\.io\/v1\ndiscovery\.k8s\.io\/v1\nevents\.k8s\.io\/v1\n/m,
      /\nv1\n$/,
    ],
  },
  {
    what: 'version',
    run: 'version -o json',
    says: [/"serverVersion": \{/, /"major": "1"/, /"minor": "36"/, /"platform": "linux\/\w+"/],
  },
  { what: 'cluster-info', run: 'cluster-info', says: /Kubernetes control plane.* is running at .*https:\/\// },
  {
    what: 'cluster-info dump',
    run: 'cluster-info dump --namespaces=default -o yaml',
    says: [/kind: NodeList/, /kind: PodList/, /==== START logs for container c of pod default\/lonely ====/],
  },
]
