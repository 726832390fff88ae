import type { Row } from '../table.ts'

const yes = (what: string): string => `${what} created\n`

/** create with its generators, run and expose. */
export const generatorRows: Row[] = [
  {
    what: 'namespace',
    run: 'create namespace ns',
    says: yes('namespace/ns'),
    then: { 'namespaces/ns': { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } } },
  },
  {
    what: 'configmap',
    run: 'create configmap cm --from-literal=a=b --from-file=f={dir}/f.txt',
    files: { 'f.txt': 'text\n' },
    says: yes('configmap/cm'),
    then: { 'configmaps/cm': { data: { a: 'b', f: 'text\n' } } },
  },
  {
    what: 'configmap of an env file',
    run: 'create configmap env --from-env-file={dir}/e.env',
    files: { 'e.env': '# none\nC=d\n' },
    says: yes('configmap/env'),
    then: { 'configmaps/env': { data: { C: 'd' } } },
  },
  {
    what: 'configmap with a hash, immutable by patch',
    run: 'create configmap cm --from-literal=a=b --append-hash -o name',
    says: /^configmap\/cm-\w{10}\n$/,
  },
  {
    what: 'secret generic',
    run: 'create secret generic s --from-literal=a=b --type=example.com/t',
    says: yes('secret/s'),
    then: { 'secrets/s': { type: 'example.com/t', data: { a: 'Yg==' } } },
  },
  {
    what: 'secret docker-registry',
    run: 'create secret docker-registry reg --docker-server=r.example --docker-username=u --docker-password=p',
    says: yes('secret/reg'),
    then: { 'secrets/reg': { type: 'kubernetes.io/dockerconfigjson' } },
  },
  {
    what: 'secret of a registry that is not complete',
    run: 'create secret generic bad --type=kubernetes.io/dockerconfigjson --from-literal=a=b',
    code: 1,
    warns: 'error: failed to create secret Secret "bad" is invalid: data[.dockerconfigjson]: Required value\n',
  },
  {
    what: 'deployment',
    run: 'create deployment web --image=web:1 --image=side:1 --replicas=2',
    says: yes('deployment.apps/web'),
    then: {
      'deployments/web': {
        metadata: { labels: { app: 'web' }, generation: 1 },
        spec: {
          replicas: 2,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
          progressDeadlineSeconds: 600,
          template: {
            spec: {
              containers: [{ name: 'web', imagePullPolicy: 'IfNotPresent' }, { name: 'side' }],
              dnsPolicy: 'ClusterFirst',
              schedulerName: 'default-scheduler',
            },
          },
        },
      },
    },
  },
  {
    what: 'deployment with a port and a command',
    run: 'create deployment cmd --image=web:1 --port=80 -- sleep 1',
    says: yes('deployment.apps/cmd'),
    then: {
      'deployments/cmd': {
        spec: {
          template: {
            spec: { containers: [{ command: ['sleep', '1'], ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
          },
        },
      },
    },
  },
  {
    what: 'job',
    run: 'create job j --image=web:1 -- true',
    says: yes('job.batch/j'),
    then: {
      'jobs/j': {
        spec: {
          completions: 1,
          parallelism: 1,
          backoffLimit: 6,
          completionMode: 'NonIndexed',
          template: { spec: { restartPolicy: 'Never' } },
        },
      },
    },
  },
  {
    what: 'cronjob',
    run: `create cronjob cj --image=web:1 '--schedule=0 0 1 1 *'`,
    says: yes('cronjob.batch/cj'),
    then: {
      'cronjobs/cj': {
        spec: { concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 },
      },
    },
  },
  {
    what: 'job --from',
    run: 'create job j2 --from=cronjob/cj',
    says: yes('job.batch/j2'),
    then: {
      'jobs/j2': {
        metadata: {
          annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
          ownerReferences: [{ kind: 'CronJob', name: 'cj' }],
        },
      },
    },
  },
  {
    what: 'service clusterip',
    run: 'create service clusterip c --tcp=80:8080',
    says: yes('service/c'),
    then: {
      'services/c': {
        spec: {
          type: 'ClusterIP',
          internalTrafficPolicy: 'Cluster',
          ipFamilies: ['IPv4'],
          sessionAffinity: 'None',
          ports: [{ name: '80-8080', port: 80, targetPort: 8080 }],
        },
      },
    },
  },
  {
    what: 'service headless',
    run: 'create service clusterip hl --clusterip=None',
    says: yes('service/hl'),
    then: { 'services/hl': { spec: { clusterIP: 'None', clusterIPs: ['None'] } } },
  },
  {
    what: 'service nodeport',
    run: 'create service nodeport np --tcp=80 --node-port=30123',
    says: yes('service/np'),
    then: {
      'services/np': { spec: { type: 'NodePort', externalTrafficPolicy: 'Cluster', ports: [{ nodePort: 30123 }] } },
    },
  },
  {
    what: 'a node port twice',
    run: 'create service nodeport np2 --tcp=80 --node-port=30123',
    code: 1,
    warns:
      'error: failed to create NodePort service: Service "np2" is invalid: spec.ports[0].nodePort: Invalid value: 30123: provided port is already allocated\n',
  },
  {
    what: 'service loadbalancer',
    run: 'create service loadbalancer lb --tcp=80',
    says: yes('service/lb'),
    then: { 'services/lb': { spec: { type: 'LoadBalancer', allocateLoadBalancerNodePorts: true } } },
  },
  {
    what: 'service externalname',
    run: 'create service externalname ext --external-name=a.example',
    says: yes('service/ext'),
    then: { 'services/ext': { spec: { type: 'ExternalName', externalName: 'a.example' } } },
  },
  {
    what: 'serviceaccount',
    run: 'create serviceaccount bot',
    says: yes('serviceaccount/bot'),
    then: { 'serviceaccounts/bot': {} },
  },
  {
    what: 'role',
    run: 'create role r --verb=get,list --resource=pods,deployments.apps/scale --resource-name=x',
    says: yes('role.rbac.authorization.k8s.io/r'),
    then: {
      'roles/r': {
        rules: [
          { apiGroups: [''], resources: ['pods'], resourceNames: ['x'], verbs: ['get', 'list'] },
          { apiGroups: ['apps'], resources: ['deployments/scale'] },
        ],
      },
    },
  },
  {
    what: 'clusterrole',
    run: 'create clusterrole cr --verb=get --non-resource-url=/metrics',
    says: yes('clusterrole.rbac.authorization.k8s.io/cr'),
    then: { 'clusterroles/cr': { rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }] } },
  },
  {
    what: 'clusterrole --aggregation-rule',
    run: 'create clusterrole agg --aggregation-rule=agg=yes',
    says: yes('clusterrole.rbac.authorization.k8s.io/agg'),
  },
  {
    what: 'rolebinding',
    run: 'create rolebinding rb --role=r --serviceaccount=default:bot --user=u --group=g',
    says: yes('rolebinding.rbac.authorization.k8s.io/rb'),
    then: {
      'rolebindings/rb': {
        roleRef: { kind: 'Role', name: 'r' },
        subjects: [
          { kind: 'User', name: 'u' },
          { kind: 'Group', name: 'g' },
          { kind: 'ServiceAccount', name: 'bot', namespace: 'default' },
        ],
      },
    },
  },
  {
    what: 'clusterrolebinding',
    run: 'create clusterrolebinding crb --clusterrole=cr --user=u',
    says: yes('clusterrolebinding.rbac.authorization.k8s.io/crb'),
    then: {
      'clusterrolebindings/crb': { subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'u' }] },
    },
  },
  {
    what: 'quota',
    run: 'create quota q --hard=configmaps=50,pods=90 --scopes=NotTerminating -n ns',
    code: 1,
    warns: /is invalid: spec\.scopes: Invalid value: \["NotTerminating"\]: unsupported scope applied to resource/,
  },
  { what: 'quota that counts', run: 'create quota q --hard=configmaps=50,pods=90 -n ns', says: yes('resourcequota/q') },
  {
    what: 'its status',
    run: 'get quota q -n ns',
    says: /^NAME +REQUEST +LIMIT +AGE\nq +configmaps: \d+\/50, pods: 0\/90 +\S+\n$/,
    eventually: true,
  },
  {
    what: 'poddisruptionbudget',
    run: 'create pdb pdb --selector=app=web --min-available=50%',
    says: yes('poddisruptionbudget.policy/pdb'),
    then: { 'poddisruptionbudgets/pdb': { spec: { minAvailable: '50%', selector: { matchLabels: { app: 'web' } } } } },
  },
  {
    what: 'priorityclass',
    run: 'create priorityclass high --value=10 --preemption-policy=Never --description=d',
    says: yes('priorityclass.scheduling.k8s.io/high'),
    then: { 'priorityclasses/high': { value: 10, preemptionPolicy: 'Never', description: 'd' } },
  },
  {
    what: 'ingress',
    run: `create ingress i --class=k '--rule=a.example/x*=c:80,tls=cert' --default-backend=c:80 --annotation=n=v`,
    says: yes('ingress.networking.k8s.io/i'),
    then: {
      'ingresses/i': {
        spec: {
          ingressClassName: 'k',
          tls: [{ hosts: ['a.example'], secretName: 'cert' }],
          rules: [{ host: 'a.example', http: { paths: [{ path: '/x', pathType: 'Prefix' }] } }],
        },
      },
    },
  },
  {
    what: 'the ingress as a table',
    run: 'get ingress i',
    says: /^NAME +CLASS +HOSTS +ADDRESS +PORTS +AGE\ni +k +a\.example +80, 443 +\S+\n$/,
  },
  { what: 'token', run: 'create token bot --duration=10m --audience=me', says: /^ey[\w-]+\.[\w-]+\.[\w-]+\n?$/ },
  {
    what: 'token -o',
    run: 'create token bot -o jsonpath={.kind}/{.spec.expirationSeconds}',
    says: 'TokenRequest/3600',
  },
  {
    what: 'token of nobody',
    run: 'create token nobody',
    code: 1,
    warns: 'error: failed to create token: serviceaccounts "nobody" not found\n',
  },
  {
    what: 'create --dry-run=client -o yaml',
    run: 'create deployment d --image=x:1 --dry-run=client -o yaml',
    says: /^apiVersion: apps\/v1\nkind: Deployment\n/,
    then: { 'deployments/d': undefined },
  },
  {
    what: 'create --raw',
    run: 'create --raw /api/v1/namespaces/default/configmaps -f {dir}/raw.json',
    files: { 'raw.json': { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'raw-' } } },
    says: /"name":"raw-\w{5}"/,
  },
  { what: 'create with generateName', run: 'create -f {dir}/raw.json', says: /^configmap\/raw-\w{5} created\n$/ },
  {
    what: 'run',
    run: 'run one --image=web:1 --restart=Never --port=80 --labels=a=b --env=K=V --command -- sleep 1',
    says: yes('pod/one'),
    then: {
      'pods/one': {
        metadata: { labels: { a: 'b' } },
        spec: {
          restartPolicy: 'Never',
          serviceAccountName: 'default',
          enableServiceLinks: true,
          containers: [
            { name: 'one', command: ['sleep', '1'], env: [{ name: 'K', value: 'V' }], ports: [{ containerPort: 80 }] },
          ],
        },
      },
    },
  },
  {
    what: 'run --expose',
    run: 'run two --image=web:1 --port=80 --expose',
    says: 'service/two created\npod/two created\n',
    then: { 'services/two': { spec: { selector: { run: 'two' } } } },
  },
  {
    what: 'run --overrides',
    run: `run three --image=web:1 '--overrides={"spec":{"terminationGracePeriodSeconds":1}}'`,
    says: yes('pod/three'),
    then: { 'pods/three': { spec: { terminationGracePeriodSeconds: 1 } } },
  },
  { what: 'run of a wrong image', run: 'run four --image=', code: 1, warns: /--image is required/ },
  {
    what: 'expose a deployment',
    run: 'expose deployment cmd --target-port=8080',
    says: 'service/cmd exposed\n',
    then: { 'services/cmd': { spec: { selector: { app: 'cmd' }, ports: [{ port: 80, targetPort: 8080 }] } } },
  },
  {
    what: 'expose a pod',
    run: 'expose pod one --name=one-np --type=NodePort',
    says: 'service/one-np exposed\n',
    then: { 'services/one-np': { spec: { type: 'NodePort', selector: { a: 'b' } } } },
  },
  {
    what: 'expose a service',
    run: 'expose service c --name=c2 --port=81 --session-affinity=ClientIP',
    says: 'service/c2 exposed\n',
    then: { 'services/c2': { spec: { sessionAffinity: 'ClientIP', ports: [{ port: 81 }] } } },
  },
  {
    what: 'autoscale',
    run: 'autoscale deployment cmd --min=1 --max=3 --cpu=80% --memory=1Gi',
    since: 35,
    says: 'horizontalpodautoscaler.autoscaling/cmd autoscaled\n',
    then: {
      'horizontalpodautoscalers/cmd': {
        spec: {
          minReplicas: 1,
          maxReplicas: 3,
          scaleTargetRef: { kind: 'Deployment', name: 'cmd' },
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
            { resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } } },
          ],
        },
      },
    },
  },
  {
    what: 'autoscale --cpu-percent',
    run: 'autoscale deployment web --name=old --max=4 --cpu-percent=50',
    says: 'horizontalpodautoscaler.autoscaling/old autoscaled\n',
    then: {
      'horizontalpodautoscalers/old': { spec: { metrics: [{ resource: { target: { averageUtilization: 50 } } }] } },
    },
  },
]
