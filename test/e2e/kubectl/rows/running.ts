import { documents, type Row } from '../table.ts'
import { pod } from './objects.ts'

export const image = 'localhost/kubectl/busybox:1'
const container = (name: string, script: string): object => ({ name, image, command: ['sh', '-c', script] })
const forever = 'trap "exit 0" TERM; while :; do sleep 1; done'

/** What needs containers that run: exec, attach, cp, logs, debug, top, run with a terminal. */
export const runningRows: Row[] = [
  {
    what: 'two pods',
    run: 'apply -f -',
    input: documents(
      pod('talk', {
        terminationGracePeriodSeconds: 1,
        containers: [
          container('one', `echo first; echo second; ${forever}`),
          container('two', `echo other; ${forever}`),
        ],
      }),
      pod('crash', { restartPolicy: 'Never', containers: [container('c', 'echo going; exit 3')] }),
    ),
    says: 'pod/talk created\npod/crash created\n',
  },
  { what: 'wait', run: 'wait --for=condition=Ready pod/talk --timeout=60s', says: 'pod/talk condition met\n' },
  { what: 'exec', run: `exec talk -c two -- sh -c 'echo $0 out; exit 0' arg`, says: 'arg out\n' },
  {
    what: 'exec of the default container',
    run: 'exec talk -- echo x',
    says: 'x\n',
    warns: 'Defaulted container "one" out of: one, two\n',
  },
  {
    what: 'exec hands on the exit code',
    run: `exec talk -c one -- sh -c 'exit 7'`,
    code: 7,
    warns: 'command terminated with exit code 7\n',
  },
  { what: 'exec -i', run: 'exec -i talk -c one -- cat', input: 'through and back', says: 'through and back' },
  {
    what: 'exec of no such program',
    run: 'exec talk -c one -- nothing',
    code: 1,
    warns: /executable file not found in \$PATH/,
  },
  {
    what: 'exec in no such container',
    run: 'exec talk -c nine -- true',
    code: 1,
    warns: /container nine is not valid for pod talk|container not found/,
  },
  { what: 'logs', run: 'logs talk -c one', says: 'first\nsecond\n' },
  {
    what: 'logs of the default container',
    run: 'logs talk',
    says: 'first\nsecond\n',
    warns: 'Defaulted container "one" out of: one, two\n',
  },
  {
    what: 'logs --all-containers --prefix',
    run: 'logs talk --all-containers --prefix',
    // kubectl reads the containers one after another, in an order it draws anew each time
    says: [/\[pod\/talk\/one\] first\n\[pod\/talk\/one\] second\n/, /\[pod\/talk\/two\] other\n/, /^(\[.*\n){3}$/],
  },
  {
    what: 'logs --tail --timestamps',
    run: 'logs talk -c one --tail=1 --timestamps',
    says: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z second\n$/,
  },
  { what: 'logs --since --limit-bytes', run: 'logs talk -c one --since=1h --limit-bytes=5', says: 'first' },
  { what: 'logs -l', run: 'logs -l app=talk -c two', says: 'other\n' },
  { what: 'logs of what has ended', run: 'logs crash', says: 'going\n', eventually: true },
  {
    what: 'logs -p of what has not restarted',
    run: 'logs talk -c one -p',
    code: 1,
    warns: 'Error from server (BadRequest): previous terminated container "one" in pod "talk" not found\n',
  },
  {
    what: 'a pod that failed',
    run: 'get pod crash',
    says: /^NAME +READY +STATUS +RESTARTS +AGE\ncrash +0\/1 +Error +0 +\S+\n$/,
    eventually: true,
  },
  {
    what: 'describe tells how it ended',
    run: 'describe pod crash',
    says: /State: +Terminated\n +Reason: +Error\n +Exit Code: +3\n +Started: +\w[^\n]+\n +Finished: +\w[^\n]+\n +Ready: +False\n/,
  },
  {
    what: 'cp into a pod',
    run: 'cp {dir}/sent.txt talk:/tmp/sent.txt -c one',
    files: { 'sent.txt': 'there and\nback\n' },
  },
  { what: 'what was sent', run: 'exec talk -c one -- cat /tmp/sent.txt', says: 'there and\nback\n' },
  { what: 'cp out of a pod', run: 'cp talk:/tmp/sent.txt {dir}/got.txt -c one' },
  {
    what: 'what came back, sent again',
    run: 'create configmap got --from-file={dir}/got.txt',
    then: { 'configmaps/got': { data: { 'got.txt': 'there and\nback\n' } } },
  },
  {
    what: 'debug: an ephemeral container that runs',
    run: `debug talk --image=${image} -c dbg --target=one --profile=general --attach=false -- sh -c 'echo debugging; sleep 1000'`,
  },
  { what: 'its log', run: 'logs talk -c dbg', says: 'debugging\n', eventually: true },
  { what: 'it sees the processes of its target', run: `exec talk -c dbg -- ps`, says: /while :; do sleep 1; done/ },
  {
    what: 'describe shows it',
    run: 'describe pod talk',
    says: /Ephemeral Containers:\n +dbg:\n +Container ID: +containerd:\/\/\w+\n[^]*State: +Running\n/,
  },
  {
    what: 'debug --copy-to',
    run: 'debug talk --copy-to=talk-copy --container=one --share-processes -- sh -c "sleep 1000"',
    then: {
      'pods/talk-copy': {
        spec: {
          shareProcessNamespace: true,
          containers: [{ name: 'one', command: ['sh', '-c', '"sleep', '1000"'] }, { name: 'two' }],
        },
      },
    },
  },
  {
    what: 'debug node',
    run: `debug node/{node} --image=${image} --profile=general --attach=false -- sh -c 'ls /host/proc/1/status; true'`,
    says: /^Creating debugging pod node-debugger-\S+ with container debugger on node \S+\.\n/,
  },
  {
    what: 'run --rm -i',
    run: `run once --rm -i --restart=Never --image=${image} -- sh -c 'echo ran'`,
    says: /ran\n/,
    then: { 'pods/once': undefined },
  },
  {
    what: 'run -i with input',
    run: `run fed --rm -i --restart=Never --quiet --image=${image} -- cat`,
    input: 'eaten\n',
    says: /eaten\n/,
  },
  {
    what: 'top node',
    run: 'top node',
    says: /^NAME +CPU\(cores\) +CPU\(%\) +MEMORY\(bytes\) +MEMORY\(%\) *\n\S+ +\d+m +\d+% +\d+Mi +\d+% *\n$/,
    eventually: true,
  },
  {
    what: 'top pod',
    run: 'top pod talk --containers',
    says: /^POD +NAME +CPU\(cores\) +MEMORY\(bytes\) *\ntalk +(?:one|dbg) +\d+m +\d+Mi *\n/,
    eventually: true,
  },
  { what: 'top pod --sum', run: 'top pod -l app=talk --sum=true --no-headers', says: /talk +\d+m +\d+Mi/ },
  {
    what: 'get events of a pod',
    run: 'events --for=pod/talk',
    says: [
      /Normal +Scheduled +Pod\/talk +Successfully assigned default\/talk to \S+\n/,
      /Normal +Pulled +Pod\/talk +Container image "localhost\/kubectl\/busybox:1" already present on machine/,
      /Normal +Started +Pod\/talk +/,
    ],
  },
  { what: 'an image that is nowhere', run: 'run lost --image=localhost:1/nothing:1', says: 'pod/lost created\n' },
  {
    what: 'is told of',
    run: 'events --for=pod/lost',
    says: [
      /Normal +Pulling +(?:\(x\d+ over \S+\) +)?Pod\/lost +Pulling image "localhost:1\/nothing:1"/,
      /Warning +Failed +(?:\(x\d+ over \S+\) +)?Pod\/lost +Failed to pull image "localhost:1\/nothing:1": /,
      /Warning +Failed +(?:\(x\d+ over \S+\) +)?Pod\/lost +Error: ErrImagePull/,
    ],
    eventually: true,
  },
  { what: 'and shown', run: 'get pod lost', says: /lost +0\/1 +(?:ErrImagePull|ImagePullBackOff) +0 / },
  {
    what: 'drain of a node with its debug pod',
    run: 'delete pod --all --now --wait=true',
    says: /pod "talk" deleted/,
    then: { 'pods/talk': undefined },
  },
]
