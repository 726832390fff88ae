import { forbidden, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import type { KubeObject } from '@kapell/openapi/meta/object'
import type { StrategyContext } from '../../registry/definition.ts'
import type { ClaimSpec } from './claim-rules.ts'

/** Administrators' access to devices in use is for namespaces that say so. Source: KEP-5018. */

const label = 'resource.kubernetes.io/admin-access'
const missing = `admin access to devices requires the \`${label}: true\` label on the containing namespace`

export function hasAdminAccess(namespace: string | undefined, { services }: StrategyContext): boolean {
  const found = services.objects.get<KubeObject>({ group: '', plural: 'namespaces' }, { name: namespace ?? '' })
  return found?.metadata?.labels?.[label] === 'true'
}

/** `at` is where the original says it is, of claims and of templates. */
export function adminAccessErrors(
  spec: ClaimSpec | undefined,
  namespace: string | undefined,
  at: FieldPath,
  context: StrategyContext,
): FieldError[] {
  const requests = spec?.devices?.requests ?? []
  const first = requests.findIndex(({ exactly }) => exactly?.adminAccess === true)
  if (first < 0 || hasAdminAccess(namespace, context)) return []
  return [forbidden(at.child('devices', 'requests').index(first).child('adminAccess'), missing)]
}

export function adminResultErrors(
  results: readonly { adminAccess?: boolean }[],
  namespace: string | undefined,
  at: FieldPath,
  context: StrategyContext,
): FieldError[] {
  const first = results.findIndex(({ adminAccess }) => adminAccess === true)
  if (first < 0 || hasAdminAccess(namespace, context)) return []
  return [forbidden(at.index(first).child('adminAccess'), missing)]
}
