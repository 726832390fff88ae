import { silentLogger } from '@kapell/controllers/machinery/log'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { startDns } from '@kapell/node-agent/dns/dns'
import { openNft } from '@kapell/node-agent/proxy/nft'
import { startProxy } from '@kapell/node-agent/proxy/proxy'
import { fakeInformers } from '@kapell/node-agent/proxy/testing'
import { run } from '@kapell/node-agent/runtime/exec'
import { endpointSlices, services } from '@kapell/openapi/meta/refs'
import { encode } from '@leichtgewicht/dns-packet'
import { median } from './harness.ts'

/** Measures inside a network namespace of its own and prints one JSON object. */
const podAddress = '10.99.0.1'
const ipOf = (at: number) => `10.96.${at >> 8}.${at & 255}`

function fill(informers: ReturnType<typeof fakeInformers>, from: number, to: number): void {
  for (let at = from; at < to; at += 1) {
    informers.set(services, {
      metadata: { name: `s${at}`, namespace: 'bench' },
      spec: { clusterIP: ipOf(at), clusterIPs: [ipOf(at)], ports: [{ port: 80, protocol: 'TCP' }] },
    })
    informers.set(endpointSlices, slice(at, podAddress))
  }
}

const slice = (at: number, ...addresses: string[]) => ({
  metadata: { name: `s${at}-1`, namespace: 'bench', labels: { 'kubernetes.io/service-name': `s${at}` } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  endpoints: addresses.map((address) => ({ addresses: [address], nodeName: 'n2' })),
})

async function changeMs(proxy: Awaited<ReturnType<typeof startProxy>>, informers: ReturnType<typeof fakeInformers>) {
  const times: number[] = []
  for (let round = 0; round < 100; round += 1) {
    const start = performance.now()
    informers.set(endpointSlices, slice(7, podAddress, `10.99.1.${round + 1}`))
    await proxy.settled()
    times.push(performance.now() - start)
  }
  informers.set(endpointSlices, slice(7, podAddress))
  await proxy.settled()
  return median(times)
}

async function connectMs(count: number): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 300; round += 1) {
    const start = performance.now()
    const socket = connect(80, ipOf((round * 7919) % count))
    await once(socket, 'connect')
    times.push(performance.now() - start)
    socket.destroy()
  }
  return median(times)
}

/** Questions over UDP, so many under way at once; answers a second and the 99th percentile of their times. */
async function askDns(port: number, names: readonly string[], milliseconds: number) {
  const times: number[] = []
  const end = performance.now() + milliseconds
  await Promise.all(
    Array.from({ length: 16 }, async (_, client) => {
      const socket = createSocket('udp4')
      socket.connect(port, '127.0.0.1')
      await once(socket, 'connect')
      for (let at = client; performance.now() < end; at += 16) {
        const start = performance.now()
        socket.send(
          encode({
            type: 'query',
            id: at & 0xffff,
            flags: 256,
            questions: [{ type: 'A', class: 'IN', name: names[at % names.length]! }],
          }),
        )
        await once(socket, 'message')
        times.push(performance.now() - start)
      }
      socket.close()
    }),
  )
  times.sort((a, b) => a - b)
  return { perSecond: (times.length * 1000) / milliseconds, p99Ms: times[Math.floor(times.length * 0.99)]! }
}

await run('ip', ['-batch', '-'], {
  input: `link set lo up\naddress add ${podAddress}/32 dev lo\nroute add 10.96.0.0/16 dev lo\n`,
})
const server = createServer((socket) => void socket.on('error', () => socket.destroy())).listen(8080)
const informers = fakeInformers()
const nft = openNft()
const proxy = await startProxy({
  informers,
  nodeName: 'n1',
  podCidr: '10.244.0.0/24',
  log: silentLogger,
  nft,
  host: { undo: () => Promise.resolve() },
  checkMs: 0,
})
const dns = await startDns({ informers, address: '127.0.0.1', port: 0, upstreams: [], log: silentLogger })
const results: Record<string, number> = {}
let known = 0
for (const count of [100, 5000]) {
  fill(informers, known, count)
  known = count
  await proxy.settled()
  results[`change-${count}`] = await changeMs(proxy, informers)
  results[`connect-${count}`] = await connectMs(count)
}
const cluster = Array.from({ length: 1000 }, (_, at) => `s${at}.bench.svc.cluster.local`)
const cpu = process.cpuUsage()
const answered = await askDns(dns.port, cluster, 3000)
const used = process.cpuUsage(cpu)
results['dns-qps'] = answered.perSecond
results['dns-p99'] = answered.p99Ms
results['dns-core'] = (used.user + used.system) / 3_000_000
await dns.close()
await proxy.close()
await nft.close()
server.close()
process.stdout.write(JSON.stringify(results))
process.exit(0)
