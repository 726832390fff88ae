import type { V1Container, V1PodSpec } from '@kapell/openapi/types'
import { FieldPath, fieldErrorMessage } from '@kapell/openapi/meta/field-errors'
import { defaultPodSpec } from '../defaults.ts'
import { validatePodSpec } from './spec.ts'

const container = (more: Partial<V1Container> = {}): V1Container => ({ name: 'c', image: 'nginx', ...more })
const withContainer = (more: Partial<V1Container>): Partial<V1PodSpec> => ({ containers: [container(more)] })
const withVolume = (source: object): Partial<V1PodSpec> => ({ volumes: [{ name: 'v', ...source }] })

function errorsOf(more: Partial<V1PodSpec>): string[] {
  const spec: V1PodSpec = { containers: [container()], ...structuredClone(more) }
  defaultPodSpec(spec)
  return validatePodSpec(spec, new FieldPath('spec')).map(fieldErrorMessage)
}

describe('validatePodSpec', () => {
  it.each<[rule: string, spec: Partial<V1PodSpec>]>([
    ['a container with a name and an image is enough', {}],
    [
      'ports may share a number when their protocols differ',
      withContainer({ ports: [{ containerPort: 53 }, { containerPort: 53, protocol: 'UDP' }] }),
    ],
    [
      'a claim mounts as a volume',
      {
        ...withVolume({ persistentVolumeClaim: { claimName: 'd' } }),
        ...withContainer({ volumeMounts: [{ name: 'v', mountPath: '/d' }] }),
      },
    ],
    [
      'a probe by the name of a port',
      withContainer({ ports: [{ containerPort: 80, name: 'http' }], readinessProbe: { httpGet: { port: 'http' } } }),
    ],
    [
      'a sidecar has probes of its own',
      { initContainers: [container({ name: 'i', restartPolicy: 'Always', startupProbe: { tcpSocket: { port: 1 } } })] },
    ],
    [
      'labels in the downward API',
      withVolume({ downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: "metadata.labels['a']" } }] } }),
    ],
    [
      'an extended resource requested as it is limited',
      withContainer({ resources: { limits: { 'example.com/gpu': '1' }, requests: { 'example.com/gpu': '1' } } }),
    ],
    ['a toleration of everything', { tolerations: [{ operator: 'Exists' }] }],
  ])('takes: %s', (_rule, spec) => {
    expect(errorsOf(spec)).toEqual([])
  })

  it.each<[rule: string, spec: Partial<V1PodSpec>, errors: string[]]>([
    ['a pod has a container', { containers: [] }, ['spec.containers: Required value']],
    ['a container has an image', withContainer({ image: '' }), ['spec.containers[0].image: Required value']],
    [
      'names are unique among all containers',
      { initContainers: [container()] },
      ['spec.initContainers[0].name: Duplicate value: "c"'],
    ],
    [
      'volumes have unique names',
      { volumes: [{ name: 'v' }, { name: 'v' }] },
      ['spec.volumes[1].name: Duplicate value: "v"'],
    ],
    [
      'a volume has one source',
      withVolume({ emptyDir: {}, hostPath: { path: '/x' } }),
      ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
    ],
    [
      'a mount names a volume',
      withContainer({ volumeMounts: [{ name: 'x', mountPath: '/x' }] }),
      ['spec.containers[0].volumeMounts[0].name: Not found: "x"'],
    ],
    [
      'paths do not climb',
      withVolume({ configMap: { name: 'm', items: [{ key: 'k', path: '../k' }] } }),
      ['spec.volumes[0].configMap.items[0].path: Invalid value: "../k": must not contain \'..\''],
    ],
    [
      'ports lie between 1 and 65535',
      withContainer({ ports: [{ containerPort: 70000 }] }),
      ['spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive'],
    ],
    [
      'a host port is taken once',
      {
        containers: [
          container({ ports: [{ containerPort: 80, hostPort: 80 }] }),
          container({ name: 'd', ports: [{ containerPort: 81, hostPort: 80 }] }),
        ],
      },
      ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
    ],
    [
      'a probe does one thing',
      withContainer({ livenessProbe: {} }),
      ['spec.containers[0].livenessProbe: Required value: must specify a handler type'],
    ],
    [
      'liveness succeeds once',
      withContainer({ livenessProbe: { tcpSocket: { port: 1 }, successThreshold: 2 } }),
      ['spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1'],
    ],
    [
      'init containers are not probed',
      { initContainers: [container({ name: 'i', livenessProbe: { tcpSocket: { port: 1 } } })] },
      [
        'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
      ],
    ],
    [
      'requests stay below limits',
      withContainer({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
      ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ],
    [
      'extended resources come whole',
      withContainer({ resources: { limits: { 'a.b/c': '500m' } } }),
      ['spec.containers[0].resources.limits[a.b/c]: Invalid value: "500m": must be an integer'],
    ],
    [
      'a variable has a value or a source',
      withContainer({ env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }),
      ['spec.containers[0].env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
    ],
    [
      'restart policies are three',
      { restartPolicy: 'Maybe' },
      ['spec.restartPolicy: Unsupported value: "Maybe": supported values: "Always", "OnFailure", "Never"'],
    ],
    [
      'dnsPolicy None brings its configuration',
      { dnsPolicy: 'None' },
      ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
    ],
    [
      'Exists has no value',
      { tolerations: [{ key: 'a', operator: 'Exists', value: 'x' }] },
      ['spec.tolerations[0].operator: Invalid value: "x": value must be empty when `operator` is \'Exists\''],
    ],
    [
      'user ids are not negative',
      { securityContext: { runAsUser: -1 } },
      ['spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive'],
    ],
    [
      'a privileged container escalates',
      withContainer({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
      [expect.stringContaining('cannot set `allowPrivilegeEscalation` to false and `privileged` to true') as string],
    ],
    [
      'a token lives ten minutes at least',
      withVolume({ projected: { sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 10 } }] } }),
      [
        'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 10: may not specify a duration less than 10 minutes',
      ],
    ],
    [
      "on the host network, ports are the host's",
      { hostNetwork: true, ...withContainer({ ports: [{ containerPort: 80, hostPort: 81 }] }) },
      [
        'spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true',
      ],
    ],
    [
      'a pod asks for what its containers ask together',
      { resources: { requests: { cpu: '1' } }, ...withContainer({ resources: { requests: { cpu: '2' } } }) },
      [
        'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
      ],
    ],
  ])('refuses: %s', (_rule, spec, errors) => {
    expect(errorsOf(spec)).toEqual(errors)
  })
})
