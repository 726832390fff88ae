import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { EventRecorder } from '@kapell/controllers/machinery/event-recorder'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { selfSigned } from '../ingress/default-certificate.ts'
import { createHaproxy, haproxyUser } from '../ingress/haproxy.ts'
import { startIngress } from '../ingress/ingress.ts'
import type { NodeAgentOptions } from '../options.ts'
import type { ServiceNetwork } from '../proxy/network.ts'
import { runtimePaths } from '../runtime/paths.ts'
import type { Closer } from './closer.ts'

export interface IngressParts {
  options: NodeAgentOptions
  dataDir: string
  nodeName: string
  client: ApiClient
  recorder: EventRecorder
  network: ServiceNetwork | undefined
  clock: Clock
  closers: Closer[]
}

/** Ingresses on this machine, where they are wanted. Nothing listens before there is one. */
export async function openIngress(parts: IngressParts): Promise<void> {
  const { options, dataDir, network, closers } = parts
  if (network === undefined || options.ingressPorts === undefined) return
  const paths = runtimePaths(dataDir)
  const dir = join(dataDir, 'ingress')
  const socket = `${paths.runDir}/ingress.sock`
  const user = await haproxyUser()
  const ingress = startIngress({
    informers: network.informers,
    client: parts.client,
    recorder: parts.recorder,
    clock: parts.clock,
    log: options.log,
    nodeName: parts.nodeName,
    ports: options.ingressPorts,
    program: createHaproxy({ dir, socket }),
    dir,
    socket,
    ipv6: existsSync('/proc/net/if_inet6'),
    ...(user === undefined ? {} : { user }),
    ...(network.dns === undefined ? {} : { nameServer: `${network.dns.address}:${network.dns.port}` }),
    defaultCertificate: await selfSigned('ingress.kapell.invalid', parts.clock.now()),
  })
  closers.push(({ removePods }) => ingress.close({ keepRunning: !removePods }))
}
