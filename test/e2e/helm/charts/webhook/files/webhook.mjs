import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
const file = (name) => readFileSync(`/tls/${name}`)
createServer({ cert: file('tls.crt'), key: file('tls.key') }, async (request, response) => {
  if (request.url === '/healthz') return response.end('ok')
  let text = ''
  for await (const chunk of request) text += chunk
  const { request: asked } = JSON.parse(text)
  const answer = { uid: asked.uid, allowed: true }
  if (request.url.startsWith('/mutate')) {
    answer.patchType = 'JSONPatch'
    answer.patch = Buffer.from(JSON.stringify([{ op: 'add', path: '/metadata/annotations', value: { touched: 'yes' } }])).toString('base64')
  } else if (asked.object.data?.forbidden !== undefined) {
    answer.allowed = false
    answer.status = { code: 403, message: 'forbidden is forbidden' }
  }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }))
}).listen(8443)
