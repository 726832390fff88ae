import type { V1IPAddress } from '@kapell/openapi/types'
import { required } from '@kapell/openapi/meta/field-errors'
import { column, defineResource } from '../../registry/definition.ts'
import { nameColumn } from '../common/columns.ts'
import { formatIp, parseIp } from '../common/ip.ts'
import { dns1123Subdomain, pathSegmentName } from '@kapell/openapi/meta/names'
import { internalView } from '../common/internal-view.ts'
import { nameErrors, requiredName, unchanged } from '../common/validation.ts'

function parentCell(o: V1IPAddress): string {
  const p = o.spec?.parentRef
  if (p === undefined) return '<none>'
  return [p.group, p.resource, p.namespace, p.name].filter((s) => s !== undefined && s !== '').join('/')
}

/** The name is the address in its one canonical form. */
function ipName(name: string): string[] {
  if (/^(0\d|.*\.0\d)/.test(name) && !name.includes(':')) return ['must not have leading 0s']
  const ip = parseIp(name)
  if (ip === undefined) return ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)']
  const canonical = formatIp(ip)
  return canonical === name ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`]
}

export const ipAddresses = defineResource<V1IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  shortNames: ['ip'],
  namespaced: false,
  storagePrefix: 'ipaddresses',
  hasGeneration: false,
  validateName: ipName,
  validate: (o, at) => {
    const ref = o.spec?.parentRef
    const here = at.child('spec', 'parentRef')
    if (ref === undefined) return [required(here)]
    return [
      ...((ref.group ?? '') === '' ? [] : nameErrors(here.child('group'), ref.group ?? '', dns1123Subdomain)),
      ...requiredName(here.child('resource'), ref.resource, pathSegmentName),
      ...requiredName(here.child('name'), ref.name, pathSegmentName),
      ...((ref.namespace ?? '') === ''
        ? []
        : nameErrors(here.child('namespace'), ref.namespace ?? '', pathSegmentName)),
    ]
  },
  validateUpdate: (next, previous, at) =>
    unchanged(
      at.child('spec', 'parentRef'),
      internalView('networking.v1.ParentReference', next.spec?.parentRef),
      internalView('networking.v1.ParentReference', previous.spec?.parentRef),
    ),
  columns: [nameColumn, column('ParentRef', 'string', parentCell)],
})
