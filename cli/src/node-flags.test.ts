import { parseNodeFlags, type NodeFlags } from './node-flags.ts'

describe('what nodes may be told', () => {
  it.each<[string, NodeFlags, object]>([
    ['nothing changes nothing', {}, {}],
    [
      'hard thresholds in place of the usual ones',
      { 'eviction-hard': 'memory.available<1Gi,nodefs.available<5%' },
      {
        eviction: {
          thresholds: [
            { signal: 'memory.available', value: { bytes: 1024 ** 3 }, graceMs: 0 },
            { signal: 'nodefs.available', value: { share: 0.05 }, graceMs: 0 },
          ],
        },
      },
    ],
    [
      'soft ones beside them, with a time and what is to be won back',
      {
        'eviction-hard': 'memory.available<1Gi',
        'eviction-soft': 'memory.available<2Gi',
        'eviction-soft-grace-period': 'memory.available=1m30s',
        'eviction-minimum-reclaim': 'memory.available=512Mi',
        'eviction-pressure-transition-period': '30s',
        'eviction-max-pod-grace-period': '60',
      },
      {
        eviction: {
          thresholds: [
            {
              signal: 'memory.available',
              value: { bytes: 1024 ** 3 },
              graceMs: 0,
              minReclaim: { bytes: 512 * 1024 ** 2 },
            },
            {
              signal: 'memory.available',
              value: { bytes: 2 * 1024 ** 3 },
              graceMs: 90_000,
              minReclaim: { bytes: 512 * 1024 ** 2 },
            },
          ],
          transitionMs: 30_000,
          maxPodGraceSeconds: 60,
        },
      },
    ],
    [
      'a shutdown in two parts',
      { 'shutdown-grace-period': '30s', 'shutdown-grace-period-critical-pods': '10s' },
      {
        shutdown: [
          { priority: 0, seconds: 20 },
          { priority: 2_000_000_000, seconds: 10 },
        ],
      },
    ],
    ['none, said so', { 'shutdown-grace-period': '0s' }, {}],
    [
      'what is reserved adds up',
      { 'system-reserved': 'cpu=200m,memory=100Mi', 'kube-reserved': 'cpu=300m' },
      { reserved: { cpu: '500m', memory: '100Mi' } },
    ],
    ['node ports on the own addresses', { 'nodeport-addresses': 'primary' }, { nodePortAddresses: 'primary' }],
    [
      'node ports in ranges',
      { 'nodeport-addresses': '192.0.2.0/24, fd00::/8' },
      { nodePortAddresses: ['192.0.2.0/24', 'fd00::/8'] },
    ],
    [
      'settings of the kernel',
      { 'allowed-unsafe-sysctls': 'kernel.msg*, net/core/somaxconn,net.ipv4.*' },
      { allowedUnsafeSysctls: ['kernel.msg*', 'net.core.somaxconn', 'net.ipv4.*'] },
    ],
    ['counts', { 'max-pods': '20', 'pod-max-pids': '500' }, { maxPods: 20, podMaxPids: 500 }],
  ])('%s', (_rule, flags, tuning) => {
    expect(parseNodeFlags(flags)).toEqual(tuning)
  })

  it.each<[NodeFlags, string]>([
    [
      { 'eviction-hard': 'memory.free<1Gi' },
      '--eviction-hard takes a list such as memory.available<100Mi,nodefs.available<10%: unsupported eviction signal memory.free<1Gi',
    ],
    [
      { 'eviction-soft': 'memory.available<1Gi' },
      '--eviction-soft memory.available needs a time in --eviction-soft-grace-period',
    ],
    [{ 'shutdown-grace-period': 'soon' }, '--shutdown-grace-period takes a time such as 30s or 1m30s, not "soon"'],
    [
      { 'shutdown-grace-period': '5s', 'shutdown-grace-period-critical-pods': '10s' },
      '--shutdown-grace-period-critical-pods is a part of --shutdown-grace-period and cannot be longer',
    ],
    [{ 'system-reserved': 'cpu' }, '--system-reserved takes NAME=VALUE,…, not "cpu"'],
    [
      { 'kube-reserved': 'gpu=1' },
      '--kube-reserved takes amounts of cpu, memory or ephemeral-storage, such as cpu=200m,memory=500Mi, not "gpu"',
    ],
    [
      { 'nodeport-addresses': '192.0.2.0/24,here' },
      '--nodeport-addresses takes "primary" or ranges such as 192.0.2.0/24, not "here"',
    ],
    [
      { 'allowed-unsafe-sysctls': '*' },
      '--allowed-unsafe-sysctls takes names such as kernel.msg* or net.core.somaxconn, not "*"',
    ],
    [{ 'max-pods': '-1' }, '--max-pods takes a number, not "-1"'],
  ])('%j is refused', (flags, message) => {
    expect(() => parseNodeFlags(flags)).toThrow(message)
  })
})
