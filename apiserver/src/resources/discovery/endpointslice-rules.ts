import type { V1Endpoint, V1EndpointSlice } from '@kapell/openapi/types'
import {
  duplicate,
  invalid,
  required,
  tooMany,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import {
  dns1123Label,
  dns1123Subdomain,
  labelValue,
  qualifiedName,
  type NameValidator,
} from '@kapell/openapi/meta/names'
import { parseIp } from '../common/ip.ts'
import { nameErrors, unsupported } from '../common/validation.ts'
import { notSpecial } from '../core/services/validation.ts'

/** Source: EndpointSlice v1 discovery. */

const types = ['FQDN', 'IPv4', 'IPv6']
const protocols = ['SCTP', 'TCP', 'UDP']
const maxEndpoints = 1000
const maxPorts = 20_000
const maxAddresses = 100

export function validateSlice(slice: V1EndpointSlice, at: FieldPath, previous?: V1EndpointSlice): FieldError[] {
  const errors: FieldError[] = []
  const type = slice.addressType ?? ''
  if (type === '') errors.push(required(at.child('addressType')))
  else if (!types.includes(type)) errors.push(unsupported(at.child('addressType'), type, types))
  const endpoints = slice.endpoints ?? []
  if (endpoints.length > maxEndpoints)
    return [...errors, tooMany(at.child('endpoints'), endpoints.length, maxEndpoints)]
  // What was let in before is not judged anew.
  const kept = new Set((previous?.endpoints ?? []).flatMap((e) => e.addresses ?? []))
  errors.push(...endpoints.flatMap((e, i) => validateEndpoint(e, { type, kept }, at.child('endpoints').index(i))))
  errors.push(...validatePorts(slice, at.child('ports')))
  return errors
}

interface Addresses {
  type: string
  kept: ReadonlySet<string>
}

function validateEndpoint(endpoint: V1Endpoint, { type, kept }: Addresses, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const addresses = endpoint.addresses ?? []
  const here = at.child('addresses')
  if (addresses.length === 0) errors.push(required(here, 'must contain at least 1 address'))
  else if (addresses.length > maxAddresses) errors.push(tooMany(here, addresses.length, maxAddresses))
  for (const [i, address] of addresses.entries())
    if (!kept.has(address)) errors.push(...validateAddress(address, type, here, i))
  if (endpoint.nodeName !== undefined)
    errors.push(...nameErrors(at.child('nodeName'), endpoint.nodeName, dns1123Subdomain))
  const zones = endpoint.hints?.forZones ?? []
  const nodes = endpoint.hints?.forNodes ?? []
  errors.push(...distinct(zones, labelValue, at.child('hints', 'forZones')))
  errors.push(...distinct(nodes, dns1123Subdomain, at.child('hints', 'forNodes')))
  if (endpoint.hostname !== undefined) errors.push(...nameErrors(at.child('hostname'), endpoint.hostname, dns1123Label))
  return errors
}

const maxHints = 8

function distinct(hints: readonly { name?: string }[], rule: NameValidator, at: FieldPath): FieldError[] {
  if (hints.length > maxHints) return [tooMany(at, hints.length, maxHints)]
  const names = new Set<string>()
  return hints.flatMap(({ name = '' }, i) => {
    const here = at.index(i).child('name')
    const errors = names.has(name) ? [duplicate(here, name)] : nameErrors(here, name, rule)
    names.add(name)
    return errors
  })
}

function validateAddress(address: string, type: string, list: FieldPath, i: number): FieldError[] {
  const at = list.index(i)
  if (type === 'FQDN' && address === '') return [required(at)]
  if (type === 'FQDN') return nameErrors(at, address, dns1123Subdomain)
  const ip = parseIp(address)
  if (ip === undefined && (type === 'IPv4' || type === 'IPv6'))
    return [invalid(at, address, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')]
  if (ip === undefined || ip.family !== type) {
    return type === 'IPv4' || type === 'IPv6' ? [invalid(list, address, `must be an ${type} address`)] : []
  }
  return notSpecial(address, at)
}

function validatePorts(slice: V1EndpointSlice, at: FieldPath): FieldError[] {
  const ports = slice.ports ?? []
  if (ports.length > maxPorts) return [tooMany(at, ports.length, maxPorts)]
  const names = new Set<string>()
  return ports.flatMap((port, i) => {
    const here = at.index(i)
    const name = port.name ?? ''
    const errors = name === '' ? [] : nameErrors(here.child('name'), name, dns1123Label)
    if (names.has(name)) errors.push(duplicate(here.child('name'), name))
    names.add(name)
    if (port.protocol === undefined) errors.push(required(here.child('protocol')))
    else if (!protocols.includes(port.protocol ?? ''))
      errors.push(unsupported(here.child('protocol'), port.protocol, protocols))
    if (port.appProtocol !== undefined)
      errors.push(...nameErrors(here.child('appProtocol'), port.appProtocol, qualifiedName))
    return errors
  })
}
