import type { V1Container, V1PodSpec } from '@kapell/openapi/types'
import { evaluate } from './plugin.ts'
import { isStricter, labelErrors, policyOf, type Level } from './policy.ts'

const hardened = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
const safe: Partial<V1PodSpec> = { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } }
const container = (more: Partial<V1Container> = {}, name = 'c'): V1Container => ({ name, image: 'x', ...more })

function violations(spec: Partial<V1PodSpec>, level: Level): string[] {
  const subject = { metadata: {}, spec: { containers: [container({ securityContext: hardened })], ...spec } }
  return evaluate(subject, { level, version: 'latest' }).map(({ reason, detail }) => `${reason} (${detail})`)
}

describe('evaluate', () => {
  it('a hardened pod is restricted', () => {
    expect(violations(safe, 'restricted')).toEqual([])
  })
  it('a plain pod keeps to the baseline', () => {
    expect(violations({ containers: [container()] }, 'baseline')).toEqual([])
  })
  it('and not to more', () => {
    expect(violations({ containers: [container(), container({}, 'd')] }, 'restricted')).toEqual([
      'allowPrivilegeEscalation != false (containers "c", "d" must set securityContext.allowPrivilegeEscalation=false)',
      'unrestricted capabilities (containers "c", "d" must set securityContext.capabilities.drop=["ALL"])',
      'runAsNonRoot != true (pod or containers "c", "d" must set securityContext.runAsNonRoot=true)',
      'seccompProfile (pod or containers "c", "d" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ])
  })
  it.each<[rule: string, spec: Partial<V1PodSpec>, violation: string]>([
    ['host namespaces', { hostNetwork: true, hostIPC: true }, 'host namespaces (hostNetwork=true, hostIPC=true)'],
    ['host paths', { volumes: [{ name: 'h', hostPath: { path: '/' } }] }, 'hostPath volumes (volume "h")'],
    [
      'host ports',
      {
        containers: [
          container({ ports: [{ containerPort: 1, hostPort: 1 }] }),
          container({ ports: [{ containerPort: 2, hostPort: 2 }] }, 'd'),
        ],
      },
      'hostPort (containers "c", "d" use hostPorts 1, 2)',
    ],
    [
      'privileged containers',
      { containers: [container({ securityContext: { privileged: true } })] },
      'privileged (container "c" must not set securityContext.privileged=true)',
    ],
    [
      'capabilities',
      { containers: [container({ securityContext: { capabilities: { add: ['NET_ADMIN', 'CHOWN'] } } })] },
      'non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add)',
    ],
    [
      'probes of other hosts',
      { containers: [container({ livenessProbe: { httpGet: { port: 1, host: '1.2.3.4' } } })] },
      'probe or lifecycle host (container "c" uses probe or lifecycle host "1.2.3.4")',
    ],
    [
      'unconfined profiles',
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'SELinux of its own',
      { securityContext: { seLinuxOptions: { type: 'foo', user: 'u' } } },
      'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "foo"; user may not be set)',
    ],
    [
      'AppArmor off',
      { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
      'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
    ],
    [
      'sysctls',
      {
        securityContext: {
          sysctls: [
            { name: 'kernel.msgmax', value: '1' },
            { name: 'net.ipv4.tcp_syncookies', value: '1' },
          ],
        },
      },
      'forbidden sysctls (kernel.msgmax)',
    ],
  ])('the baseline forbids %s', (_rule, spec, violation) => {
    expect(violations(spec, 'baseline')).toEqual([violation])
  })
  it.each<[rule: string, spec: Partial<V1PodSpec>, violation: string]>([
    [
      'volumes that are not made for pods',
      {
        ...safe,
        volumes: [
          { name: 'h', hostPath: { path: '/' } },
          { name: 'n', nfs: { server: 's', path: '/' } },
        ],
      },
      'restricted volume types (volumes "h", "n" use restricted volume types "hostPath", "nfs")',
    ],
    [
      'the root user',
      { securityContext: { ...safe.securityContext, runAsUser: 0 } },
      'runAsUser=0 (pod must not set runAsUser=0)',
    ],
    [
      'what allows the root user',
      { securityContext: { ...safe.securityContext, runAsNonRoot: false } },
      'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)',
    ],
  ])('restricted forbids %s', (_rule, spec, violation) => {
    expect(violations(spec, 'restricted')).toEqual([violation])
  })
  it('users of its own let a pod be root inside', () => {
    const spec = { hostUsers: false, securityContext: { seccompProfile: { type: 'RuntimeDefault' }, runAsUser: 0 } }
    expect(violations(spec, 'restricted')).toEqual([])
  })
})

describe('labels', () => {
  it('say nothing, allow everything', () => {
    expect(policyOf(undefined, 'enforce')).toEqual({ level: 'privileged', version: 'latest' })
  })
  it('are checked', () => {
    const labels = { 'pod-security.kubernetes.io/enforce': 'nope', 'pod-security.kubernetes.io/warn-version': 'x' }
    expect(labelErrors(labels).map((e) => e.detail)).toEqual([
      'must be one of privileged, baseline, restricted',
      'must be "latest" or "v1.x"',
    ])
  })
  it('tighten or loosen', () => {
    const at = (level: Level) => ({ level, version: 'latest' })
    expect([isStricter(at('restricted'), at('baseline')), isStricter(at('baseline'), at('restricted'))]).toEqual([
      true,
      false,
    ])
  })
})
