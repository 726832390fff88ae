import { FakeClock } from '@kapell/controllers/machinery/clock'
import { silentLogger } from '@kapell/controllers/machinery/log'
import { createServer, type AddressInfo } from 'node:net'
import { askPeer } from './peers.ts'
import { startStatusServer } from './status-server.ts'
import { createTelemetry, type FamilyTelemetry } from './telemetry.ts'

const clock = new FakeClock('2026-05-01T10:00:00Z')
const telemetry = createTelemetry({ clock })
let [four, six]: FamilyTelemetry[] = []
let nodeEligible = true
let server: Awaited<ReturnType<typeof startStatusServer>>

beforeAll(async () => {
  four = telemetry.family('IPv4')
  six = telemetry.family('IPv6')
  server = await startStatusServer({
    telemetry,
    nodeEligible: () => nodeEligible,
    lease: () => ({ node: 'n1', leaseAgeMs: 7 }),
    log: silentLogger,
    healthPort: 0,
    metricsPort: 0,
  })
})
afterAll(() => server.close())

const get = async (port: number | undefined, path: string) => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: 'close' } })
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
}

it('answers what kube-proxy answers: mode, health and nothing else', async () => {
  expect(await get(server.metricsPort, '/proxyMode')).toEqual({
    status: 200,
    type: 'text/plain; charset=utf-8',
    text: 'nftables',
  })
  expect((await get(server.metricsPort, '/healthz')).text).toBe('ok')
  expect(await get(server.metricsPort, '/livez')).toMatchObject({ status: 404, text: '404 page not found\n' })
  expect((await get(server.healthPort, '/metrics')).status).toBe(404)
})

it('is well while changes are written in time, and ill when one waits for a minute; families apart', async () => {
  four!.queued()
  four!.synced({ seconds: 0.05, full: true })
  six!.synced({ seconds: 0.01, full: true })
  const { status, type, text } = await get(server.healthPort, '/healthz')
  expect([status, type]).toEqual([200, 'application/json'])
  const at = '2026-05-01T10:00:00.000Z'
  expect(text).toBe(
    JSON.stringify({
      lastUpdated: at,
      currentTime: at,
      nodeEligible: true,
      healthy: true,
      status: { IPv4: { lastUpdated: at, healthy: true }, IPv6: { lastUpdated: at, healthy: true } },
    }),
  )
  six!.queued()
  await clock.advance(59_000)
  expect((await get(server.healthPort, '/livez')).status).toBe(200)
  await clock.advance(2000)
  const ill = await get(server.healthPort, '/livez')
  expect(ill.status).toBe(503)
  expect(JSON.parse(ill.text)).toEqual({
    lastUpdated: at,
    currentTime: '2026-05-01T10:01:01.000Z',
    healthy: false,
    status: { IPv4: { lastUpdated: at, healthy: true }, IPv6: { lastUpdated: at, healthy: false } },
  })
  six!.synced({ seconds: 0.01, full: false })
  expect((await get(server.healthPort, '/livez')).status).toBe(200)
})

it('tells load balancers to leave a node that goes, but lives', async () => {
  nodeEligible = false
  expect((await get(server.healthPort, '/healthz')).status).toBe(503)
  expect((await get(server.healthPort, '/livez')).status).toBe(200)
  nodeEligible = true
})

it("counts under upstream's names", async () => {
  four!.serviceChanged()
  six!.serviceChanged()
  four!.endpointsChanged(new Date(clock.now().getTime() - 400))
  four!.countNoLocal((policy) => (policy === 'internal' ? 2 : 0))
  const before = (await get(server.metricsPort, '/metrics')).text
  expect(before).toContain('kubeproxy_sync_proxy_rules_service_changes_pending 1\n')
  four!.synced({ seconds: 0.003, full: false })
  const { text } = await get(server.metricsPort, '/metrics')
  for (const line of [
    'kubeproxy_sync_proxy_rules_service_changes_total 1',
    'kubeproxy_sync_proxy_rules_service_changes_pending 0',
    'kubeproxy_sync_proxy_rules_endpoint_changes_total 1',
    'kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.004"} 1',
    'kubeproxy_sync_full_proxy_rules_duration_seconds_count{ip_family="IPv4"} 1',
    'kubeproxy_sync_partial_proxy_rules_duration_seconds_count{ip_family="IPv4"} 1',
    'kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="0.5"} 1',
    'kubeproxy_sync_proxy_rules_no_local_endpoints_total{ip_family="IPv4",traffic_policy="internal"} 2',
    `kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"} ${clock.now().getTime() / 1000}`,
    'kubeproxy_proxy_livez_total{code="503"} 1',
  ])
    expect(text.split('\n')).toContain(line)
})

it('tells other nodes when it was heard; where no agent listens, the machine says so', async () => {
  const node = (name: string) => ({
    metadata: { name },
    status: { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }] },
  })
  expect(await askPeer(node('n1'), server.healthPort)).toEqual({ node: 'n1', leaseAgeMs: 7 })
  expect(await askPeer(node('n2'), server.healthPort)).toBeUndefined()
  const closed = createServer()
  const port = await new Promise<number>((resolve) => {
    closed.listen(0, '127.0.0.1', () => resolve((closed.address() as AddressInfo).port))
  })
  await new Promise((resolve) => closed.close(resolve))
  expect(await askPeer(node('n1'), port)).toBe('down')
  expect(await askPeer(undefined)).toBeUndefined()
})

it('leaves a port to whoever has it', async () => {
  const other = await startStatusServer({
    telemetry,
    nodeEligible: () => true,
    lease: () => ({}),
    log: silentLogger,
    healthPort: server.healthPort!,
    metricsPort: server.metricsPort!,
  })
  expect([other.healthPort, other.metricsPort]).toEqual([undefined, undefined])
  await other.close()
})
