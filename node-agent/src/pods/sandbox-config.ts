import type { MessageInitShape } from '@bufbuild/protobuf'
import type { V1Pod } from '@kapell/openapi/types'
import { Protocol, type PodSandboxConfigSchema } from '../cri/gen/runtime_pb.ts'
import type { DnsConfig } from './dns.ts'
import { podNameLabel, podNamespaceLabel, podUidLabel } from './labels.ts'
import { identityOf } from './record.ts'
import { sandboxSecurity } from './security.ts'
import type { IdMapping } from './user-namespaces.ts'

export type SandboxConfig = MessageInitShape<typeof PodSandboxConfigSchema>

export interface SandboxConfigInput {
  pod: V1Pod
  attempt: number
  dns: DnsConfig
  hostname: string
  logDirectory: string
  cgroupParent: string
  /** Of a pod that has users of its own. */
  users?: IdMapping | undefined
}

const protocols: Record<string, Protocol> = { TCP: Protocol.TCP, UDP: Protocol.UDP, SCTP: Protocol.SCTP }

export function sandboxConfig(input: SandboxConfigInput): SandboxConfig {
  const { pod, attempt, dns, hostname, logDirectory, cgroupParent } = input
  const identity = identityOf(pod)
  const hostNetwork = pod.spec?.hostNetwork === true
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  return {
    metadata: { ...identity, attempt },
    // On the node's network the name is the node's.
    hostname: hostNetwork ? '' : hostname,
    logDirectory,
    dnsConfig: dns,
    portMappings: hostNetwork
      ? []
      : containers.flatMap(({ ports = [] }) =>
          ports
            .filter(({ hostPort = 0 }) => hostPort > 0)
            .map((port) => ({
              protocol: protocols[port.protocol ?? 'TCP'] ?? Protocol.TCP,
              containerPort: port.containerPort,
              hostPort: port.hostPort ?? 0,
              hostIp: port.hostIP ?? '',
            })),
        ),
    labels: {
      ...(pod.metadata?.labels ?? {}),
      [podNameLabel]: identity.name,
      [podNamespaceLabel]: identity.namespace,
      [podUidLabel]: identity.uid,
    },
    annotations: pod.metadata?.annotations ?? {},
    linux: {
      cgroupParent,
      securityContext: sandboxSecurity(pod, input.users),
      sysctls: Object.fromEntries((pod.spec?.securityContext?.sysctls ?? []).map(({ name, value }) => [name, value])),
    },
  }
}
