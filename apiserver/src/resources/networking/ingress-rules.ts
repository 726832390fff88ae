import type { V1Ingress, V1IngressBackend, V1IngressRule } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain, portName, wildcardDns1123Subdomain } from '@kapell/openapi/meta/names'
import { validateTypedRef } from './typed-ref.ts'
import { parseIp } from '../common/ip.ts'
import { nameErrors, unsupported, validatePortNumber } from '../common/validation.ts'

/** Source: Ingress v1 networking. */
export function validateIngress(ingress: V1Ingress, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  const spec = ingress.spec ?? {}
  const errors: FieldError[] = []
  if ((spec.rules ?? []).length === 0 && spec.defaultBackend === undefined) {
    errors.push(invalid(at, spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified'))
  }
  if (spec.defaultBackend !== undefined)
    errors.push(...validateBackend(spec.defaultBackend, at.child('defaultBackend')))
  for (const [i, rule] of (spec.rules ?? []).entries()) errors.push(...validateRule(rule, at.child('rules').index(i)))
  for (const [i, tls] of (spec.tls ?? []).entries()) {
    if ((tls.secretName ?? '') !== '')
      errors.push(...nameErrors(at.child('tls').index(i).child('secretName'), tls.secretName ?? '', dns1123Subdomain))
    for (const [j, host] of (tls.hosts ?? []).entries()) {
      errors.push(...validateHost(host, at.child('tls').index(i).child('hosts').index(j)))
    }
  }
  if (spec.ingressClassName !== undefined) {
    errors.push(...nameErrors(at.child('ingressClassName'), spec.ingressClassName, dns1123Subdomain))
  }
  return errors
}

const validateHost = (host: string, at: FieldPath): FieldError[] =>
  nameErrors(at, host, host.includes('*') ? wildcardDns1123Subdomain : dns1123Subdomain)

function validateRule(rule: V1IngressRule, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const host = rule.host ?? ''
  if (host !== '') {
    if (parseIp(host) !== undefined)
      errors.push(invalid(at.child('host'), host, 'must be a DNS name, not an IP address'))
    else errors.push(...validateHost(host, at.child('host')))
  }
  if (rule.http === undefined) return errors
  const pathsAt = at.child('http', 'paths')
  if ((rule.http.paths ?? []).length === 0) errors.push(required(pathsAt))
  for (const [i, path] of (rule.http.paths ?? []).entries()) {
    const here = pathsAt.index(i)
    errors.push(...validatePath(path.path ?? '', path.pathType, here))
    // Without a type nothing else of the path is looked at.
    if (path.pathType != null) errors.push(...validateBackend(path.backend, here.child('backend')))
  }
  return errors
}

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix']
const badSequences = ['//', '/./', '/../', '%2f', '%2F']
const badSuffixes = ['/..', '/.']

function validatePath(path: string, type: string | undefined | null, at: FieldPath): FieldError[] {
  if (type == null) return [required(at.child('pathType'), 'pathType must be specified')]
  const here = at.child('path')
  switch (type) {
    case 'Exact':
    case 'Prefix': {
      if (!path.startsWith('/')) return [invalid(here, path, 'must be an absolute path')]
      const errors: FieldError[] = []
      for (const bad of badSequences)
        if (path.includes(bad)) errors.push(invalid(here, path, `must not contain '${bad}'`))
      for (const bad of badSuffixes)
        if (path.endsWith(bad)) errors.push(invalid(here, path, `cannot end with '${bad}'`))
      return errors
    }
    case 'ImplementationSpecific':
      return path !== '' && !path.startsWith('/') ? [invalid(here, path, 'must be an absolute path')] : []
    default:
      return [unsupported(at.child('pathType'), type, pathTypes)]
  }
}

function validateBackend(backend: V1IngressBackend | undefined, at: FieldPath): FieldError[] {
  const { service, resource } = backend ?? {}
  if (service !== undefined && resource !== undefined) {
    return [invalid(at, '', 'cannot set both resource and service backends')]
  }
  if (resource !== undefined) {
    return validateTypedRef(resource, at.child('resource'))
  }
  if (service === undefined) return [invalid(at, '', 'resource or service backend is required')]
  const errors: FieldError[] = []
  if ((service.name ?? '') === '') errors.push(required(at.child('service', 'name')))
  else errors.push(...nameErrors(at.child('service', 'name'), service.name, dns1123Label))
  const { name = '', number = 0 } = service.port ?? {}
  if (name !== '' && number !== 0) errors.push(invalid(at, '', 'cannot set both port name & port number'))
  else if (name === '' && number === 0) errors.push(required(at, 'port name or number is required'))
  else if (name !== '') errors.push(...nameErrors(at.child('service', 'port', 'name'), name, portName))
  else errors.push(...validatePortNumber(at.child('service', 'port', 'number'), number))
  return errors
}
