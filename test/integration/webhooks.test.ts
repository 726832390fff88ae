import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { startTestServer, type Json, type TestServer } from './apiserver-support.ts'

interface Review {
  request: { uid: string; operation: string; object: (Json & { metadata: { name: string } }) | null; dryRun: boolean }
}
type Verdict = Json & { allowed: boolean }

const encoded = (patch: unknown): Verdict => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
})

/** Admission webhooks over real HTTPS: what they are asked, and what their answers do. */
describe('admission webhooks', () => {
  let server: TestServer
  let hook: Server
  let url: string
  let caBundle: string
  const asked: string[] = []
  const verdicts: Record<string, (review: Review['request']) => Verdict | 'silence'> = {
    '/allow': () => ({ allowed: true, warnings: ['mind the gap'] }),
    '/deny': () => ({ allowed: false, status: { message: 'not on my watch' } }),
    '/mutate': () => encoded([{ op: 'add', path: '/data', value: { added: 'yes' } }]),
    '/rubbish': () => encoded([{ op: 'remove', path: '/nowhere' }]),
    '/silence': () => 'silence',
  }

  beforeAll(async () => {
    server = await startTestServer()
    const { certificate, key } = await server.api.issueServingCertificate({
      commonName: 'hook',
      hosts: ['localhost', '127.0.0.1'],
    })
    hook = createServer({ cert: certificate, key }, (request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const { request: review } = JSON.parse(Buffer.concat(parts).toString()) as Review
        const path = (request.url ?? '').split('?')[0] ?? ''
        asked.push(`${path} ${review.operation}`)
        const verdict = verdicts[path]?.(review) ?? { allowed: true }
        if (verdict === 'silence') return
        response.setHeader('content-type', 'application/json')
        response.end(
          JSON.stringify({
            apiVersion: 'admission.k8s.io/v1',
            kind: 'AdmissionReview',
            response: { uid: review.uid, ...verdict },
          }),
        )
      })
    })
    hook.listen(0, '127.0.0.1')
    await once(hook, 'listening')
    url = `https://localhost:${(hook.address() as AddressInfo).port}`
    caBundle = Buffer.from(server.api.caCertificate).toString('base64')
  })
  afterAll(async () => {
    hook.closeAllConnections()
    hook.close()
    await server.close()
  })

  const configure = async (
    kind: 'Mutating' | 'Validating',
    name: string,
    path: string,
    more: Json = {},
  ): Promise<{ remove: () => Promise<void> }> => {
    const resource = `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}webhookconfigurations`
    const made = await server.ask('POST', resource, {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: `${kind}WebhookConfiguration`,
      metadata: { name },
      webhooks: [
        {
          name: `${name}.example.com`,
          clientConfig: { url: `${url}${path}`, caBundle },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
          objectSelector: { matchLabels: { hook: name } },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          timeoutSeconds: 1,
          ...more,
        },
      ],
    })
    expect(made.status).toBe(201)
    return { remove: async () => void (await server.ask('DELETE', `${resource}/${name}`)) }
  }
  const createConfigMap = (hookName: string, query = '') =>
    server.ask('POST', `/api/v1/namespaces/default/configmaps${query}`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { generateName: 'a-', labels: { hook: hookName } },
    })

  it('asks those whose rules and selectors match, and passes their warnings on', async () => {
    const { remove } = await configure('Validating', 'allowing', '/allow')
    asked.length = 0
    expect((await createConfigMap('somebody-else')).status).toBe(201)
    expect(asked).toEqual([])
    const answer = await createConfigMap('allowing')
    expect([answer.status, asked]).toEqual([201, ['/allow CREATE']])
    expect(answer.headers['warning']).toContain('mind the gap')
    await remove()
  })

  it('refuses what a webhook denies, in the words clients know', async () => {
    const { remove } = await configure('Validating', 'denying', '/deny')
    const answer = await createConfigMap('denying')
    expect([answer.status, answer.json.message]).toEqual([
      400,
      'admission webhook "denying.example.com" denied the request: not on my watch',
    ])
    await remove()
    expect((await createConfigMap('denying')).status).toBe(201)
  })

  it('stores what a webhook changed', async () => {
    const { remove } = await configure('Mutating', 'mutating', '/mutate')
    const answer = await createConfigMap('mutating')
    expect([answer.status, answer.json['data']]).toEqual([201, { added: 'yes' }])
    await remove()
  })

  it.each([
    ['a webhook that does not answer in time', '/silence'],
    ['a patch that does not apply', '/rubbish'],
  ])('%s fails the request, or is passed over when its policy says so', async (_rule, path) => {
    const failing = await configure('Mutating', 'failing', path, { failurePolicy: 'Fail' })
    const refused = await createConfigMap('failing')
    expect(refused.status).toBe(500)
    await failing.remove()
    if (path === '/silence') {
      const ignored = await configure('Mutating', 'ignored', path, { failurePolicy: 'Ignore' })
      expect((await createConfigMap('ignored')).status).toBe(201)
      await ignored.remove()
    }
  })

  it('does not call webhooks with side effects in a dry run', async () => {
    const { remove } = await configure('Validating', 'effective', '/allow', { sideEffects: 'NoneOnDryRun' })
    expect((await createConfigMap('effective', '?dryRun=All')).status).toBe(201)
    await remove()
  })

  it('asks only when its match conditions hold, and refuses conditions that are no expressions', async () => {
    const { remove } = await configure('Validating', 'choosy', '/deny', {
      matchConditions: [{ name: 'wanted', expression: "has(object.data) && object.data.ask == 'yes'" }],
    })
    const body = (data: Json) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { generateName: 'a-', labels: { hook: 'choosy' } },
      data,
    })
    const path = '/api/v1/namespaces/default/configmaps'
    expect((await server.ask('POST', path, body({ ask: 'no' }))).status).toBe(201)
    expect((await server.ask('POST', path, body({ ask: 'yes' }))).status).toBe(400)
    await remove()
    const bad = await server.ask('POST', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'bad' },
      webhooks: [
        {
          name: 'bad.example.com',
          clientConfig: { url, caBundle },
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          matchConditions: [{ name: 'c', expression: 'object.' }],
        },
      ],
    })
    expect([bad.status, bad.json.reason]).toEqual([422, 'Invalid'])
  })
})
