import type { CgroupStats } from './cgroup.ts'
import type { FileSystem, Interface } from './machine-stats.ts'
import type { ContainerSample, PodSample, Sample } from './sample.ts'

/** /stats/summary. Source: the kubelet's stats API v1alpha1, as its readers know it. */

const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

function cpu(atMs: number, cpuNanos: number, nanoCores: number | undefined): object {
  return {
    time: time(atMs),
    ...(nanoCores === undefined ? {} : { usageNanoCores: nanoCores }),
    usageCoreNanoSeconds: Math.round(cpuNanos),
  }
}

function memory(atMs: number, stats: CgroupStats): object {
  return {
    time: time(atMs),
    ...(stats.limitBytes === undefined
      ? {}
      : { availableBytes: Math.max(0, stats.limitBytes - stats.workingSetBytes) }),
    usageBytes: stats.usageBytes,
    workingSetBytes: stats.workingSetBytes,
    rssBytes: stats.rssBytes,
    pageFaults: stats.pageFaults,
    majorPageFaults: stats.majorPageFaults,
  }
}

function network(atMs: number, interfaces: readonly Interface[]): object {
  const all = interfaces.map(({ name, rxBytes, rxErrors, txBytes, txErrors }) => ({
    name,
    rxBytes,
    rxErrors,
    txBytes,
    txErrors,
  }))
  return { time: time(atMs), ...(all.find(({ name }) => name === 'eth0') ?? all[0]), interfaces: all }
}

const fileSystem = (atMs: number, stats: FileSystem): object => ({ time: time(atMs), ...stats })

function container(atMs: number, one: ContainerSample): object {
  return {
    name: one.name,
    startTime: time(one.startedAtMs),
    cpu: cpu(atMs, one.stats.cpuNanos, one.nanoCores),
    memory: memory(atMs, one.stats),
    swap: { time: time(atMs), swapUsageBytes: one.stats.swapBytes },
  }
}

function pod(atMs: number, one: PodSample, brief: boolean): object {
  return {
    podRef: { name: one.name, namespace: one.namespace, uid: one.uid },
    startTime: time(one.startedAtMs),
    containers: one.containers.map((each) => container(atMs, each)),
    cpu: cpu(atMs, one.stats.cpuNanos, one.nanoCores),
    memory: memory(atMs, one.stats),
    ...(brief || one.interfaces.length === 0 ? {} : { network: network(atMs, one.interfaces) }),
    ...(brief ? {} : { process_stats: { process_count: one.stats.tasks } }),
    swap: { time: time(atMs), swapUsageBytes: one.stats.swapBytes },
  }
}

/** `brief`: only_cpu_and_memory=true. */
export function summaryOf({ atMs, node, pods }: Sample, brief: boolean): object {
  const { stats } = node
  return {
    node: {
      nodeName: node.name,
      startTime: time(stats.startedAtMs),
      cpu: cpu(atMs, stats.cpuNanos, node.nanoCores),
      memory: {
        time: time(atMs),
        availableBytes: stats.availableBytes,
        usageBytes: stats.usageBytes,
        workingSetBytes: stats.workingSetBytes,
        rssBytes: stats.rssBytes,
        pageFaults: stats.pageFaults,
        majorPageFaults: stats.majorPageFaults,
      },
      ...(brief
        ? {}
        : {
            network: network(atMs, node.interfaces),
            fs: fileSystem(atMs, node.fileSystem),
            runtime: { imageFs: fileSystem(atMs, node.fileSystem), containerFs: fileSystem(atMs, node.fileSystem) },
            rlimit: { time: time(atMs), maxpid: node.processes.max, curproc: node.processes.current },
          }),
      swap: { time: time(atMs), swapUsageBytes: stats.swapBytes },
    },
    pods: pods.map((one) => pod(atMs, one, brief)),
  }
}
