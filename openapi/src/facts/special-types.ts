/** Definitions that are no plain structs, and where they stand: the client calls them string, object or any. */
const resource = 'io.k8s.apimachinery.pkg.api.resource.Quantity'
const raw = 'io.k8s.apimachinery.pkg.runtime.RawExtension'
const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const extensions = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'

export interface SpecialDefinition {
  type?: string
  format?: string
  /** What OpenAPI 3.0 says in place of `type`. */
  oneOf?: string[]
  /** Our TypeScript for it. */
  typescript: string
  description: string
}

export const specialDefinitions: Record<string, SpecialDefinition> = {
  [resource]: {
    type: 'string',
    oneOf: ['string', 'number'],
    typescript: 'string',
    description:
      'A fixed-point number: an optional sign, decimal digits, and either a binary suffix (Ki, Mi, Gi, Ti, Pi, Ei), a decimal suffix (n, u, m, k, M, G, T, P, E) or a decimal exponent. No more than three decimal places are kept, and no value above 2^63-1; what is beyond is capped or rounded up. Stored in canonical form: the largest suffix that leaves no fraction.',
  },
  [raw]: {
    type: 'object',
    typescript: 'Record<string, unknown>',
    description: 'An object of any kind, kept as it was given.',
  },
  [`${meta}.FieldsV1`]: {
    type: 'object',
    typescript: 'Record<string, unknown>',
    description:
      "A set of fields as a trie. A key is '.' for the field itself, or 'f:<name>' for a field of a struct or key of a map, 'v:<json>' for a value of a list, 'i:<n>' for a position in a list, 'k:<json>' for the item of a list with these key fields.",
  },
  [`${meta}.MicroTime`]: {
    type: 'string',
    format: 'date-time',
    typescript: 'string',
    description: 'A point in time with exactly six decimals of a second, in RFC 3339 form.',
  },
  [`${meta}.Time`]: {
    type: 'string',
    format: 'date-time',
    typescript: 'string',
    description: 'A point in time to the second, in RFC 3339 form.',
  },
  [`${meta}.Patch`]: {
    type: 'object',
    typescript: 'Record<string, unknown> | unknown[]',
    description: 'A patch in one of the formats the request names by its content type.',
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    type: 'string',
    format: 'int-or-string',
    oneOf: ['integer', 'string'],
    typescript: 'number | string',
    description:
      'Either a 32-bit integer or a string, such as a port by number or by name, or a count or a percentage.',
  },
  [`${extensions}.CustomResourceSubresourceStatus`]: {
    type: 'object',
    typescript: 'Record<string, unknown>',
    description:
      'Turns the status subresource of a custom resource on: the status is then written through it alone, and other writes leave the status as it is.',
  },
  'io.k8s.api.apiserverinternal.v1alpha1.StorageVersionSpec': {
    type: 'object',
    typescript: 'Record<string, unknown>',
    description: 'There is nothing to ask for.',
  },
  [`${extensions}.JSON`]: { typescript: 'unknown', description: 'Any JSON value.' },
  [`${extensions}.JSONSchemaPropsOrArray`]: {
    typescript: 'unknown',
    description: 'Either a schema or a list of schemas.',
  },
  [`${extensions}.JSONSchemaPropsOrBool`]: {
    typescript: 'unknown',
    description: 'Either a schema or a boolean; true stands for the schema that takes everything.',
  },
  [`${extensions}.JSONSchemaPropsOrStringArray`]: {
    typescript: 'unknown',
    description: 'Either a schema or a list of strings.',
  },
}

const quantities: Record<string, string> = {
  'io.k8s.api.autoscaling.v2':
    'HPAScalingRules.tolerance MetricTarget.averageValue MetricTarget.value MetricValueStatus.averageValue MetricValueStatus.value',
  'io.k8s.api.core.v1': `ContainerStatus.allocatedResources EmptyDirVolumeSource.sizeLimit LimitRangeItem.default
    LimitRangeItem.defaultRequest LimitRangeItem.max LimitRangeItem.maxLimitRequestRatio LimitRangeItem.min
    NodeAllocatableResourceClaimStatus.resources NodeStatus.allocatable NodeStatus.capacity
    PersistentVolumeClaimStatus.allocatedResources PersistentVolumeClaimStatus.capacity PersistentVolumeSpec.capacity
    PodSpec.overhead PodStatus.allocatedResources ResourceFieldSelector.divisor ResourceQuotaSpec.hard
    ResourceQuotaStatus.hard ResourceQuotaStatus.used ResourceRequirements.limits ResourceRequirements.requests
    VolumeResourceRequirements.limits VolumeResourceRequirements.requests`,
  'io.k8s.api.node.v1': 'Overhead.podFixed',
  'io.k8s.api.resource.v1': `CapacityRequestPolicy.default CapacityRequestPolicy.validValues
    CapacityRequestPolicyRange.max CapacityRequestPolicyRange.min CapacityRequestPolicyRange.step
    CapacityRequirements.requests Counter.value DeviceCapacity.value DeviceRequestAllocationResult.consumedCapacity
    NodeAllocatableResourceMapping.allocationMultiplier`,
  'io.k8s.api.storage.v1': 'CSIStorageCapacity.capacity CSIStorageCapacity.maximumVolumeSize',
}

/** "definition.property" -> the special definition at its leaf (the value itself, or each item or value of it). */
export const specialProperties: ReadonlyMap<string, string> = new Map([
  ...Object.entries(quantities).flatMap(([pkg, list]) =>
    list.split(/\s+/).map((at) => [`${pkg}.${at}`, resource] as const),
  ),
  ['io.k8s.api.apps.v1.ControllerRevision.data', raw],
  [
    'io.k8s.api.apiserverinternal.v1alpha1.StorageVersion.spec',
    'io.k8s.api.apiserverinternal.v1alpha1.StorageVersionSpec',
  ],
  ['io.k8s.api.resource.v1.AllocatedDeviceStatus.data', raw],
  ['io.k8s.api.resource.v1.OpaqueDeviceConfiguration.parameters', raw],
  [`${meta}.WatchEvent.object`, raw],
  [`${meta}.ManagedFieldsEntry.fieldsV1`, `${meta}.FieldsV1`],
  [`${extensions}.CustomResourceSubresources.status`, `${extensions}.CustomResourceSubresourceStatus`],
  [`${extensions}.JSONSchemaProps.additionalItems`, `${extensions}.JSONSchemaPropsOrBool`],
  [`${extensions}.JSONSchemaProps.additionalProperties`, `${extensions}.JSONSchemaPropsOrBool`],
  [`${extensions}.JSONSchemaProps.default`, `${extensions}.JSON`],
  [`${extensions}.JSONSchemaProps.dependencies`, `${extensions}.JSONSchemaPropsOrStringArray`],
  [`${extensions}.JSONSchemaProps.enum`, `${extensions}.JSON`],
  [`${extensions}.JSONSchemaProps.example`, `${extensions}.JSON`],
  [`${extensions}.JSONSchemaProps.items`, `${extensions}.JSONSchemaPropsOrArray`],
])

/** References that the API does not describe where they stand. */
export const undescribed: ReadonlySet<string> = new Set([
  'io.k8s.api.networking.v1.IngressRule.http',
  ...['additionalItems', 'additionalProperties', 'example', 'externalDocs', 'items', 'not'].map(
    (property) => `${extensions}.JSONSchemaProps.${property}`,
  ),
])
