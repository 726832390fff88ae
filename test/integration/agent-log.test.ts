import { once, type EventEmitter } from 'node:events'
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, issueCertificate } from '@kapell/apiserver/certificates/issue'
import { realClock, settle } from '@kapell/controllers/machinery/clock'
import { silentLogger } from '@kapell/controllers/machinery/log'
import { createSimulatedRuntime } from '@kapell/node-agent/cri/simulated'
import { record, running, testPod } from '@kapell/node-agent/pods/testing'
import { startAgentServer, type AgentServer } from '@kapell/node-agent/server/server'

const dir = mkdtempSync(join(tmpdir(), 'kapell-agent-log-'))
const path = join(dir, '0.log')
let server: AgentServer
let connection: EventEmitter
let whileLookingUp = (): Promise<void> => Promise.resolve()
let authority: Awaited<ReturnType<typeof createAuthority>>

beforeAll(async () => {
  // More than the buffers of a connection hold.
  writeFileSync(path, `2026-01-01T00:00:00.000000000Z stdout F ${'x'.repeat(100)}\n`.repeat(200_000))
  const hourMs = 3_600_000
  const validity = { notBefore: new Date(Date.now() - hourMs), notAfter: new Date(Date.now() + hourMs) }
  authority = await createAuthority({ commonName: 'ca', ...validity })
  const serving = await issueCertificate(authority, {
    commonName: 'node',
    hosts: ['127.0.0.1'],
    usages: ['server'],
    ...validity,
  })
  server = await startAgentServer({
    cert: serving.certificate,
    key: serving.key,
    clientCa: authority.certificate,
    host: '127.0.0.1',
    port: 0,
    cri: createSimulatedRuntime({ clock: realClock }),
    source: {
      pod: () => testPod(),
      record: async () => {
        await whileLookingUp()
        return record([running('c', { logPath: path })])
      },
    },
    guard: {
      check: ({ socket }) => {
        connection = socket
        return Promise.resolve({ name: 'me', groups: [] })
      },
    },
    pods: () => [],
    onPodChange: () => () => {},
    problem: () => '',
    metrics: () => Promise.resolve(''),
    removeLocalVolume: () => Promise.resolve(),
    log: silentLogger,
  })
})
afterAll(async () => {
  await server.close()
  rmSync(dir, { recursive: true, force: true })
})

/** Whether this process has the log open. */
function isOpen(): boolean {
  return readdirSync('/proc/self/fd').some((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path
    } catch {
      return false
    }
  })
}

const ask = (query: string): ClientRequest => {
  const outgoing = request({
    host: '127.0.0.1',
    port: server.port,
    ca: authority.certificate,
    agent: false,
    path: `/containerLogs/ns/p/c${query}`,
  })
  outgoing.on('error', () => {})
  outgoing.end()
  return outgoing
}

test.each(['', '?follow=true'])('a log whose reader leaves half-way is closed (%s)', async (query) => {
  const outgoing = ask(query)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  await once(response, 'data')
  expect(isOpen()).toBe(true)
  outgoing.destroy()
  while (isOpen()) await settle(1)
})

test('a log whose reader left while its container was looked up is not opened', async () => {
  const lookedUp = Promise.withResolvers<void>()
  whileLookingUp = async () => {
    const gone = once(connection, 'close')
    outgoing.destroy()
    await gone
    lookedUp.resolve()
  }
  const outgoing = ask('')
  await lookedUp.promise
  for (let turn = 0; turn < 50; turn++) {
    await settle(1)
    expect(isOpen()).toBe(false)
  }
})
