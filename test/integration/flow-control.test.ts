import { asker, startTestServer, type Json, type Read, type TestServer } from './apiserver-support.ts'
import { until } from '../e2e/support/wait.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
})
afterAll(() => server.close())

const root = '/apis/flowcontrol.apiserver.k8s.io/v1'
const configMaps = '/api/v1/namespaces/default/configmaps'

const level = (name: string): Json => ({
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: 'PriorityLevelConfiguration',
  metadata: { name },
  spec: {
    type: 'Limited',
    limited: { nominalConcurrencyShares: 0, borrowingLimitPercent: 0, limitResponse: { type: 'Reject' } },
  },
})
const schema = (name: string, levelName: string): Json => ({
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: 'FlowSchema',
  metadata: { name },
  spec: {
    matchingPrecedence: 50,
    priorityLevelConfiguration: { name: levelName },
    rules: [
      {
        subjects: [{ kind: 'User', user: { name: 'bob' } }],
        resourceRules: [{ verbs: ['*'], apiGroups: [''], resources: ['configmaps'], namespaces: ['*'] }],
      },
    ],
  },
})
const dangling = ({ json }: Read): Json | undefined =>
  (json['status'] as { conditions?: Json[] } | undefined)?.conditions?.[0]
const uidOf = (answer: Read): string => String(answer.json.metadata?.uid)

it('takes requests for what the objects say, and tells the client and the schemas so', async () => {
  await server.ask('POST', `${root}/flowschemas`, schema('bobs', 'small'))
  const told = await until('the schema to dangle', async () => {
    const answer = await server.ask('GET', `${root}/flowschemas/bobs`)
    return dangling(answer)?.['status'] === 'True' ? answer : undefined
  })
  expect(dangling(told)).toMatchObject({
    type: 'Dangling',
    reason: 'NotFound',
    message:
      'This FlowSchema references the PriorityLevelConfiguration object named "small" but there is no such object',
  })
  expect(told.json.metadata?.['managedFields']).toContainEqual(
    expect.objectContaining({
      manager: 'api-priority-and-fairness-config-consumer-v1',
      operation: 'Apply',
      subresource: 'status',
    }),
  )
  const bob = asker(server.api.transport({ username: 'bob', groups: [] }))
  const others = await server.ask('GET', `${root}/flowschemas/global-default`)
  expect((await bob('GET', configMaps)).headers).toMatchObject({ 'x-kubernetes-pf-flowschema-uid': uidOf(others) })

  const made = await server.ask('POST', `${root}/prioritylevelconfigurations`, level('small'))
  await until('the schema to be whole', async () => {
    return dangling(await server.ask('GET', `${root}/flowschemas/bobs`))?.['status'] === 'False'
  })
  const answer = await bob('GET', configMaps)
  expect(answer).toMatchObject({
    status: 403,
    headers: {
      'x-kubernetes-pf-flowschema-uid': uidOf(told),
      'x-kubernetes-pf-prioritylevel-uid': uidOf(made),
    },
  })
  expect((await server.ask('GET', '/metrics')).text).toContain(
    'apiserver_flowcontrol_dispatched_requests_total{flow_schema="bobs",priority_level="small"} 1\n',
  )
})

it('refuses at once where there is no room and no queue, in plain text', async () => {
  const bob = asker(server.api.transport({ username: 'bob', groups: ['system:masters'] }))
  // Masters are exempt by the first schema of all.
  const all = await Promise.all([bob('GET', configMaps), bob('GET', configMaps)])
  expect(all.map(({ status }) => status)).toEqual([200, 200])
  const plain = asker(server.api.transport({ username: 'bob', groups: [] }))
  const answers = await Promise.all([plain('GET', configMaps), plain('GET', configMaps)])
  expect(answers.map(({ status }) => status)).toEqual([403, 429])
  expect(answers[1]).toMatchObject({
    text: 'Too many requests, please try again later.\n',
    headers: { 'retry-after': '1', 'content-type': 'text/plain; charset=utf-8' },
  })
})

it('brings back what must not be missing', async () => {
  const old = await server.ask('GET', `${root}/flowschemas/exempt`)
  await server.ask('DELETE', `${root}/flowschemas/exempt`)
  await until('the exempt schema to be back', async () => {
    const answer = await server.ask('GET', `${root}/flowschemas/exempt`)
    return answer.status === 200 && uidOf(answer) !== uidOf(old)
  })
})

it('shows people what goes on', async () => {
  const { text } = await server.ask('GET', '/debug/api_priority_and_fairness/dump_priority_levels')
  const [head, ...rows] = text.trim().split('\n')
  expect(head).toMatch(/^PriorityLevelName, ActiveQueues, IsIdle, /)
  expect(rows.find((row) => row.startsWith('small,'))).toMatch(/^small,( +\S+,){5} +2, +1, +0, +0$/)
  expect((await server.ask('GET', '/debug/api_priority_and_fairness/dump_queues')).text).toContain('node-high,')
  expect((await server.ask('GET', '/debug/api_priority_and_fairness/dump_requests')).status).toBe(200)
})
