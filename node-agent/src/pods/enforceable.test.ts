import type { V1PodSpec } from '@kapell/openapi/types'
import { unenforceable, type Enforceable } from './enforceable.ts'
import { testPod } from './testing.ts'

const sysctl = (name: string, more: Partial<V1PodSpec> = {}): Partial<V1PodSpec> => ({
  ...more,
  securityContext: { sysctls: [{ name, value: '1' }] },
})
const profile = (type: string): Partial<V1PodSpec> => ({
  containers: [{ name: 'c', image: 'i', securityContext: { appArmorProfile: { type } } }],
})

it.each<[string, Partial<V1PodSpec>, Enforceable, string | undefined]>([
  ['a plain pod', {}, {}, undefined],
  ['of Linux', { os: { name: 'linux' } }, {}, undefined],
  ['of Windows', { os: { name: 'windows' } }, {}, "Failed to admit pod as the OS field doesn't match node OS"],
  ['a safe setting', sysctl('net.ipv4.ping_group_range'), {}, undefined],
  ['a safe setting, with slashes', sysctl('net/ipv4/tcp_syncookies'), {}, undefined],
  ['an unsafe setting', sysctl('kernel.msgmax'), {}, 'forbidden sysctl: "kernel.msgmax" not allowlisted'],
  [
    'an unsafe setting that the node allows',
    sysctl('kernel.msgmax'),
    { allowedUnsafeSysctls: ['kernel.msg*'] },
    undefined,
  ],
  [
    "the node's own network",
    sysctl('net.ipv4.tcp_syncookies', { hostNetwork: true }),
    {},
    'forbidden sysctl: "net.ipv4.tcp_syncookies" not allowed with host net enabled',
  ],
  [
    "the node's own IPC",
    sysctl('kernel.shm_rmid_forced', { hostIPC: true }),
    {},
    'forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host ipc enabled',
  ],
  ['no profile wanted', profile('Unconfined'), {}, undefined],
  ['a profile', profile('RuntimeDefault'), {}, 'Cannot enforce AppArmor: AppArmor is not enabled on the host'],
  ['a profile where they are', profile('Localhost'), { appArmor: true }, undefined],
])('%s', (_rule, spec, machine, message) => {
  expect(unenforceable(testPod(spec), machine)?.message).toBe(message)
})
