import type { V1Pod } from '@kapell/openapi/types'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  ask,
  exampleManifest,
  examplePods,
  isReady,
  startExampleCluster,
  type ExampleCluster,
} from './support/example.ts'
import { freePort, run, type Ran } from './support/kapell.ts'
import { runningTasks } from './support/machine.ts'
import { stream, type Streaming } from './support/stream.ts'
import { until } from './support/wait.ts'

/** What stock kubectl does with running pods of the example: their words, their insides, their ends. */
let example: ExampleCluster
let pod: string

const kubectl = (...args: string[]): Promise<string> => example.kubectl.run(...args)
const kubectlStream = (...args: string[]): Streaming => stream(example.kubectl.program, args, example.kubectl.env)
const exec = (command: readonly string[], options: { input?: string } = {}): Promise<Ran> =>
  example.kubectl.try(['exec', ...(options.input === undefined ? [] : ['-i']), pod, '--', ...command], options.input)
const getPod = (): Promise<V1Pod> => example.kubectl.json<V1Pod>('get', 'pod', pod)
/** The process id of the pod's container, as this machine sees it. */
async function pidOf(found: V1Pod): Promise<number> {
  const id = found.status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '')
  const task = (await runningTasks(example.dataDir)).find((each) => each.id === id)
  if (task === undefined) throw new Error(`no task ${id}`)
  return task.pid
}

beforeAll(async () => {
  example = await startExampleCluster({ name: 'pods', octet: 223 })
  const manifest = readFileSync(exampleManifest, 'utf8').replace('replicas: 10', 'replicas: 2')
  expect((await example.kubectl.try(['apply', '-f', '-'], manifest)).code).toBe(0)
  await kubectl('rollout', 'status', 'deployment/language-model', '--timeout=60s')
  pod = (await examplePods(example.kubectl, 'default'))[0]?.metadata?.name ?? ''
}, 120_000)
afterAll(async () => {
  await example?.close()
}, 60_000)

it('shows logs: all, the last lines, since when, with times, of a label', async () => {
  const greeting = `language-model v1 answers on port 8080 in ${pod}`
  expect((await kubectl('logs', pod)).split('\n')[0]).toBe(greeting)
  expect((await kubectl('logs', `deployment/language-model`, '--tail=1')).trim().split('\n')).toHaveLength(1)
  expect(await kubectl('logs', pod, '--timestamps')).toMatch(/^\d{4}-\d\d-\d\dT\S+Z language-model v1/)
  await until('the greeting to be older than a second', async () => {
    return !(await kubectl('logs', pod, '--since=1s')).includes(greeting)
  })
  expect((await kubectl('logs', pod, '--limit-bytes=8')).length).toBe(8)
  expect((await kubectl('logs', '-l', 'app=language-model', '--prefix')).match(/\[pod\/language-model-/g)).toBeTruthy()
  const wrong = await example.kubectl.try(['logs', pod, '-c', 'nobody'])
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('container nobody is not valid') as string })
  const previous = await example.kubectl.try(['logs', pod, '--previous'])
  expect(previous.stderr).toMatch(/previous terminated container "model" in pod "\S+" not found/)
}, 30_000)

it('follows a log until told to end', async () => {
  const follow = kubectlStream('logs', '-f', pod, '--tail=0')
  const ip = (await getPod()).status?.podIP ?? ''
  await until('a request to be seen in the log', async () => {
    await fetch(`http://${ip}:8080/marker`, { headers: { connection: 'close' } })
    return follow.output().includes('url:/marker')
  })
  await follow.stop()
}, 30_000)

it.each<{ rule: string; command: string[]; input?: string; is: Partial<Ran> }>([
  { rule: 'standard output', command: ['echo', 'hello'], is: { code: 0, stdout: 'hello\n', stderr: '' } },
  { rule: 'standard error apart', command: ['sh', '-c', 'echo bad >&2'], is: { code: 0, stdout: '', stderr: 'bad\n' } },
  { rule: 'half-closed standard input', command: ['cat'], input: 'x\n', is: { code: 0, stdout: 'x\n' } },
  { rule: 'empty standard input', command: ['cat'], input: '', is: { code: 0, stdout: '' } },
  {
    rule: '300 KB there and back',
    command: ['cat'],
    input: 'kapell'.repeat(50_000),
    is: { stdout: 'kapell'.repeat(50_000) },
  },
  {
    rule: 'exit codes',
    command: ['sh', '-c', 'exit 7'],
    is: { code: 7, stderr: 'command terminated with exit code 7\n' },
  },
  { rule: 'the container, not the node', command: ['sh', '-c', 'echo $HOSTNAME:$VERSION'], is: { code: 0 } },
])(
  'runs a command inside: $rule',
  async ({ command, input, is }) => {
    expect(await exec(command, input === undefined ? {} : { input })).toMatchObject(is)
  },
  30_000,
)

it('says when a command cannot be run', async () => {
  const ran = await exec(['no-such-program'])
  expect(ran.code).not.toBe(0)
  expect(ran.stderr).toContain('no-such-program')
}, 30_000)

it('gives a command a terminal', async () => {
  const typed = `${example.kubectl.program} exec -it ${pod} -- sh`
  const shell = stream('script', ['-qec', typed, '/dev/null'], example.kubectl.env)
  await shell.says(/[#$] /)
  shell.write('ls -l /proc/self/fd/0; echo $((6 * 7))\n')
  await shell.says(/\/dev\/pts\/\d+[^]*42/)
  shell.write('exit 5\n')
  expect(await shell.ended).toBe(5)
}, 30_000)

it('forwards a port', async () => {
  const port = await freePort()
  for (const target of [`pod/${pod}`, 'service/language-model']) {
    const forward = kubectlStream('port-forward', target, `${port}:${target.startsWith('pod') ? 8080 : 80}`)
    await forward.says(`Forwarding from 127.0.0.1:${port}`)
    for (let i = 0; i < 3; i += 1) expect(await ask(`127.0.0.1:${port}`)).toMatchObject({ language: 'german' })
    await forward.stop()
  }
}, 30_000)

it('gives the pod a token and the CA, good for the API from within', async () => {
  const file = async (name: string): Promise<string> =>
    (await exec(['cat', `/var/run/secrets/kubernetes.io/serviceaccount/${name}`])).stdout
  expect(await file('namespace')).toBe('default')
  const [ca, token] = [await file('ca.crt'), await file('token')]
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  expect(claims).toMatchObject({
    sub: 'system:serviceaccount:default:default',
    'kubernetes.io': { namespace: 'default', pod: { name: pod } },
  })
  const caFile = join(example.dataDir, 'ca-of-pod.crt')
  writeFileSync(caFile, ca)
  const { stdout } = await exec(['sh', '-c', 'echo $KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT'])
  const program = `
    const get = async (path) => {
      const answer = await fetch('https://${stdout.trim()}' + path, { headers: { authorization: 'Bearer ${token}' } })
      return { code: answer.status, ...(await answer.json()) }
    }
    console.log(JSON.stringify([await get('/version'), await get('/api/v1/namespaces/default/pods')]))`
  // In the network of the pod, since its image has no program that speaks TLS.
  const inPod = [
    '-t',
    String(await pidOf(await getPod())),
    '-n',
    process.execPath,
    '--input-type=module',
    '-e',
    program,
  ]
  const ran = await run('nsenter', inPod, { env: { NODE_EXTRA_CA_CERTS: caFile } })
  rmSync(caFile)
  expect(ran.stderr).toBe('')
  expect(JSON.parse(ran.stdout)).toMatchObject([
    { code: 200, gitVersion: expect.stringMatching(/^v1\.36\.\d+\+kapell/) as string },
    {
      code: 403,
      reason: 'Forbidden',
      message: expect.stringContaining('system:serviceaccount:default:default') as string,
    },
  ])
}, 30_000)

it('restarts a container whose process was killed, and keeps what the dead one said', async () => {
  const before = await getPod()
  process.kill(await pidOf(before), 'SIGKILL')
  const after = await until('the container to run again', async () => {
    const found = await getPod()
    return (found.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0 && isReady(found) && found
  })
  expect(after.metadata?.uid).toBe(before.metadata?.uid)
  expect(after.status?.podIP).toBe(before.status?.podIP)
  const status = after.status?.containerStatuses?.[0]
  expect(status?.restartCount).toBe(1)
  expect(status?.lastState?.terminated).toMatchObject({ exitCode: 137 })
  expect(status?.containerID).not.toBe(before.status?.containerStatuses?.[0]?.containerID)
  expect(await kubectl('get', 'pod', pod, '--no-headers')).toMatch(/ 1\/1 +Running +1 \(\d+s ago\) /)
  expect(await kubectl('logs', pod, '--previous')).toContain('url:/marker')
  expect(await kubectl('logs', pod)).not.toContain('url:/marker')
}, 60_000)

it('replaces a deleted pod, in order: its log ends, its program is asked to stop', async () => {
  const follow = kubectlStream('logs', '-f', pod, '--tail=0')
  await until('the follower to be connected', async () => {
    await ask(`${(await getPod()).status?.podIP}:8080`)
    return follow.output() !== ''
  })
  const startedAt = performance.now()
  expect(await kubectl('delete', 'pod', pod)).toContain('deleted')
  expect((performance.now() - startedAt) / 1000).toBeLessThan(20)
  expect(await follow.ended).toBe(0)
  expect(follow.output()).toContain('language-model stops')
  await kubectl('rollout', 'status', 'deployment/language-model', '--timeout=60s')
  const pods = await examplePods(example.kubectl, 'default')
  expect(pods.filter(isReady)).toHaveLength(2)
  expect(pods.map(({ metadata }) => metadata?.name)).not.toContain(pod)
  expect(await runningTasks(example.dataDir)).toHaveLength(4)
}, 90_000)
