import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { parseNodeName, parseUpOptions } from './options.ts'

describe('parseUpOptions', () => {
  it('has defaults for everything', () => {
    expect(parseUpOptions([])).toEqual({
      dataDir: resolve('.kapell'),
      port: 6443,
      bindAddress: '0.0.0.0',
      components: ['apiserver', 'controllers', 'scheduler', 'node-agent'],
      serviceClusterIpRange: '10.96.0.0/16',
      ingressPorts: { http: 80, https: 443 },
      podCidr: '10.244.0.0/24',
      clusterCidr: '10.244.0.0/16',
      agentPort: 10250,
      store: 'embedded',
      etcdServers: [],
      keepPods: false,
      installRuntime: false,
      runtime: 'containerd',
      nodes: 1,
      nodeName: hostname().toLowerCase(),
      logLevel: 'warn',
      nodeFlags: {},
      requestHeaderAllowedNames: [],
    })
  })

  it.each([
    [
      'components keep their order of start',
      ['--components', 'scheduler,apiserver'],
      { components: ['apiserver', 'scheduler'] },
    ],
    ['a port of 0 asks for a free one', ['--port', '0'], { port: 0 }],
    ['several nodes share a wider range', ['--nodes', '3'], { podCidr: '10.244.0.0/16', clusterCidr: '10.244.0.0/16' }],
    ['nodes that join get ranges near the first', ['--pod-cidr', '10.9.3.0/24'], { clusterCidr: '10.9.0.0/16' }],
    ['versions on demand', ['--runtime-config', 'api/beta=true'], { runtimeConfig: 'api/beta=true' }],
    ['load balancers get a range', ['--load-balancer-range', '192.0.2.0/28'], { loadBalancerRange: '192.0.2.0/28' }],
    [
      'two families',
      ['--pod-cidr', '10.9.3.0/24,fd00:9::/64', '--service-cluster-ip-range', '10.8.0.0/16,fd00:8::/112'],
      {
        podCidr: '10.9.3.0/24',
        serviceClusterIpRange: '10.8.0.0/16',
        ipv6: { podCidr: 'fd00:9::/64', clusterCidr: 'fd00:9::/56', serviceClusterIpRange: 'fd00:8::/112' },
      },
    ],
    ['Ingresses have other ports', ['--ingress-ports', '8080,8443'], { ingressPorts: { http: 8080, https: 8443 } }],
    ['load balancers are left to others', ['--load-balancer-range', 'none'], { loadBalancerRange: 'none' }],
    [
      'etcd takes several servers',
      ['--store', 'etcd', '--etcd-servers', 'http://a:1,http://b:2'],
      { store: 'etcd', etcdServers: ['http://a:1', 'http://b:2'] },
    ],
  ])('%s', (_rule, argv, expected) => {
    expect(parseUpOptions(argv)).toMatchObject(expected)
  })

  it('a host name that cannot name a node is told of as such', () => {
    expect(parseNodeName(undefined, 'Box')).toBe('box')
    expect(() => parseNodeName(undefined, '(none)')).toThrow(
      'this machine\'s host name "(none)" cannot name a node: say with --node-name what to call it',
    )
  })

  it('keeps what nodes are told as it was given', () => {
    expect(parseUpOptions(['--shutdown-grace-period', '30s', '--max-pods=9']).nodeFlags).toEqual({
      'shutdown-grace-period': '30s',
      'max-pods': '9',
    })
  })

  it.each([
    ['an unknown flag', ['--nope'], /--nope/],
    ['a port that is no number', ['--port', 'x'], /--port takes a number/],
    ['a port out of range', ['--port', '70000'], /--port takes a number/],
    ['an unknown component', ['--components', 'kubelet'], /there is no "kubelet"/],
    ['a range that is none', ['--service-cluster-ip-range', '10.300.0.0/16'], /takes an IPv4 range/],
    ['a version that there is not', ['--runtime-config', 'apps/v9=true'], /--runtime-config: group version apps\/v9/],
    ['a range for load balancers that is none', ['--load-balancer-range', '192.0.2.9'], /--load-balancer-range takes/],
    ['a second family of pods alone', ['--pod-cidr', '10.9.3.0/24,fd00:9::/64'], /need an IPv6 range in both/],
    ['IPv4 twice', ['--pod-cidr', '10.9.3.0/24,10.9.4.0/24'], /after a comma an IPv6 one/],
    [
      'a second family with no room for all nodes',
      [
        ...['--nodes', '3', '--pod-cidr', '10.9.0.0/16,fd00:9::/63'],
        ...['--service-cluster-ip-range', '10.8.0.0/16,fd00:8::/112'],
      ],
      /fd00:9::\/63 has no room for 3 nodes: each takes a \/64/,
    ],
    ['one port for Ingresses', ['--ingress-ports', '80'], /--ingress-ports takes two ports/],
    ['the same port for both', ['--ingress-ports', '80,80'], /--ingress-ports takes two ports/],
    [
      'certificates for an etcd that asks for none',
      ['--store', 'etcd', '--etcd-servers', 'http://a:1', '--etcd-cafile', 'ca'],
      /need --etcd-servers with URLs of https/,
    ],
    [
      'a certificate without its key',
      ['--store', 'etcd', '--etcd-servers', 'https://a:1', '--etcd-certfile', 'c'],
      /go together/,
    ],
    ['etcd without servers', ['--store', 'etcd'], /needs --etcd-servers/],
    ['no API server at all', ['--components', 'scheduler'], /--kubeconfig/],
    ['a node name that is no DNS name', ['--node-name', 'A_B'], /--node-name takes a DNS name/],
    ['more nodes than there are ranges', ['--nodes', '3', '--pod-cidr', '10.9.0.0/23'], /no room for 3 nodes/],
    ['more real nodes than addresses', ['--nodes', '251'], /needs --runtime simulated/],
    ['a range of nodes that is no /24', ['--nodes', '2', '--node-cidr', '172.30.0.0/16'], /--node-cidr takes/],
    ['a positional argument', ['now'], /now/],
    ['a threshold of nothing there is', ['--eviction-hard', 'luck<1'], /--eviction-hard takes a list/],
  ])('refuses %s in one line', (_rule, argv, message) => {
    expect(() => parseUpOptions(argv)).toThrow(message)
  })
})
