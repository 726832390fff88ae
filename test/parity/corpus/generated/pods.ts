import type { ParityCases } from '../../case.ts'
import { creations, type Bodies, type Subject } from './ask.ts'

/** Pods, a theme an object: small answers, and a failure says which theme. */

export const pod: Subject = { apiVersion: 'v1', kind: 'Pod', plural: 'pods' }

const image = 'registry.example/a:1'
const plain = { name: 'c', image }
export const podSpec = (spec: Record<string, unknown>): Record<string, unknown> => ({
  spec: { automountServiceAccountToken: false, containers: [plain], ...spec },
})
const withContainer = (container: Record<string, unknown>, spec: Record<string, unknown> = {}) =>
  podSpec({ containers: [{ ...plain, ...container }], ...spec })

export const containerBodies: Bodies = {
  'with a container of many fields': withContainer({
    command: ['a'],
    args: ['b'],
    workingDir: '/w',
    imagePullPolicy: 'IfNotPresent',
    terminationMessagePath: '/dev/log',
    terminationMessagePolicy: 'File',
    stdin: true,
    stdinOnce: true,
    tty: true,
    ports: [
      { name: 'web', containerPort: 80, hostPort: 8080, hostIP: '10.0.0.1', protocol: 'TCP' },
      { name: 'dns', containerPort: 53, protocol: 'UDP' },
    ],
  }),
  'with variables': withContainer({
    env: [
      { name: 'A', value: 'a' },
      { name: 'B', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
      { name: 'C', valueFrom: { resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '1m' } } },
      { name: 'D', valueFrom: { configMapKeyRef: { name: 'm', key: 'k', optional: true } } },
      { name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
    ],
    envFrom: [
      { prefix: 'P', configMapRef: { name: 'm', optional: true } },
      { secretRef: { name: 's', optional: true } },
    ],
  }),
  'with a variable from a file': withContainer(
    { env: [{ name: 'F', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'a', key: 'K', optional: true } } }] },
    { volumes: [{ name: 'v', emptyDir: {} }] },
  ),
  'with mounts': withContainer(
    {
      volumeMounts: [
        { name: 'v', mountPath: '/v', readOnly: true, recursiveReadOnly: 'IfPossible', mountPropagation: 'None' },
        { name: 'v', mountPath: '/w', subPath: 'a', mountPropagation: 'HostToContainer' },
        { name: 'v', mountPath: '/x', subPathExpr: '$(A)' },
      ],
      volumeDevices: [{ name: 'p', devicePath: '/dev/p' }],
    },
    {
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'p', persistentVolumeClaim: { claimName: 'p' } },
      ],
    },
  ),
  'with init containers and a sidecar': podSpec({
    initContainers: [
      { name: 'i', image, command: ['a'] },
      { name: 's', image, restartPolicy: 'Always', startupProbe: { exec: { command: ['a'] } } },
    ],
  }),
  'with restart rules': withContainer(
    {
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
    },
    { restartPolicy: 'Never' },
  ),
}

const resourceBodies: Bodies = {
  'with resources': withContainer({
    resources: {
      requests: { cpu: '100m', memory: '64Mi', 'ephemeral-storage': '1Gi', 'example.com/gpu': '2' },
      limits: { cpu: '200m', memory: '128Mi', 'ephemeral-storage': '2Gi', 'example.com/gpu': '2' },
    },
    resizePolicy: [
      { resourceName: 'cpu', restartPolicy: 'NotRequired' },
      { resourceName: 'memory', restartPolicy: 'RestartContainer' },
    ],
  }),
  'with huge pages': withContainer({
    resources: {
      requests: { 'hugepages-2Mi': '4Mi', cpu: '1' },
      limits: { 'hugepages-2Mi': '4Mi', cpu: '1' },
    },
  }),
  'with claims': withContainer(
    { resources: { claims: [{ name: 'r', request: 'q' }] } },
    {
      resourceClaims: [
        { name: 'r', resourceClaimName: 'x' },
        { name: 't', resourceClaimTemplateName: 'y' },
      ],
    },
  ),
  'with resources of its own': podSpec({
    resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } },
  }),
}

const probeBodies: Bodies = {
  'with probes': withContainer({
    ports: [{ name: 'web', containerPort: 80 }],
    livenessProbe: {
      exec: { command: ['a'] },
      initialDelaySeconds: 1,
      timeoutSeconds: 2,
      periodSeconds: 3,
      successThreshold: 1,
      failureThreshold: 4,
      terminationGracePeriodSeconds: 5,
    },
    readinessProbe: {
      httpGet: {
        path: '/p',
        port: 'web',
        host: 'h',
        scheme: 'HTTPS',
        httpHeaders: [{ name: 'X-A', value: 'b' }],
      },
      successThreshold: 2,
      timeoutSeconds: 1,
    },
    startupProbe: { tcpSocket: { port: 80, host: 'h' }, failureThreshold: 9 },
  }),
  'with a gRPC probe': withContainer({ livenessProbe: { grpc: { port: 80, service: 's' } } }),
  'with hooks': withContainer({
    lifecycle: {
      postStart: { httpGet: { path: '/p', port: 80, scheme: 'HTTP' } },
      preStop: { sleep: { seconds: 3 } },
    },
  }),
  'with a TCP hook': withContainer({ lifecycle: { preStop: { tcpSocket: { port: 80, host: 'h' } } } }),
  'with a stop signal': withContainer({ lifecycle: { stopSignal: 'SIGTERM' } }, { os: { name: 'linux' } }),
}

const securityBodies: Bodies = {
  'with a security context': podSpec({
    securityContext: {
      runAsUser: 1,
      runAsGroup: 2,
      runAsNonRoot: true,
      fsGroup: 3,
      fsGroupChangePolicy: 'OnRootMismatch',
      supplementalGroups: [4, 5],
      supplementalGroupsPolicy: 'Strict',
      sysctls: [
        { name: 'kernel.shm_rmid_forced', value: '1' },
        { name: 'net.core.somaxconn', value: '2' },
      ],
      seLinuxOptions: { user: 'u', role: 'r', type: 't', level: 'l' },
      seLinuxChangePolicy: 'Recursive',
      seccompProfile: { type: 'Localhost', localhostProfile: 'a/b.json' },
      appArmorProfile: { type: 'Localhost', localhostProfile: 'p' },
    },
  }),
  'with security contexts of containers': withContainer({
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      procMount: 'Default',
      runAsUser: 1,
      runAsGroup: 2,
      runAsNonRoot: true,
      seLinuxOptions: { user: 'u', role: 'r', type: 't', level: 'l' },
      seccompProfile: { type: 'RuntimeDefault' },
      appArmorProfile: { type: 'RuntimeDefault' },
    },
  }),
  'for Windows': withContainer(
    { securityContext: { windowsOptions: { runAsUserName: 'u', hostProcess: true } } },
    {
      os: { name: 'windows' },
      hostNetwork: true,
      securityContext: {
        windowsOptions: { gmsaCredentialSpecName: 'g', gmsaCredentialSpec: 's', runAsUserName: 'u', hostProcess: true },
      },
    },
  ),
  'of the host': podSpec({ hostNetwork: true, hostPID: true, hostIPC: true, shareProcessNamespace: false }),
  'with user namespaces': podSpec({ hostUsers: false, hostNetwork: false }),
}

const selector = { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'c', operator: 'In', values: ['d'] }] }
const podTerm = {
  labelSelector: selector,
  namespaceSelector: { matchLabels: { e: 'f' } },
  namespaces: ['n'],
  topologyKey: 'kubernetes.io/hostname',
  matchLabelKeys: ['g'],
}
const schedulingBodies: Bodies = {
  'with node affinity': podSpec({
    nodeSelector: { disk: 'ssd' },
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: 'a', operator: 'In', values: ['b'] },
                { key: 'c', operator: 'Gt', values: ['5'] },
                { key: 'd', operator: 'Exists' },
              ],
              matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }],
            },
          ],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 5, preference: { matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['b'] }] } },
        ],
      },
    },
  }),
  'with pod affinity': podSpec({
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [podTerm],
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 5, podAffinityTerm: { topologyKey: 'z', labelSelector: selector } },
        ],
      },
    },
  }),
  'with pod anti-affinity': podSpec({
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: selector, topologyKey: 'z', mismatchLabelKeys: ['g'] },
        ],
      },
    },
  }),
  'with tolerations': podSpec({
    tolerations: [
      { key: 'a', operator: 'Equal', value: 'b', effect: 'NoSchedule' },
      { key: 'c', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 },
      { operator: 'Exists' },
    ],
  }),
  'with spread constraints': {
    metadata: { labels: { a: 'b', g: 'h' } },
    ...podSpec({
      topologySpreadConstraints: [
        {
          maxSkew: 2,
          minDomains: 3,
          topologyKey: 'zone',
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: selector,
          nodeAffinityPolicy: 'Honor',
          nodeTaintsPolicy: 'Ignore',
          matchLabelKeys: ['g'],
        },
        { maxSkew: 1, topologyKey: 'host', whenUnsatisfiable: 'ScheduleAnyway' },
      ],
    }),
  },
  'with gates': podSpec({ schedulingGates: [{ name: 'example.com/a' }, { name: 'b' }] }),
}

const fieldBodies: Bodies = {
  'with many fields': podSpec({
    activeDeadlineSeconds: 60,
    terminationGracePeriodSeconds: 5,
    restartPolicy: 'OnFailure',
    serviceAccountName: 'default',
    serviceAccount: 'default',
    nodeName: 'n',
    hostname: 'h',
    subdomain: 's',
    setHostnameAsFQDN: true,
    schedulerName: 'x',
    enableServiceLinks: false,
    preemptionPolicy: 'Never',
    readinessGates: [{ conditionType: 'example.com/a' }],
    imagePullSecrets: [{ name: 's' }],
    os: { name: 'linux' },
    hostnameOverride: 'over',
  }),
  'with names': podSpec({
    dnsPolicy: 'None',
    dnsConfig: {
      nameservers: ['10.0.0.10'],
      searches: ['a.example'],
      options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
    },
    hostAliases: [{ ip: '10.0.0.1', hostnames: ['a.example'] }],
  }),
}

export const podsContainers: ParityCases = creations(pod, containerBodies)
export const podsResources: ParityCases = creations(pod, { ...resourceBodies, ...probeBodies })
export const podsSecurity: ParityCases = creations(
  pod,
  { ...securityBodies, ...fieldBodies },
  { skip: ['spec.containers.image', 'spec.containers.name'] },
)
export const podsScheduling: ParityCases = creations(pod, schedulingBodies, { skip: ['spec.containers'] })
