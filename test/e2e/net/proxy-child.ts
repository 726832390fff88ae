import { silentLogger } from '@kapell/controllers/machinery/log'
import type { HostPort } from '@kapell/node-agent/proxy/host-ports'
import { startDns } from '@kapell/node-agent/dns/dns'
import { openNft } from '@kapell/node-agent/proxy/nft'
import { startProxy } from '@kapell/node-agent/proxy/proxy'
import { fakeInformers } from '@kapell/node-agent/proxy/testing'
import { gatewayOf } from '@kapell/node-agent/runtime/host'
import { endpointSlices, services } from '@kapell/openapi/meta/refs'
import type { V1EndpointSlice, V1Service } from '@kapell/openapi/types'
import { createInterface } from 'node:readline'

/** A Service proxy and a name server inside the network namespace this process was started in, told what to do line by line. */
export type ProxyOrder =
  | { set: { service?: V1Service; slice?: V1EndpointSlice } }
  | { remove: { service?: string; slice?: string } }
  | { hostPorts: { pod: string; ports: HostPort[] } }
  | { close: true }

const [nodeName, podCidr, prefer] = process.argv.slice(2) as [string, string, 'library' | 'command']
const informers = fakeInformers()
const warnings: string[] = []
const note = (message: string, fields?: object) => warnings.push(`${message} ${JSON.stringify(fields)}`)
const nft = openNft({ prefer })
const proxy = await startProxy({
  informers,
  nodeName,
  podCidr,
  log: { ...silentLogger, warn: note, error: note },
  nft,
  checkMs: 0,
})
const dns = await startDns({ informers, address: gatewayOf(podCidr), upstreams: [], log: silentLogger })
await proxy.synced()
process.stdout.write(`${JSON.stringify({ ready: nft.kind })}\n`)
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as ProxyOrder
  if ('set' in order) {
    if (order.set.service !== undefined) informers.set(services, order.set.service)
    if (order.set.slice !== undefined) informers.set(endpointSlices, order.set.slice)
  } else if ('remove' in order) {
    if (order.remove.service !== undefined) informers.remove(services, order.remove.service)
    if (order.remove.slice !== undefined) informers.remove(endpointSlices, order.remove.slice)
  } else if ('hostPorts' in order) proxy.setHostPorts(order.hostPorts.pod, order.hostPorts.ports)
  else {
    await dns.close()
    await proxy.close()
  }
  await proxy.settled()
  process.stdout.write(`${JSON.stringify({ warnings: warnings.splice(0) })}\n`)
}
