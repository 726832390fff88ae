import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { configMap, startTestServer, type TestServer } from './apiserver-support.ts'

/** Webhooks that hang, lie or answer with rubbish: the request fails in the words clients know, and stores nothing. */
let server: TestServer
let hook: Server
let answer: (response: ServerResponse, uid: string) => void
const maps = '/api/v1/namespaces/default/configmaps'
const configurations = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'

beforeAll(async () => {
  server = await startTestServer()
  const { certificate, key } = await server.api.issueServingCertificate({ commonName: 'hook', hosts: ['localhost'] })
  hook = createServer({ cert: certificate, key }, (request, response) => {
    let text = ''
    request.on('data', (chunk) => (text += String(chunk)))
    request.on('end', () => answer(response, (JSON.parse(text) as { request: { uid: string } }).request.uid))
    response.on('error', () => {})
  })
  hook.listen(0, 'localhost')
  await once(hook, 'listening')
  const made = await server.ask('POST', configurations, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'hostile' },
    webhooks: [
      {
        name: 'hostile.example.com',
        clientConfig: {
          url: `https://localhost:${(hook.address() as AddressInfo).port}/`,
          caBundle: Buffer.from(server.api.caCertificate).toString('base64'),
        },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        timeoutSeconds: 1,
      },
    ],
  })
  expect(made.status).toBe(201)
})
afterAll(async () => {
  hook.closeAllConnections()
  hook.close()
  await server.close()
})

const say =
  (body: string | Buffer, status = 200): typeof answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(body)
  }
const review =
  (more: object): typeof answer =>
  (response, uid) =>
    say(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, ...more } }))(
      response,
      uid,
    )
const patch = (text: string): typeof answer =>
  review({ allowed: true, patchType: 'JSONPatch', patch: Buffer.from(text).toString('base64') })
/** Writes until the other end has had enough. */
const endless: typeof answer = (response) => {
  const more = (): void => {
    if (response.destroyed) return
    if (response.write(' '.repeat(65_536))) setImmediate(more)
    else response.once('drain', more)
  }
  more()
}

it.each<[string, typeof answer, number]>([
  ['says nothing', () => {}, 500],
  ['hangs up', (response) => response.destroy(), 500],
  ['begins and does not end', (response) => void response.write('{'), 500],
  ['does not stop', endless, 500],
  ['answers with an error', say('oops', 500), 500],
  ['answers with nothing', say(''), 500],
  ['sends the caller elsewhere', say('', 302), 500],
  ['answers with no JSON', say('<html>'), 500],
  ['answers with half of it', say('{"apiVersion":"admission.k8s.io/v1",'), 500],
  ['answers with brackets', say('['.repeat(200_000)), 500],
  ['answers with another kind', say('{"apiVersion":"v1","kind":"Pod"}'), 500],
  ['answers without a response', say('{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}'), 500],
  ['answers with null', say('null'), 500],
  ['allows by a word', (response, uid) => review({ allowed: 'yes' })(response, uid), 500],
  ['answers another question', review({ uid: 'x', allowed: true }), 500],
  ['patches without saying how', review({ allowed: true, patch: 'W10=' }), 500],
  ['patches with no JSON', patch('hello'), 500],
  ['patches with an operation that does not exist', patch('[{"op":"nope","path":"/a"}]'), 500],
  ['makes it what it cannot be', patch('[{"op":"add","path":"/data","value":5}]'), 500],
  ['makes it invalid', patch('[{"op":"add","path":"/data","value":{"bad key!":"x"}}]'), 422],
  ['denies, and calls that a success', review({ allowed: false, status: { status: 'Success', code: 200 } }), 400],
])('a webhook that %s', async (_what, how, status) => {
  answer = how
  const refused = await server.ask('POST', maps, configMap('never'))
  expect(refused).toMatchObject({ status, json: { kind: 'Status', status: 'Failure', code: status } })
  expect(refused.json.message).toMatch(/hostile\.example\.com|Internal error occurred|is invalid/)
  expect((await server.ask('GET', `${maps}/never`)).status).toBe(404)
})
