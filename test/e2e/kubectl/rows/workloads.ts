import { documents, type Row } from '../table.ts'
import { deployment } from './objects.ts'

const image = (name: string) => ({ spec: { template: { spec: { containers: [{ image: name }] } } } })

/** scale, set and rollout, on objects whose pods need not run. */
export const workloadRows: Row[] = [
  { what: 'a deployment', run: 'create -f -', input: deployment('web', { replicas: 0 }) },
  {
    what: 'scale',
    run: 'scale deployment/web --replicas=2',
    says: 'deployment.apps/web scaled\n',
    then: { 'deployments/web': { spec: { replicas: 2 } } },
  },
  {
    what: 'scale --current-replicas',
    run: 'scale deployment/web --current-replicas=5 --replicas=1',
    code: 1,
    warns: 'error: Expected replicas to be 5, was 2\n',
  },
  {
    what: 'scale -f',
    run: 'scale -f - --replicas=0 --current-replicas=2',
    input: deployment('web'),
    says: 'deployment.apps/web scaled\n',
    then: { 'deployments/web': { spec: { replicas: 0 } } },
  },
  {
    what: 'scale of what has no scale',
    run: 'scale configmap/kube-root-ca.crt --replicas=1',
    code: 1,
    warns: /could not find the requested resource/,
  },
  {
    what: 'the first revision',
    run: 'rollout status deployment/web --timeout=20s',
    says: /deployment "web" successfully rolled out\n$/,
  },
  {
    what: 'set image',
    run: 'set image deployment/web web=web:2',
    says: 'deployment.apps/web image updated\n',
    then: { 'deployments/web': image('web:2') },
  },
  {
    what: 'set image *',
    run: 'set image deployment/web *=web:3',
    says: 'deployment.apps/web image updated\n',
    then: { 'deployments/web': image('web:3') },
  },
  {
    what: 'set image of no container',
    run: 'set image deployment/web no=web:3',
    code: 1,
    warns: 'error: unable to find container named "no"\n',
  },
  {
    what: 'set env',
    run: 'set env deployment/web A=1 B=2',
    says: 'deployment.apps/web env updated\n',
    then: {
      'deployments/web': {
        spec: {
          template: {
            spec: {
              containers: [
                {
                  env: [
                    { name: 'A', value: '1' },
                    { name: 'B', value: '2' },
                  ],
                },
              ],
            },
          },
        },
      },
    },
  },
  { what: 'set env --list', run: 'set env deployment/web --list', says: '# Deployment web, container web\nA=1\nB=2\n' },
  {
    what: 'set env: one away',
    run: 'set env deployment/web B-',
    says: 'deployment.apps/web env updated\n',
    then: {
      'deployments/web': { spec: { template: { spec: { containers: [{ env: [{ name: 'A', value: '1' }] }] } } } },
    },
  },
  { what: 'a secret to take env from', run: 'create secret generic s --from-literal=pw=x' },
  {
    what: 'set env --from',
    run: 'set env deployment/web --from=secret/s --prefix=S_',
    says: 'deployment.apps/web env updated\n',
    then: {
      'deployments/web': {
        spec: {
          template: {
            spec: {
              containers: [
                { env: [{ name: 'A' }, { name: 'S_PW', valueFrom: { secretKeyRef: { name: 's', key: 'pw' } } }] },
              ],
            },
          },
        },
      },
    },
  },
  { what: 'set env --resolve', run: 'set env deployment/web --list --resolve', says: /S_PW=x\n/ },
  {
    what: 'set resources',
    run: 'set resources deployment/web --requests=cpu=10m --limits=cpu=100m,memory=64Mi',
    says: 'deployment.apps/web resource requirements updated\n',
    then: {
      'deployments/web': {
        spec: {
          template: {
            spec: {
              containers: [{ resources: { requests: { cpu: '10m' }, limits: { cpu: '100m', memory: '64Mi' } } }],
            },
          },
        },
      },
    },
  },
  {
    what: 'set resources: away',
    run: 'set resources deployment/web --limits=cpu=0,memory=0 --requests=cpu=0',
    says: 'deployment.apps/web resource requirements updated\n',
  },
  {
    what: 'set serviceaccount',
    run: 'set serviceaccount deployment/web bot',
    says: 'deployment.apps/web serviceaccount updated\n',
    then: { 'deployments/web': { spec: { template: { spec: { serviceAccountName: 'bot', serviceAccount: 'bot' } } } } },
  },
  { what: 'a service', run: 'create service clusterip svc --tcp=80' },
  {
    what: 'set selector',
    run: 'set selector service/svc a=b',
    says: 'service/svc selector updated\n',
    then: { 'services/svc': { spec: { selector: { a: 'b' } } } },
  },
  { what: 'a binding', run: 'create rolebinding rb --clusterrole=view --user=u' },
  {
    what: 'set subject',
    run: 'set subject rolebinding rb --serviceaccount=default:bot --group=g',
    says: 'rolebinding.rbac.authorization.k8s.io/rb subjects updated\n',
    then: {
      'rolebindings/rb': {
        subjects: [
          { kind: 'User', name: 'u' },
          { kind: 'Group', name: 'g' },
          { kind: 'ServiceAccount', name: 'bot' },
        ],
      },
    },
  },
  {
    what: 'set --dry-run=server',
    run: 'set image deployment/web web=web:9 --dry-run=server',
    says: 'deployment.apps/web image updated (server dry run)\n',
    then: { 'deployments/web': image('web:3') },
  },
  {
    what: 'set --local',
    run: 'set image -f - web=web:9 --local -o jsonpath={.spec.template.spec.containers[0].image}',
    input: deployment('x'),
    says: 'web:9',
  },
  {
    what: 'rollout: a deployment of its own',
    run: 'create -f -',
    input: documents(deployment('roll', { replicas: 0 })),
  },
  {
    what: 'rollout status',
    run: 'rollout status deployment/roll --timeout=20s',
    says: /deployment "roll" successfully rolled out\n$/,
  },
  { what: 'a change with its cause', run: 'annotate deployment/roll kubernetes.io/change-cause=two' },
  { what: 'another image', run: 'set image deployment/roll web=web:2' },
  { what: 'it is rolled out', run: 'rollout status deployment/roll --timeout=20s', says: /successfully rolled out/ },
  {
    what: 'rollout history',
    run: 'rollout history deployment/roll',
    says: /^deployment\.apps\/roll \nREVISION {2}CHANGE-CAUSE\n1 {9}\S+\n2 {9}two\n\n$/,
    eventually: true,
  },
  {
    what: 'rollout history --revision',
    run: 'rollout history deployment/roll --revision=2',
    says: /^deployment\.apps\/roll with revision #2\nPod Template:\n {2}Labels:\tapp=roll\n\tpod-template-hash=\w+\n {2}Annotations:\tkubernetes\.io\/change-cause: two\n {2}Containers:\n {3}web:\n {4}Image:\tweb:2\n/,
  },
  {
    what: 'rollout history of no revision',
    run: 'rollout history deployment/roll --revision=9',
    code: 1,
    warns: 'error: unable to find the specified revision\n',
  },
  {
    what: 'rollout undo --dry-run',
    run: 'rollout undo deployment/roll --dry-run=server',
    says: /deployment\.apps\/roll .*\(server dry run\)/,
    then: { 'deployments/roll': image('web:2') },
  },
  {
    what: 'rollout undo',
    run: 'rollout undo deployment/roll',
    says: 'deployment.apps/roll rolled back\n',
    then: { 'deployments/roll': image('web:1') },
  },
  { what: 'its revision', run: 'rollout history deployment/roll', says: /\n2 {9}two\n3 {9}\S+\n\n$/, eventually: true },
  {
    what: 'rollout undo --to-revision',
    run: 'rollout undo deployment/roll --to-revision=2',
    says: 'deployment.apps/roll rolled back\n',
    then: { 'deployments/roll': image('web:2') },
  },
  {
    what: 'rollout pause',
    run: 'rollout pause deployment/roll',
    says: 'deployment.apps/roll paused\n',
    then: { 'deployments/roll': { spec: { paused: true } } },
  },
  {
    what: 'rollout pause, again',
    run: 'rollout pause deployment/roll',
    code: 1,
    warns: 'error: deployments.apps "roll" is already paused\n',
  },
  {
    what: 'rollout restart of what is paused',
    run: 'rollout restart deployment/roll',
    code: 1,
    warns: /can't restart paused deployment/,
  },
  { what: 'rollout resume', run: 'rollout resume deployment/roll', says: 'deployment.apps/roll resumed\n' },
  {
    what: 'rollout restart',
    run: 'rollout restart deployment/roll',
    says: 'deployment.apps/roll restarted\n',
    then: {
      'deployments/roll': {
        spec: {
          template: {
            metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': expect.any(String) as string } },
          },
        },
      },
    },
  },
  {
    what: 'a daemon set and a stateful set',
    run: 'create -f -',
    input: documents(
      {
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        metadata: { name: 'ds' },
        spec: {
          selector: { matchLabels: { a: 'ds' } },
          template: {
            metadata: { labels: { a: 'ds' } },
            spec: { nodeSelector: { no: 'where' }, containers: [{ name: 'c', image: 'a:1' }] },
          },
        },
      },
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'ss' },
        spec: {
          replicas: 0,
          serviceName: 'ss',
          selector: { matchLabels: { a: 'ss' } },
          template: { metadata: { labels: { a: 'ss' } }, spec: { containers: [{ name: 'c', image: 'a:1' }] } },
        },
      },
    ),
    says: 'daemonset.apps/ds created\nstatefulset.apps/ss created\n',
  },
  {
    what: 'rollout status of a daemon set',
    run: 'rollout status daemonset/ds --timeout=20s',
    says: /daemon set "ds" successfully rolled out\n$/,
    eventually: true,
  },
  {
    what: 'another image of both',
    run: 'set image daemonset/ds statefulset/ss c=a:2',
    says: 'daemonset.apps/ds image updated\nstatefulset.apps/ss image updated\n',
  },
  {
    what: 'rollout history of a daemon set',
    run: 'rollout history daemonset/ds',
    says: /\n1 {9}<none>\n2 {9}<none>\n/,
    eventually: true,
  },
  {
    what: 'rollout history of a stateful set',
    run: 'rollout history statefulset/ss',
    says: /\n1 {9}<none>\n2 {9}<none>\n/,
    eventually: true,
  },
  {
    what: 'rollout undo of a daemon set',
    run: 'rollout undo daemonset/ds',
    says: 'daemonset.apps/ds rolled back\n',
    then: { 'daemonsets/ds': image('a:1') },
  },
  {
    what: 'rollout undo of a stateful set',
    run: 'rollout undo statefulset/ss',
    says: 'statefulset.apps/ss rolled back\n',
    then: { 'statefulsets/ss': image('a:1') },
  },
  {
    what: 'describe stateful set',
    run: 'describe statefulset ss',
    says: /^Name: +ss\n[^]*Replicas: +0 desired \| 0 total\nUpdate Strategy: +RollingUpdate\n +Partition: +0\nPods Status: +0 Running \/ 0 Waiting \/ 0 Succeeded \/ 0 Failed\n[^]*Volume Claims: +<none>\nEvents: +<none>\n$/,
  },
  { what: 'a cron job that a user starts', run: `create cronjob cj --image=a:1 '--schedule=0 0 1 1 *'` },
  {
    what: 'describe cron job',
    run: 'describe cronjob cj',
    says: /Schedule: +0 0 1 1 \*\nConcurrency Policy: +Allow\nSuspend: +False\n(?:Time Zone: +<unset>\n)?Successful Job History Limit: +3\nFailed Job History Limit: +1\nStarting Deadline Seconds: +<unset>\n[^]*Last Schedule Time: +<unset>\nActive Jobs: +<none>\nEvents: +<none>\n$/,
  },
  {
    what: 'get cron job',
    run: 'get cronjob cj',
    says: /^NAME +SCHEDULE +TIMEZONE +SUSPEND +ACTIVE +LAST SCHEDULE +AGE\ncj +0 0 1 1 \* +<none> +False +0 +<none> +\S+\n$/,
  },
]
