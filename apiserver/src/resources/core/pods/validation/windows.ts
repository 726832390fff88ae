import type { V1PodSpec, V1WindowsSecurityContextOptions } from '@kapell/openapi/types'
import { forbidden, invalid, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Subdomain } from '@kapell/openapi/meta/names'
import { nameErrors } from '../../../common/validation.ts'

/** What only Windows knows. Source: "Configure RunAsUserName", "Create a Windows HostProcess Pod". */

const maxSpecBytes = 65_536
const maxDomain = 256
const maxUser = 104
const control = /\p{Cc}/u
const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const dnsLabels = /^([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/
const badInUser = /["/\\:;|=,+*?<>@[\]]/

export function validateWindowsOptions(
  options: V1WindowsSecurityContextOptions | undefined,
  at: FieldPath,
): FieldError[] {
  if (options === undefined) return []
  const errors: FieldError[] = []
  const { gmsaCredentialSpecName: name, gmsaCredentialSpec: spec, runAsUserName: user } = options
  if (name !== undefined) errors.push(...nameErrors(at.child('gmsaCredentialSpecName'), name, dns1123Subdomain))
  if (spec !== undefined) {
    const here = at.child('gmsaCredentialSpec')
    if (spec === '') errors.push(invalid(here, spec, 'gmsaCredentialSpec cannot be an empty string'))
    else if (Buffer.byteLength(spec) > maxSpecBytes) {
      errors.push(invalid(here, spec, `gmsaCredentialSpec size must be under ${maxSpecBytes / 1024} KiB`))
    }
  }
  if (user !== undefined) errors.push(...userName(user, at.child('runAsUserName')))
  return errors
}

function userName(value: string, at: FieldPath): FieldError[] {
  const wrong = (text: string): FieldError => invalid(at, value, text)
  if (value === '') return [wrong('runAsUserName cannot be an empty string')]
  if (control.test(value)) return [wrong('runAsUserName cannot contain control characters')]
  const parts = value.split('\\')
  if (parts.length > 2) return [wrong('runAsUserName cannot contain more than one backslash')]
  const errors: FieldError[] = []
  const [domain, user = ''] = parts.length === 2 ? parts : [undefined, value]
  if (domain !== undefined) {
    if (domain.length >= maxDomain)
      errors.push(wrong(`runAsUserName's Domain length must be under ${maxDomain} characters`))
    if (!netBios.test(domain) && !(dnsLabels.test(domain) && domain.length < maxDomain)) {
      errors.push(wrong("runAsUserName's Domain doesn't match the NetBios nor the DNS format"))
    }
  }
  if (user === '') errors.push(wrong("runAsUserName's User cannot be empty"))
  else if (user.length > maxUser) {
    errors.push(wrong(`runAsUserName's User length must not be longer than ${maxUser} characters`))
  }
  if (/^[. ]+$/.test(user)) errors.push(wrong("runAsUserName's User cannot contain only periods or spaces"))
  if (badInUser.test(user)) {
    errors.push(wrong('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]'))
  }
  return errors
}

/** Containers that are processes of the host: all or none, and on the host's network. */
export function validateHostProcesses(spec: V1PodSpec, at: FieldPath): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess
  const errors: FieldError[] = []
  let some = false
  let all = true
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    for (const [i, container] of (spec[field] ?? []).entries()) {
      const own = container.securityContext?.windowsOptions?.hostProcess
      if (ofPod !== undefined && own !== undefined && ofPod !== own) {
        const here = at.child(field).index(i).child('securityContext', 'windowsOptions', 'hostProcess')
        errors.push(invalid(here, own, `pod hostProcess value must be identical if both are specified, was ${ofPod}`))
      }
      if (own ?? ofPod ?? false) some = true
      else all = false
    }
  }
  if (!some) return errors
  if (!all) {
    errors.push(
      invalid(at, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers'),
    )
  }
  if (spec.hostNetwork !== true) {
    const text = 'hostNetwork must be true if pod contains any hostProcess containers'
    errors.push(invalid(at.child('hostNetwork'), spec.hostNetwork ?? false, text))
  }
  return errors
}

/** A pod with users of its own cannot have the host's things. */
export function validateOwnUsers(spec: V1PodSpec, at: FieldPath): FieldError[] {
  if (spec.hostUsers !== false) return []
  const text = 'when `hostUsers` is false'
  return [
    ...(spec.hostNetwork === true ? [forbidden(at.child('hostNetwork'), text)] : []),
    ...(spec.hostPID === true ? [forbidden(at.child('HostPID'), text)] : []),
    ...(spec.hostIPC === true ? [forbidden(at.child('HostIPC'), text)] : []),
  ]
}
