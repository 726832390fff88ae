import { generateKeyPairSync } from 'node:crypto'
import { freePort, run } from '../support/kapell.ts'
import { stream } from '../support/stream.ts'
import { until } from '../support/wait.ts'
import { startPlane, type Plane } from './table.ts'

/** What goes on until it is stopped, and what takes several steps. */
let plane: Plane
const kubectl = (...args: string[]): Promise<string> => plane.kubectl.run(...args)
const start = (...args: string[]) => stream(plane.kubectl.program, args, plane.kubectl.env)

beforeAll(async () => {
  plane = await startPlane('kubectl-streams')
  await kubectl('create', 'configmap', 'conf', '--from-literal=color=blue')
})
afterAll(() => plane.close())

it('get -w prints each change as a row', async () => {
  const watch = start('get', 'configmaps', '--field-selector=metadata.name=w', '-w')
  await kubectl('create', 'configmap', 'w')
  await watch.says(/NAME +DATA +AGE\nw +0 +\d+s\n/)
  await kubectl('patch', 'configmap', 'w', '-p', '{"data":{"a":"1"}}')
  await watch.says(/\nw +1 +\d+s\n/)
  await watch.stop()
})

it('get --watch-only --output-watch-events tells what happened', async () => {
  const watch = start('get', 'configmaps', '-l', 'v', '--watch-only', '--output-watch-events')
  // Only what happens after the watch began is told: so it is asked for again until it is.
  await until('the watch', async () => {
    await kubectl('create', 'configmap', 'v')
    await kubectl('label', 'configmap', 'v', 'v=1')
    await kubectl('label', 'configmap', 'v', 'v=2', '--overwrite')
    await kubectl('delete', 'configmap', 'v')
    return /ADDED +v [^]*MODIFIED +v [^]*DELETED +v /.test(watch.output())
  })
  await watch.stop()
})

it('wait --for=delete ends with the object, wait --for=create begins with it', async () => {
  const created = start('wait', '--for=create', 'configmap/brief', '--timeout=30s')
  await kubectl('create', 'configmap', 'brief')
  expect(await created.ended).toBe(0)
  const deleted = start('wait', '--for=delete', 'configmap/brief', '--timeout=30s')
  await kubectl('delete', 'configmap', 'brief')
  expect(await deleted.ended).toBe(0)
})

it('wait --for=jsonpath ends when the field is there', async () => {
  const waiting = start('wait', '--for=jsonpath={.data.color}=green', 'configmap/conf', '--timeout=30s')
  await kubectl('patch', 'configmap', 'conf', '-p', '{"data":{"color":"green"}}')
  expect(await waiting.ended).toBe(0)
})

it('rollout status follows a rollout to its end', async () => {
  await kubectl('create', 'deployment', 'web', '--image=web:1', '--replicas=3')
  const status = start('rollout', 'status', 'deployment/web', '--timeout=40s')
  expect(await status.ended).toBe(0)
  expect(status.output()).toMatch(/deployment "web" successfully rolled out\n$/)
  await kubectl('set', 'image', 'deployment/web', 'web=web:2')
  expect(await kubectl('rollout', 'status', 'deployment/web', '--timeout=40s')).toMatch(/successfully rolled out\n$/)
  expect(await kubectl('get', 'replicasets', '-l', 'app=web')).toMatch(/ 3 +3 +3 [^]* 0 +0 +0 | 0 +0 +0 [^]* 3 +3 +3 /)
})

it('events -w goes on telling', async () => {
  const watch = start('events', '-w', '--for=deployment/scaled')
  await kubectl('create', 'deployment', 'scaled', '--image=web:1')
  await watch.says(/Normal +ScalingReplicaSet +Deployment\/scaled +Scaled up replica set scaled-\w+ from 0 to 1/)
  await watch.stop()
})

it('proxy lets in what may be, as the user of the kubeconfig', async () => {
  const port = await freePort()
  const proxy = start('proxy', `--port=${port}`)
  await proxy.says('Starting to serve on')
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
  expect(((await (await get('/api/v1/namespaces/default/configmaps/conf')).json()) as { kind: string }).kind).toBe(
    'ConfigMap',
  )
  expect((await get('/api/v1/namespaces/default/pods/x/exec?command=sh')).status).toBe(403)
  await proxy.stop()
})

it('certificate approve and deny; an approved request gets a certificate that the server knows', async () => {
  const key = plane.file(
    'user.key',
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
  )
  const request = await run('openssl', ['req', '-new', '-key', key, '-subj', '/O=devs/CN=jane'])
  const csr = (name: string): object => ({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(request.stdout).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      expirationSeconds: 3600,
    },
  })
  for (const name of ['jane', 'eve']) await plane.kubectl.apply(csr(name))
  expect(await kubectl('get', 'csr', 'jane')).toMatch(
    /^NAME +AGE +SIGNERNAME +REQUESTOR +REQUESTEDDURATION +CONDITION\njane +\S+ +kubernetes\.io\/kube-apiserver-client +kubernetes-admin +60m +Pending\n$/,
  )
  expect(await kubectl('certificate', 'approve', 'jane')).toBe(
    'certificatesigningrequest.certificates.k8s.io/jane approved\n',
  )
  expect(await kubectl('certificate', 'deny', 'eve')).toBe('certificatesigningrequest.certificates.k8s.io/eve denied\n')
  await kubectl('wait', '--for=jsonpath={.status.certificate}', 'csr/jane', '--timeout=30s')
  expect(await kubectl('get', 'csr', 'jane', 'eve')).toMatch(/jane .* Approved,Issued\neve .* Denied\n$/)
  expect(await kubectl('describe', 'csr', 'jane')).toMatch(
    /Requesting User: +kubernetes-admin\nSigner: +kubernetes\.io\/kube-apiserver-client\nRequested Duration: +60m\nStatus: +Approved,Issued\nSubject:\n\s+Common Name: +jane\n\s+Serial Number: *\n\s+Organization: +devs\n/,
  )
  const text = await kubectl('get', 'csr', 'jane', '-o', 'jsonpath={.status.certificate}')
  const certificate = plane.file('user.crt', Buffer.from(text, 'base64').toString())
  await kubectl('config', 'set-credentials', 'jane', `--client-certificate=${certificate}`, `--client-key=${key}`)
  const cluster = (await kubectl('config', 'view', '-o', 'jsonpath={.clusters[0].name}')).trim()
  await kubectl('config', 'set-context', 'jane', `--cluster=${cluster}`, '--user=jane')
  expect(await kubectl('--context=jane', 'auth', 'whoami')).toMatch(
    /Username +jane\nGroups +\[devs system:authenticated\]/,
  )
})

it('config renames, uses and deletes contexts', async () => {
  const before = (await kubectl('config', 'current-context')).trim()
  expect(await kubectl('config', 'rename-context', before, 'other')).toContain(`"${before}" renamed to "other"`)
  expect(await kubectl('config', 'use-context', 'other')).toBe('Switched to context "other".\n')
  expect(await kubectl('config', 'set-context', '--current', '--namespace=kube-system')).toContain('modified')
  expect(await kubectl('get', 'serviceaccounts', 'default', '-o', 'jsonpath={.metadata.namespace}')).toBe('kube-system')
  await kubectl('config', 'set-context', '--current', '--namespace=default')
})

it('plugins that are on the PATH are subcommands', async () => {
  plane.file('kubectl-hello', '#!/bin/sh\necho "hello $1"\n')
  await run('chmod', ['755', `${plane.dir}/kubectl-hello`])
  const env = { ...plane.kubectl.env, PATH: `${plane.dir}:${process.env['PATH']}` }
  expect((await run(plane.kubectl.program, ['hello', 'you'], { env })).stdout).toBe('hello you\n')
  expect((await run(plane.kubectl.program, ['plugin', 'list'], { env })).stdout).toContain('kubectl-hello')
})
