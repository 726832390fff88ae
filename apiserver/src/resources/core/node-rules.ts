import type { V1Node, V1Taint } from '@kapell/openapi/types'
import {
  duplicate,
  forbidden,
  internalFieldError,
  invalid,
  required,
  type FieldError,
  type FieldPath,
} from '@kapell/openapi/meta/field-errors'
import { labelValue, qualifiedName } from '@kapell/openapi/meta/names'
import { parseQuantity } from '@kapell/openapi/meta/quantity'
import { parseCidr } from '../common/ip.ts'
import { roundUpAmounts } from '../common/quantities.ts'
import { nameErrors, sameJson, unsupported } from '../common/validation.ts'

/** Source: Node v1 core. */

const emptyInfo = {
  architecture: '',
  bootID: '',
  containerRuntimeVersion: '',
  kernelVersion: '',
  kubeProxyVersion: '',
  kubeletVersion: '',
  machineID: '',
  operatingSystem: '',
  osImage: '',
  systemUUID: '',
}

/** What is allocatable is the whole capacity, until the agent says less. */
export function defaultNode(node: V1Node): void {
  node.spec ??= {}
  const status = (node.status ??= {})
  if (status.allocatable === undefined && status.capacity !== undefined) status.allocatable = { ...status.capacity }
  status.daemonEndpoints ??= { kubeletEndpoint: { Port: 0 } }
  status.nodeInfo ??= { ...emptyInfo }
  roundUpAmounts(status.capacity)
  roundUpAmounts(status.allocatable)
  // Dynamic configuration by the API went with release 1.24.
  delete node.spec.configSource
  delete status.config
  const { podCIDR, podCIDRs } = node.spec
  // The old field leads where the two disagree.
  if ((podCIDR ?? '') !== '' && podCIDRs?.[0] !== podCIDR) node.spec.podCIDRs = [podCIDR ?? '']
  else if ((podCIDR ?? '') === '' && (podCIDRs ?? []).length > 0) node.spec.podCIDR = podCIDRs?.[0] ?? ''
}

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

function validateTaints(taints: readonly V1Taint[], at: FieldPath): FieldError[] {
  const seen = new Set<string>()
  return taints.flatMap((taint, i) => {
    const here = at.index(i)
    const errors = nameErrors(here.child('key'), taint.key, qualifiedName)
    errors.push(...nameErrors(here.child('value'), taint.value ?? '', labelValue))
    if (taint.effect === '') errors.push(required(here.child('effect')))
    else if (!effects.includes(taint.effect)) errors.push(unsupported(here.child('effect'), taint.effect, effects))
    const key = `${taint.key}:${taint.effect}`
    if (seen.has(key)) {
      errors.push({
        type: 'FieldValueDuplicate',
        field: here.text,
        badValue: {
          Key: taint.key,
          Value: taint.value ?? '',
          Effect: taint.effect,
          TimeAdded: taint.timeAdded ?? null,
        },
        detail: 'taints must be unique by key and effect pair',
      })
    }
    seen.add(key)
    return errors
  })
}

export function validateNode(node: V1Node, root: FieldPath): FieldError[] {
  const errors = validateTaints(node.spec?.taints ?? [], root.child('metadata', 'taints'))
  const cidrs = node.spec?.podCIDRs ?? []
  const at = root.child('spec', 'podCIDRs')
  for (const [i, cidr] of cidrs.entries()) {
    if (parseCidr(cidr) === undefined) {
      errors.push(invalid(at.index(i), cidr, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'))
    }
  }
  const families = cidrs.flatMap((cidr) => parseCidr(cidr)?.family ?? [])
  const bad = cidrs.findIndex((cidr) => parseCidr(cidr) === undefined)
  if (cidrs.length > 1 && bad >= 0) {
    const why = `invalid CIDR[${bad}]: <nil> (invalid CIDR address: ${cidrs[bad] ?? ''})`
    errors.push(internalFieldError(at, `invalid PodCIDRs. failed to check with dual stack with error:${why}`))
  }
  if (cidrs.length > 2 || (cidrs.length === 2 && (bad >= 0 || families[0] === families[1]))) {
    errors.push(invalid(at, cidrs, 'may specify no more than one CIDR for each IP family'))
  }
  return errors
}

export function validateNodeUpdate(next: V1Node, previous: V1Node, root: FieldPath): FieldError[] {
  const at = root.child('spec')
  // Taints are looked at twice by the original, and what is wrong with them said twice.
  const errors = validateTaints(next.spec?.taints ?? [], root.child('metadata', 'taints'))
  const before = previous.spec
  if ((before?.podCIDRs ?? []).length > 0 && !sameJson(next.spec?.podCIDRs ?? [], before?.podCIDRs)) {
    errors.push(forbidden(at.child('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'))
  }
  if ((before?.providerID ?? '') !== '' && next.spec?.providerID !== before?.providerID) {
    errors.push(forbidden(at.child('providerID'), 'node updates may not change providerID except from "" to valid'))
  }
  if ((next.spec?.externalID ?? '') !== (before?.externalID ?? ''))
    errors.push(forbidden(at.child('externalID'), 'may not be updated'))
  return errors
}

const maxFeature = 253
const featureName = /^[A-Z][A-Za-z0-9]*(\/[A-Za-z0-9]+)*$/

/** What a node says it can do, by name. */
export function validateNodeStatus(next: V1Node, _previous: V1Node | undefined, root: FieldPath): FieldError[] {
  const at = root.child('status', 'declaredFeatures')
  const names = next.status?.declaredFeatures ?? []
  const amounts = (['capacity', 'allocatable'] as const).flatMap((field) =>
    Object.entries(next.status?.[field] ?? {}).flatMap(([name, amount]) =>
      parseQuantity(amount).sign() < 0
        ? [invalid(root.child('status', field, name), amount, 'must be greater than or equal to 0')]
        : [],
    ),
  )
  const swap = next.status?.nodeInfo?.swap?.capacity
  const noSwap =
    swap !== undefined && swap <= 0
      ? [invalid(root.child('metadata', 'nodeSwapStatus', 'capacity'), swap, 'must be greater than zero')]
      : []
  const repeated = names.flatMap((name, i) => (names.indexOf(name) < i ? [duplicate(at.index(i), name)] : []))
  const unsorted = names.flatMap((name, i) =>
    i > 0 && name < (names[i - 1] ?? '') ? [invalid(at.index(i), name, 'list must be sorted alphabetically')] : [],
  )
  const wrong = names.flatMap((name, i) =>
    name.length > maxFeature
      ? [
          invalid(
            at.index(i),
            name,
            `invalid feature name ${JSON.stringify(name)}: must be no more than ${maxFeature} characters`,
          ),
        ]
      : featureName.test(name)
        ? []
        : [
            invalid(
              at.index(i),
              name,
              `invalid feature name ${JSON.stringify(name)}: must start with an UpperCamelCase segment, with subsequent segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters and slashes`,
            ),
          ],
  )
  return [...amounts, ...noSwap, ...unsorted, ...wrong, ...repeated]
}
