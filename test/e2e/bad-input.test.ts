import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { V1ConfigMap } from '@kapell/openapi/types'
import type { Ran } from './support/kapell.ts'
import { configMap, deployment, startControlPlane, type ControlPlane } from './support/control-plane.ts'

/** What stock kubectl shows of wrong input: the server's reasons, never a crash. */
let plane: ControlPlane

beforeAll(async () => {
  plane = await startControlPlane('bad-input')
}, 60_000)
afterAll(async () => {
  // After all of it the server is as well as before.
  expect(await plane.kubectl.run('get', '--raw', '/readyz')).toBe('ok')
  await plane.close()
}, 30_000)

const create = (text: unknown, ...args: string[]): Promise<Ran> =>
  plane.kubectl.try(['create', ...args, '-f', '-'], typeof text === 'string' ? text : JSON.stringify(text))

const withTypo = { ...deployment('typo'), spec: { ...(deployment('typo') as { spec: object }).spec, replicaz: 3 } }
const noSelector = {
  ...deployment('bare'),
  spec: { replicas: 1, template: { metadata: {}, spec: { containers: [] } } },
}

it.each<{ rule: string; input: unknown; args?: string[]; says: RegExp }>([
  { rule: 'JSON cut short', input: '{"apiVersion": "v1", "kind":', says: /error.*(json|yaml|EOF|parsing)/i },
  {
    rule: 'YAML with a tab',
    input: 'apiVersion: v1\n\tkind: Pod\n',
    says: /error parsing STDIN|error converting YAML/,
  },
  {
    rule: 'no kind',
    input: { apiVersion: 'v1', metadata: { name: 'x' } },
    says: /[Kk]ind.*(missing|not set|is required)|must have.*kind/,
  },
  {
    rule: 'a kind that is not there',
    input: { apiVersion: 'apps/v1', kind: 'Deploymint', metadata: { name: 'x' } },
    says: /no matches for kind "Deploymint" in version "apps\/v1"/,
  },
  {
    rule: 'a version that is not there',
    input: { apiVersion: 'apps/v9', kind: 'Deployment', metadata: { name: 'x' } },
    says: /no matches for kind "Deployment" in version "apps\/v9"/,
  },
  {
    rule: 'an unknown field, by default',
    input: withTypo,
    says: /Error from server \(BadRequest\).*strict decoding error: unknown field "spec\.replicaz"/s,
  },
  {
    rule: 'an unknown field, strict',
    input: withTypo,
    args: ['--validate=strict'],
    says: /strict decoding error: unknown field "spec\.replicaz"/,
  },
  {
    rule: 'a number where a text belongs',
    input: { ...configMap('typed'), data: { n: 1 } },
    says: /cannot unmarshal number into Go struct field ConfigMap\.data of type string|unknown object type|ValidationError/,
  },
  {
    rule: 'required fields missing',
    input: noSelector,
    says: /The Deployment "bare" is invalid:.*spec\.selector: Required value.*spec\.template\.spec\.containers: Required value/s,
  },
  {
    rule: 'a name that is no DNS name',
    input: configMap('Not_A_Name'),
    says: /ConfigMap "Not_A_Name" is invalid: metadata\.name: Invalid value: "Not_A_Name": a lowercase RFC 1123 subdomain/,
  },
  {
    rule: 'a name too long',
    input: configMap('x'.repeat(254)),
    says: /metadata\.name: Invalid value: "x{254}": must be no more than 253 (bytes|characters)/,
  },
  {
    rule: 'a label too long',
    input: { ...configMap('l'), metadata: { name: 'l', labels: { a: 'x'.repeat(64) } } },
    says: /metadata\.labels: Invalid value: "x{64}": must be no more than 63 (bytes|characters)/,
  },
  {
    rule: 'a namespace that is not there',
    input: { ...configMap('lost'), metadata: { name: 'lost', namespace: 'nowhere' } },
    says: /Error from server \(NotFound\).*namespaces "nowhere" not found/s,
  },
  {
    rule: 'more than an object may hold',
    input: configMap('big', { blob: 'x'.repeat(1_100_000) }),
    says: /ConfigMap "big" is invalid: \[?.*Too long: may not be more than 1048576 bytes/s,
  },
  {
    rule: 'a body over 3 MiB',
    input: configMap('huge', { blob: 'x'.repeat(3 * 1024 * 1024 + 1) }),
    says: /Error from server \(RequestEntityTooLarge\).*limit is 3145728|Request entity too large/s,
  },
])(
  'refuses $rule',
  async ({ input, args = [], says }) => {
    const ran = await create(input, ...args)
    expect(ran).toMatchObject({ code: 1, stdout: '' })
    expect(ran.stderr).toMatch(says)
  },
  30_000,
)

it('warns of an unknown field, or says nothing of it, as asked', async () => {
  const warned = await create(withTypo, '--validate=warn')
  expect(warned).toMatchObject({ code: 0, stdout: 'deployment.apps/typo created\n' })
  expect(warned.stderr).toBe('Warning: unknown field "spec.replicaz"\n')
  await plane.kubectl.run('delete', 'deployment', 'typo')
  const ignored = await create(withTypo, '--validate=ignore')
  expect(ignored).toEqual({ code: 0, stdout: 'deployment.apps/typo created\n', stderr: '' })
  expect(await plane.kubectl.run('get', 'deployment', 'typo', '-o', 'json')).not.toContain('replicaz')
}, 30_000)

it('refuses what is there already, and an update of what is not the newest', async () => {
  expect((await create(configMap('once'))).code).toBe(0)
  expect((await create(configMap('once'))).stderr).toBe(
    'Error from server (AlreadyExists): error when creating "STDIN": configmaps "once" already exists\n',
  )
  const stale = await plane.kubectl.json<V1ConfigMap>('get', 'configmap', 'once')
  await plane.kubectl.run('label', 'configmap', 'once', 'touched=yes')
  const ran = await plane.kubectl.try(['replace', '-f', '-'], JSON.stringify({ ...stale, data: { lost: 'update' } }))
  expect(ran.code).toBe(1)
  expect(ran.stderr).toContain(
    'Operation cannot be fulfilled on configmaps "once": the object has been modified; please apply your changes to the latest version and try again',
  )
  expect(await plane.kubectl.run('get', 'configmap', 'once', '-o', 'jsonpath={.data}')).toBe('')
}, 30_000)

it('refuses changes of what cannot change', async () => {
  expect((await create(deployment('fixed'))).code).toBe(0)
  const patch = JSON.stringify({ spec: { selector: { matchLabels: { app: 'other' } } } })
  const ran = await plane.kubectl.try(['patch', 'deployment', 'fixed', '--type=merge', '-p', patch])
  expect(ran.code).toBe(1)
  expect(ran.stderr).toMatch(/spec\.selector: Invalid value: .*field is immutable/s)
}, 30_000)

it.each<{ rule: string; args: string[]; says: RegExp }>([
  {
    rule: 'an object',
    args: ['get', 'pod', 'nobody'],
    says: /^Error from server \(NotFound\): pods "nobody" not found\n$/,
  },
  {
    rule: 'a resource',
    args: ['get', 'gadgets'],
    says: /^error: the server doesn't have a resource type "gadgets"\n$/,
  },
  {
    rule: 'a path',
    args: ['get', '--raw', '/apis/none'],
    says: /Error from server \(NotFound\): the server could not find the requested resource/,
  },
  { rule: 'a label', args: ['get', 'pods', '-l', 'a in'], says: /unable to parse requirement/ },
  {
    rule: 'a field',
    args: ['get', 'pods', '--field-selector', 'spec.color=red'],
    says: /field label not supported: spec\.color/,
  },
  {
    rule: 'a patch',
    args: ['patch', 'namespace', 'default', '--type=json', '-p', '[{"op":"test","path":"/kind","value":"Pod"}]'],
    says: /the server rejected our request due to an error in our request|test.* failed|Invalid/i,
  },
  {
    rule: 'a page',
    args: ['get', '--raw', '/api/v1/pods?limit=1&continue=rubbish'],
    says: /continue key is not valid/,
  },
])(
  'says what is wrong with $rule that is not there or not right',
  async ({ args, says }) => {
    const ran = await plane.kubectl.try(args)
    expect(ran).toMatchObject({ code: 1, stdout: '' })
    expect(ran.stderr).toMatch(says)
  },
  30_000,
)

/** A certificate for the administrator, made by an authority that the cluster does not know. */
function strangersCertificate(): { 'client-certificate-data': string; 'client-key-data': string } {
  const [key, cert] = [join(plane.dir, 'stranger.key'), join(plane.dir, 'stranger.crt')]
  const subject = ['-subj', '/O=system:masters/CN=kubernetes-admin', '-days', '1', '-nodes']
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'pipe',
  })
  const base64 = (path: string): string => readFileSync(path).toString('base64')
  return { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }
}

it('turns strangers away, and lets nobody do what no role allows', async () => {
  const get = ['get', 'pods']
  // Without credentials kubectl asks for a name and a password, and is given none.
  expect(await plane.as('nobody', {}).try(get)).toMatchObject({ code: 1, stderr: 'error: EOF\n' })
  // With a password, which nobody here knows: the same as without.
  const anonymous = plane.as('anonymous', { username: 'admin', password: 'admin' })
  const forbidden = await anonymous.try(['get', '--raw', '/api/v1/pods'])
  expect(forbidden.stderr).toMatch(/Forbidden.*pods is forbidden: User "system:anonymous" cannot list resource "pods"/)
  expect(await anonymous.run('get', '--raw', '/livez')).toBe('ok')
  const unknown = /^error: You must be logged in to the server/m
  for (const [name, credentials] of Object.entries({
    rubbish: { token: 'rubbish' },
    stranger: strangersCertificate(),
  })) {
    const ran = await plane.as(name, credentials).try(get)
    expect({ name, code: ran.code, stderr: ran.stderr }).toEqual({
      name,
      code: 1,
      stderr: expect.stringMatching(unknown) as string,
    })
  }
  const token = (await plane.kubectl.run('create', 'token', 'default')).trim()
  const account = plane.as('account', { token })
  expect((await account.try(get)).stderr).toBe(
    'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"\n',
  )
  const [head, body, signature = ''] = token.split('.')
  const forged = [head, body, signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`].join('.')
  expect((await plane.as('forger', { token: forged }).try(get)).stderr).toMatch(unknown)
}, 30_000)
