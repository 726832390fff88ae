import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import type { Clock } from '@kapell/controllers/machinery/clock'
import type { PodAgent } from '../agent.ts'
import type { Cri } from '../cri/client.ts'
import type { NodeAgentOptions } from '../options.ts'
import type { AgentMetrics } from '../metrics/agent-metrics.ts'
import { containerLogPath } from '../pods/container-config.ts'
import { identityOf, withRemembered } from '../pods/record.ts'
import { agentConfiguration } from '../server/configuration.ts'
import { isStatic } from '../static-pods/annotations.ts'
import { createGuard, nodeAttributes } from '../server/authorize.ts'
import { createMetrics } from '../server/metrics.ts'
import { startAgentServer, type AgentServer } from '../server/server.ts'
import type { SamplerOptions } from '../stats/sample.ts'
import { createStats } from '../stats/stats.ts'
import type { LocalVolumes } from '../volumes/local-path.ts'

export interface ServerParts {
  options: NodeAgentOptions
  serving: NonNullable<NodeAgentOptions['serving']>
  nodeName: string
  client: ApiClient
  cri: Cri
  pods: PodAgent
  localVolumes: LocalVolumes
  metrics: AgentMetrics
  sampled: SamplerOptions
  clock: Clock
}

/** The agent's own server: logs, exec, statistics of this node's pods. */
export function openServer(parts: ServerParts): Promise<AgentServer> {
  const { options, serving, nodeName, client, cri, pods, localVolumes, metrics, sampled, clock } = parts
  return startAgentServer({
    ...serving,
    port: options.port ?? 10_250,
    cri,
    source: {
      pod: (namespace, name) => pods.nodePods.get(`${namespace}/${name}`),
      record: async (pod) => {
        const logs = pods.deps.paths.podLogs(identityOf(pod))
        const record = await pods.deps.observer.pod(identityOf(pod))
        return withRemembered(record, pod, (name, attempt) => join(logs, containerLogPath(name, attempt)))
      },
    },
    guard: createGuard({ client, clock, attributesOf: nodeAttributes(nodeName) }),
    pods: () => pods.nodePods.list(),
    onPodChange: (uid, wake) => pods.onPodChange(uid, wake),
    problem: () => pods.lifecycle.health().message,
    removeLocalVolume: (name) => localVolumes.remove(name),
    counted: metrics,
    configuration: () =>
      agentConfiguration({
        options,
        port: options.port ?? 10_250,
        runtimeSocket: cri.socket,
        clusterDns: pods.deps.dns.clusterDns,
        cgroupRoot: pods.deps.node.cgroupRoot,
      }),
    metrics: createMetrics({
      nodeName,
      version: options.version ?? 'v1.36.0+kapell',
      metrics,
      cgroupVersion: existsSync('/sys/fs/cgroup/cgroup.controllers') ? 2 : 1,
      isStatic,
      pods: () => pods.nodePods.list(),
      snapshot: () => pods.deps.observer.snapshot(),
    }),
    stats: createStats(sampled),
    log: options.log,
  })
}
