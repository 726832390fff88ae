import { amountText, defaultThresholds, type Threshold } from '../eviction/thresholds.ts'
import type { NodeAgentOptions } from '../options.ts'

export interface ConfigurationInput {
  options: NodeAgentOptions
  port: number
  runtimeSocket: string
  clusterDns: readonly string[]
  cgroupRoot: string
}

/**
 * How this agent is set up, in the words of upstream's KubeletConfiguration, for those who look there: only what holds
 * here is told. Source: "Kubelet Configuration (v1beta1)".
 */
export function agentConfiguration({
  options,
  port,
  runtimeSocket,
  clusterDns,
  cgroupRoot,
}: ConfigurationInput): object {
  const thresholds = options.eviction?.thresholds ?? defaultThresholds
  const reserved = options.reserved ?? {}
  const shutdown = options.shutdown ?? []
  return {
    kind: 'KubeletConfiguration',
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    enableServer: true,
    port,
    authentication: { x509: {}, webhook: { enabled: true, cacheTTL: '2m0s' }, anonymous: { enabled: false } },
    authorization: {
      mode: 'Webhook',
      webhook: { cacheAuthorizedTTL: '5m0s', cacheUnauthorizedTTL: '30s' },
    },
    enableDebuggingHandlers: true,
    clusterDomain: options.clusterDomain ?? 'cluster.local',
    clusterDNS: [...clusterDns],
    nodeStatusUpdateFrequency: '10s',
    nodeStatusReportFrequency: '5m0s',
    nodeLeaseDurationSeconds: 40,
    nodeStatusMaxImages: 50,
    cgroupRoot,
    cgroupsPerQOS: true,
    cgroupDriver: 'cgroupfs',
    cpuManagerPolicy: 'none',
    memoryManagerPolicy: 'None',
    topologyManagerPolicy: 'none',
    maxPods: options.maxPods ?? 110,
    podPidsLimit: options.podMaxPids ?? -1,
    serializeImagePulls: false,
    cpuCFSQuota: true,
    cpuCFSQuotaPeriod: '100ms',
    runtimeRequestTimeout: '2m0s',
    evictionHard: evictionOf(thresholds.filter(({ graceMs }) => graceMs === 0)),
    ...softEviction(thresholds.filter(({ graceMs }) => graceMs > 0)),
    evictionPressureTransitionPeriod: duration(options.eviction?.transitionMs ?? 300_000),
    enforceNodeAllocatable: ['pods'],
    ...(Object.keys(reserved).length === 0 ? {} : { kubeReserved: reserved }),
    enableControllerAttachDetach: true,
    failSwapOn: false,
    containerLogMaxSize: '10Mi',
    containerLogMaxFiles: 5,
    configMapAndSecretChangeDetectionStrategy: 'Watch',
    enableSystemLogHandler: true,
    crashLoopBackOff: { maxContainerRestartPeriod: '5m0s' },
    seccompDefault: false,
    allowedUnsafeSysctls: [...(options.allowedUnsafeSysctls ?? [])],
    registerNode: true,
    localStorageCapacityIsolation: true,
    failCgroupV1: false,
    containerRuntimeEndpoint: runtimeSocket === '' ? '' : `unix://${runtimeSocket}`,
    ...(shutdown.length === 0
      ? {}
      : {
          shutdownGracePeriodByPodPriority: shutdown.map(({ priority, seconds }) => ({
            priority,
            shutdownGracePeriodSeconds: seconds,
          })),
        }),
  }
}

const valueOf = ({ value }: Threshold): string =>
  'bytes' in value ? amountText(value.bytes) : `${Number((value.share * 100).toFixed(4))}%`

const evictionOf = (thresholds: readonly Threshold[]): Record<string, string> =>
  Object.fromEntries(thresholds.map((threshold) => [threshold.signal, valueOf(threshold)]))

function softEviction(thresholds: readonly Threshold[]): object {
  if (thresholds.length === 0) return {}
  const periods = thresholds.map(({ signal, graceMs }) => [signal, duration(graceMs)] as const)
  return { evictionSoft: evictionOf(thresholds), evictionSoftGracePeriod: Object.fromEntries(periods) }
}

/** "1m30s" */
function duration(ms: number): string {
  const seconds = ms / 1000
  const minutes = Math.floor(seconds / 60)
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`
}
