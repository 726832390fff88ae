import { documents, type Row } from '../table.ts'
import { deployment, pod } from './objects.ts'

/** What needs a node: one on which nothing really runs, "node-0". */
export const nodeRows: Row[] = [
  {
    what: 'get nodes',
    run: 'get nodes',
    says: /^NAME +STATUS +ROLES +AGE +VERSION\nnode-0 +Ready +<none> +\S+ +v1\.36\.\d+\S*\n$/,
    eventually: true,
  },
  {
    what: 'get nodes -o wide',
    run: 'get nodes -o wide',
    says: /VERSION +INTERNAL-IP +EXTERNAL-IP +OS-IMAGE +KERNEL-VERSION +CONTAINER-RUNTIME\nnode-0 /,
  },
  {
    what: 'pods',
    run: 'apply -f -',
    input: documents(deployment('web', { replicas: 2 }), pod('bare', {})),
    says: /pod\/bare created/,
  },
  {
    what: 'wait for them',
    run: 'wait --for=condition=Ready pod --all --timeout=30s',
    says: /pod\/bare condition met\n/,
    eventually: true,
  },
  {
    what: 'rollout status --watch',
    run: 'rollout status deployment/web --timeout=30s',
    says: /deployment "web" successfully rolled out\n$/,
  },
  {
    what: 'get pods',
    run: 'get pods bare -o wide',
    says: /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\nbare +1\/1 +Running +0 +\S+ +[\d.]+ +node-0 +<none> +<none>\n$/,
  },
  {
    what: 'describe pod',
    run: 'describe pod bare',
    says: [
      /^Name: +bare\nNamespace: +default\nPriority: +0\nService Account: +default\nNode: +node-0\/[\d.]+\nStart Time: +\w/,
      /Status: +Running\nIP: +[\d.]+\nIPs:\n +IP: +[\d.]+\nContainers:\n +c:\n +Container ID: *\S*\n +Image: +web:1\n/,
      /State: +Running\n +Started: +\w+, [^\n]+\n +Ready: +True\n +Restart Count: +0\n/,
      /Normal +Scheduled +\S+ +default-scheduler +Successfully assigned default\/bare to node-0\n/,
    ],
    eventually: true,
  },
  {
    what: 'describe deployment',
    run: 'describe deployment web',
    says: [
      /Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable\n/,
      /Normal +ScalingReplicaSet +\S+ +deployment-controller +Scaled up replica set web-\w+ from 0 to 2\n/,
    ],
    eventually: true,
  },
  {
    what: 'describe replica set',
    run: 'describe replicaset -l app=web',
    says: /Pods Status: +2 Running \/ 0 Waiting \/ 0 Succeeded \/ 0 Failed\n[^]*Normal +SuccessfulCreate +\S+ +replicaset-controller +Created pod: web-/,
    eventually: true,
  },
  {
    what: 'describe node',
    run: 'describe node node-0',
    says: [
      /^Name: +node-0\nRoles: +<none>\nLabels: /,
      /Taints: +<none>\nUnschedulable: +false\nLease:\n +HolderIdentity: +node-0\n +AcquireTime: +<unset>\n +RenewTime: +\w+, /,
      /Conditions:\n +Type +Status +LastHeartbeatTime +LastTransitionTime +Reason +Message\n/,
      /Non-terminated Pods: +\(3 in total\)\n/,
      /Allocated resources:\n +\(Total limits may be over 100 percent, i\.e\., overcommitted\.\)\n/,
    ],
  },
  {
    what: 'taint',
    run: 'taint node node-0 only=me:NoSchedule',
    says: 'node/node-0 tainted\n',
    then: { 'nodes/node-0': { spec: { taints: [{ key: 'only', value: 'me', effect: 'NoSchedule' }] } } },
  },
  {
    what: 'taint, again',
    run: 'taint node node-0 only=you:NoSchedule',
    code: 1,
    warns: /node node-0 already has only taint\(s\) with same effect\(s\) and --overwrite is false/,
  },
  {
    what: 'taint --overwrite',
    run: 'taint node node-0 only=you:NoSchedule --overwrite',
    says: 'node/node-0 modified\n',
  },
  { what: 'taint, away', run: 'taint node node-0 only-', says: 'node/node-0 untainted\n' },
  {
    what: 'cordon',
    run: 'cordon node-0',
    says: 'node/node-0 cordoned\n',
    then: { 'nodes/node-0': { spec: { unschedulable: true } } },
  },
  { what: 'cordon, again', run: 'cordon node-0', says: 'node/node-0 already cordoned\n' },
  { what: 'cordoned', run: 'get node node-0', says: /node-0 +Ready,SchedulingDisabled / },
  { what: 'a pod that finds no place', run: 'run late --image=a:1', says: 'pod/late created\n' },
  {
    what: 'and says why',
    run: 'events --for=pod/late --types=Warning',
    says: /0\/1 nodes are available: 1 node\(s\) were unschedulable\. (?:no new claims to deallocate, )?preemption: 0\/1 nodes are available: 1 Preemption is not helpful for scheduling\./,
    eventually: true,
  },
  { what: 'a budget', run: 'create pdb keep --selector=app=web --min-available=2' },
  {
    what: 'budget, counted',
    run: 'get pdb keep',
    says: /^NAME +MIN AVAILABLE +MAX UNAVAILABLE +ALLOWED DISRUPTIONS +AGE\nkeep +2 +N\/A +0 +\S+\n$/,
    eventually: true,
  },
  {
    what: 'drain of a bare pod',
    run: 'drain node-0',
    code: 1,
    warns:
      /cannot delete (?:cannot delete )?Pods that declare no controller \(use --force to override\): default\/bare/,
  },
  {
    what: 'drain that the budget forbids',
    run: 'drain node-0 --force --timeout=1s',
    code: 1,
    warns: /Cannot evict pod as it would violate the pod's disruption budget\./,
  },
  { what: 'the budget goes', run: 'delete pdb keep' },
  {
    what: 'drain --force',
    run: 'drain node-0 --force --timeout=30s',
    says: /evicting pod default\/web-\S+|node\/node-0 drained/,
    then: { 'pods/bare': undefined },
  },
  { what: 'uncordon', run: 'uncordon node-0', says: 'node/node-0 uncordoned\n' },
  {
    what: 'pods come back',
    run: 'wait --for=condition=Available deployment/web --timeout=30s',
    says: 'deployment.apps/web condition met\n',
  },
  { what: 'delete --now', run: 'delete pod late --now', says: /^pod "late" deleted/, then: { 'pods/late': undefined } },
  { what: 'a job', run: 'create job work --image=a:1' },
  {
    what: 'wait for the job',
    run: 'wait --for=condition=Complete job/work --timeout=30s',
    says: 'job.batch/work condition met\n',
  },
  {
    what: 'get job',
    run: 'get job work',
    says: /^NAME +STATUS +COMPLETIONS +DURATION +AGE\nwork +Complete +1\/1 +\S+ +\S+\n$/,
  },
  {
    what: 'describe job',
    run: 'describe job work',
    says: [
      /Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed\n/,
      /Normal +SuccessfulCreate +\S+ +job-controller +Created pod: work-\w{5}\n +Normal +Completed +\S+ +job-controller +Job completed\n/,
    ],
    eventually: true,
  },
  {
    what: 'debug a node: the pod',
    run: 'debug node/node-0 --image=a:1 --attach=false -- true',
    says: /^Creating debugging pod node-debugger-node-0-\w{5} with container debugger on node node-0\.\n/,
  },
  { what: 'a pod to debug', run: 'run target --image=a:1', says: 'pod/target created\n' },
  {
    what: 'debug: an ephemeral container',
    run: 'debug target --image=tools:1 -c dbg --attach=false --profile=general -- true',
    then: {
      'pods/target': {
        spec: {
          ephemeralContainers: [
            { name: 'dbg', image: 'tools:1', securityContext: { capabilities: { add: ['SYS_PTRACE'] } } },
          ],
        },
      },
    },
  },
  {
    what: 'debug --copy-to',
    run: 'debug target --copy-to=copy --set-image=*=b:1 --share-processes --attach=false --image=tools:1',
    then: { 'pods/copy': { spec: { shareProcessNamespace: true, containers: [{ image: 'b:1' }, {}] } } },
  },
]
