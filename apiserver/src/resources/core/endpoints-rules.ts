import type { CoreV1EndpointPort, V1EndpointAddress, V1Endpoints } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Label, dns1123Subdomain, qualifiedName } from '@kapell/openapi/meta/names'
import { parseIp } from '../common/ip.ts'
import { nameErrors, unsupported, validatePortNumber } from '../common/validation.ts'
import { notAnIp } from '../common/ip-validation.ts'
import { notSpecial } from './services/validation.ts'

/** Source: Endpoints v1 core. */
export function validateEndpoints(endpoints: V1Endpoints, root: FieldPath): FieldError[] {
  return (endpoints.subsets ?? []).flatMap((subset, i) => {
    const at = root.child('subsets').index(i)
    const addresses = subset.addresses ?? []
    const notReady = subset.notReadyAddresses ?? []
    const errors: FieldError[] = []
    if (addresses.length === 0 && notReady.length === 0) {
      errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'))
    }
    errors.push(...addresses.flatMap((a, j) => validateAddress(a, at.child('addresses').index(j))))
    errors.push(...notReady.flatMap((a, j) => validateAddress(a, at.child('notReadyAddresses').index(j))))
    const ports = subset.ports ?? []
    errors.push(...ports.flatMap((p, j) => validatePort(p, ports.length > 1, at.child('ports').index(j))))
    return errors
  })
}

function validateAddress(address: V1EndpointAddress, at: FieldPath): FieldError[] {
  const here = at.child('ip')
  const errors: FieldError[] =
    parseIp(address.ip) === undefined
      ? [invalid(here, address.ip, notAnIp), invalid(here, address.ip, 'must be a valid IP address')]
      : notSpecial(address.ip, here)
  if ((address.hostname ?? '') !== '')
    errors.push(...nameErrors(at.child('hostname'), address.hostname ?? '', dns1123Label))
  if (address.nodeName !== undefined)
    errors.push(...nameErrors(at.child('nodeName'), address.nodeName, dns1123Subdomain))
  return errors
}

const protocols = ['SCTP', 'TCP', 'UDP']

function validatePort(port: CoreV1EndpointPort, nameRequired: boolean, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if ((port.name ?? '') !== '') errors.push(...nameErrors(at.child('name'), port.name ?? '', dns1123Label))
  else if (nameRequired) errors.push(required(at.child('name')))
  errors.push(...validatePortNumber(at.child('port'), port.port))
  if ((port.protocol ?? '') === '') errors.push(required(at.child('protocol')))
  else if (!protocols.includes(port.protocol ?? ''))
    errors.push(unsupported(at.child('protocol'), port.protocol, protocols))
  if (port.appProtocol !== undefined)
    errors.push(...nameErrors(at.child('appProtocol'), port.appProtocol, qualifiedName))
  return errors
}
