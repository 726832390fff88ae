import { silentLogger } from '@kapell/controllers/machinery/log'
import { startPolicyEnforcer } from '@kapell/node-agent/network-policy/enforcer'
import { openNft } from '@kapell/node-agent/proxy/nft'
import { startProxy } from '@kapell/node-agent/proxy/proxy'
import { fakeInformers } from '@kapell/node-agent/proxy/testing'
import { endpointSlices, namespaces, networkPolicies, pods, services } from '@kapell/openapi/meta/refs'
import type { V1EndpointSlice, V1Namespace, V1NetworkPolicy, V1Pod, V1Service } from '@kapell/openapi/types'
import { createInterface } from 'node:readline'

/** Network policies beside Services inside the network namespace this process was started in, told line by line. */
export interface PolicyOrder {
  pods?: V1Pod[]
  namespaces?: V1Namespace[]
  policies?: V1NetworkPolicy[]
  service?: V1Service
  slice?: V1EndpointSlice
  /** Keys of policies to remove. */
  remove?: string[]
  close?: boolean
}

const [nodeName, podCidr, prefer] = process.argv.slice(2) as [string, string, 'library' | 'command']
const informers = fakeInformers()
const warnings: string[] = []
const note = (message: string, fields?: object) => warnings.push(`${message} ${JSON.stringify(fields)}`)
const log = { ...silentLogger, warn: note, error: note }
const nft = openNft({ prefer })
const proxy = await startProxy({ informers, nodeName, podCidr, log, nft, checkMs: 0 })
const enforcer = startPolicyEnforcer({ informers, nodeName, table: 'kapell-policies', nft, log, checkMs: 0 })
await Promise.all([proxy.synced(), enforcer.synced()])
process.stdout.write(`${JSON.stringify({ ready: nft.kind })}\n`)
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as PolicyOrder
  for (const each of order.namespaces ?? []) informers.set(namespaces, each)
  for (const each of order.pods ?? []) informers.set(pods, each)
  for (const each of order.policies ?? []) informers.set(networkPolicies, each)
  for (const each of order.remove ?? []) informers.remove(networkPolicies, each)
  if (order.service !== undefined) informers.set(services, order.service)
  if (order.slice !== undefined) informers.set(endpointSlices, order.slice)
  await Promise.all([proxy.settled(), enforcer.settled()])
  if (order.close === true) {
    await enforcer.close()
    await proxy.close()
  }
  process.stdout.write(`${JSON.stringify({ warnings: warnings.splice(0) })}\n`)
}
