import type { V1PodDNSConfig, V1PodSpec } from '@kapell/openapi/types'
import {
  duplicate,
  forbidden,
  invalid,
  required,
  tooLong,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain, qualifiedName, searchDomain } from '@kapell/openapi/meta/names'
import { validateLabels } from '../../../../registry/metadata-validation.ts'
import { ipErrors } from '../../../common/ip-validation.ts'
import { nameErrors, unsupported } from '../../../common/validation.ts'
import {
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
  type ContainerScope,
} from './containers.ts'
import { validatePodResources } from './pod-resources.ts'
import { isHugePage, validateAmount, validateContainerResourceName } from './resources.ts'
import { validateAffinity, validateDeadline, validateGates, validateSpread, validateTolerations } from './scheduling.ts'
import { validateOs, validatePodSecurity } from './security.ts'
import { validateHostProcesses, validateOwnUsers } from './windows.ts'
import { validateVolumes } from './volumes.ts'

/** Every rule of a pod spec, in a pod or in a template. Source: "Pod v1 core". */

const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const restartPolicies = ['Always', 'OnFailure', 'Never']

/** `podName` is known of pods, not of templates. */
export function validatePodSpec(spec: V1PodSpec, at: FieldPath, podName = ''): FieldError[] {
  const volumes = validateVolumes(spec, podName, at.child('volumes'))
  const errors = [...volumes.errors, ...validateResourceClaims(spec, at.child('resourceClaims'))]
  const scope: ContainerScope = {
    spec,
    volumes: volumes.byName,
    claims: new Set((spec.resourceClaims ?? []).map((c) => c.name).filter((name) => name !== '')),
  }
  errors.push(...validateContainers(scope, at.child('containers')))
  errors.push(...validateInitContainers(scope, at.child('initContainers')))
  errors.push(...validateEphemeralContainers(scope, at.child('ephemeralContainers')))
  errors.push(...validatePodResources(spec, scope.claims, at.child('resources')))
  errors.push(...validateHostPorts(spec, at))
  errors.push(...closedSet(at.child('restartPolicy'), spec.restartPolicy, restartPolicies))
  errors.push(...closedSet(at.child('dnsPolicy'), spec.dnsPolicy, dnsPolicies))
  if (spec.nodeSelector !== undefined) errors.push(...validateLabels(spec.nodeSelector, at.child('nodeSelector').text))
  errors.push(...validatePodSecurity(spec, at.child('securityContext')))
  errors.push(...validateAffinity(spec.affinity, at.child('affinity')))
  errors.push(...validateDns(spec.dnsPolicy, spec.dnsConfig, at.child('dnsConfig')))
  for (const [i, gate] of (spec.readinessGates ?? []).entries()) {
    errors.push(
      ...nameErrors(at.child('readinessGates').index(i).child('conditionType'), gate.conditionType, qualifiedName),
    )
  }
  errors.push(...validateGates(spec, at.child('schedulingGates')))
  errors.push(...validateSpread(spec.topologySpreadConstraints ?? [], at.child('topologySpreadConstraints')))
  errors.push(...optional(at.child('serviceAccountName'), spec.serviceAccountName, dns1123Subdomain))
  errors.push(...optional(at.child('nodeName'), spec.nodeName, dns1123Subdomain))
  errors.push(...validateDeadline(spec.activeDeadlineSeconds, at.child('activeDeadlineSeconds')))
  errors.push(...optional(at.child('hostname'), spec.hostname, dns1123Label))
  errors.push(...optional(at.child('subdomain'), spec.subdomain, dns1123Label))
  errors.push(...validateTolerations(spec.tolerations ?? [], at.child('tolerations')))
  errors.push(...validateHostAliases(spec, at.child('hostAliases')))
  errors.push(...optional(at.child('priorityClassName'), spec.priorityClassName, dns1123Subdomain))
  if (spec.runtimeClassName !== undefined)
    errors.push(...nameErrors(at.child('runtimeClassName'), spec.runtimeClassName, dns1123Subdomain))
  if (spec.preemptionPolicy !== undefined) {
    errors.push(...closedSet(at.child('preemptionPolicy'), spec.preemptionPolicy, ['PreemptLowerPriority', 'Never']))
  }
  errors.push(...validateOverhead(spec.overhead, at.child('overhead')))
  errors.push(...validateOwnUsers(spec, at))
  errors.push(...validateHostProcesses(spec, at))
  errors.push(...validateHostnameOverride(spec, at.child('hostnameOverride')))
  errors.push(...validateOs(spec, at))
  return errors
}

/** Told of as limits, which is what it counts against. */
function validateOverhead(overhead: V1PodSpec['overhead'], at: FieldPath): FieldError[] {
  const names = Object.keys(overhead ?? {})
  const errors = Object.entries(overhead ?? {}).flatMap(([name, text]) => {
    const here = at.child('limits').key(name)
    return [...validateContainerResourceName(name, here), ...validateAmount(name, text, here)]
  })
  const needsMore = names.some(isHugePage) && !names.includes('cpu') && !names.includes('memory')
  return needsMore ? [...errors, forbidden(at, 'HugePages require cpu or memory')] : errors
}

const maxHostname = 64

function validateHostnameOverride(spec: V1PodSpec, at: FieldPath): FieldError[] {
  const name = spec.hostnameOverride
  if (name === undefined) return []
  return [
    ...nameErrors(at, name, dns1123Subdomain),
    ...(name.length > maxHostname ? [tooLong(at, maxHostname)] : []),
    ...(spec.hostNetwork === true ? [forbidden(at, 'may not be specified when hostNetwork is true')] : []),
    ...(spec.setHostnameAsFQDN === true ? [forbidden(at, 'may not be specified when setHostnameAsFQDN is true')] : []),
  ]
}

function closedSet(at: FieldPath, value: string | undefined, valid: readonly string[]): FieldError[] {
  if (value === undefined || value === '') return [required(at)]
  return valid.includes(value) ? [] : [unsupported(at, value, valid)]
}

function optional(at: FieldPath, value: string | undefined, rule: (text: string) => string[]): FieldError[] {
  return value === undefined || value === '' ? [] : nameErrors(at, value, rule)
}

function validateHostPorts(spec: V1PodSpec, at: FieldPath): FieldError[] {
  if (spec.hostNetwork !== true) return []
  return (spec.containers ?? []).flatMap((container, i) =>
    (container.ports ?? []).flatMap((port, j) =>
      (port.hostPort ?? 0) === 0 || port.hostPort === port.containerPort
        ? []
        : [
            invalid(
              at.child('containers').index(i).child('ports').index(j).child('hostPort'),
              port.hostPort,
              'must match `containerPort` when `hostNetwork` is true',
            ),
          ],
    ),
  )
}

function validateDns(policy: string | undefined, config: V1PodDNSConfig | undefined, at: FieldPath): FieldError[] {
  if (policy === 'None') {
    if (config === undefined) return [required(at, 'must provide `dnsConfig` when `dnsPolicy` is None')]
    if ((config.nameservers ?? []).length === 0) {
      return [required(at.child('nameservers'), 'must provide at least one DNS nameserver when `dnsPolicy` is None')]
    }
  }
  if (config === undefined) return []
  const errors: FieldError[] = []
  const tooManyServers = 'must not have more than 3 nameservers'
  if ((config.nameservers ?? []).length > 3)
    errors.push(invalid(at.child('nameservers'), config.nameservers, tooManyServers))
  for (const [i, server] of (config.nameservers ?? []).entries()) {
    errors.push(...ipErrors(at.child('nameservers').index(i), server))
  }
  const searches = config.searches ?? []
  if (searches.length > 32)
    errors.push(invalid(at.child('searches'), searches, 'must not have more than 32 search paths'))
  if (searches.join(' ').length > 2048) {
    errors.push(
      invalid(
        at.child('searches'),
        searches,
        'must not have more than 2048 characters (including spaces) in the search list',
      ),
    )
  }
  for (const [i, search] of searches.entries()) {
    const text = search === '.' ? 'x' : search.replace(/\.$/, '')
    errors.push(...searchDomain(text).map((m) => invalid(at.child('searches').index(i), search, m)))
  }
  for (const [i, option] of (config.options ?? []).entries()) {
    if ((option.name ?? '') === '') errors.push(required(at.child('options').index(i), 'must not be empty'))
  }
  return errors
}

function validateHostAliases(spec: V1PodSpec, at: FieldPath): FieldError[] {
  return (spec.hostAliases ?? []).flatMap((alias, i) => [
    ...ipErrors(at.index(i).child('ip'), alias.ip),
    ...(alias.hostnames ?? []).flatMap((name, j) =>
      nameErrors(at.index(i).child('hostnames').index(j), name, dns1123Subdomain),
    ),
  ])
}

function validateResourceClaims(spec: V1PodSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [i, claim] of (spec.resourceClaims ?? []).entries()) {
    const here = at.index(i)
    if (claim.name === '') errors.push(required(here.child('name')))
    else if (seen.has(claim.name)) errors.push(duplicate(here.child('name'), claim.name))
    else errors.push(...nameErrors(here.child('name'), claim.name, dns1123Label))
    seen.add(claim.name)
    const { resourceClaimName: name, resourceClaimTemplateName: template } = claim
    const shown = { Name: claim.name, ResourceClaimName: name ?? null, ResourceClaimTemplateName: template ?? null }
    if (name !== undefined && template !== undefined) {
      errors.push(
        invalid(here, shown, 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'),
      )
    }
    if (name === undefined && template === undefined) {
      errors.push(invalid(here, shown, 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'))
    }
    if (name !== undefined) errors.push(...nameErrors(here.child('resourceClaimName'), name, dns1123Subdomain))
    if (template !== undefined) {
      errors.push(...nameErrors(here.child('resourceClaimTemplateName'), template, dns1123Subdomain))
    }
  }
  return errors
}
