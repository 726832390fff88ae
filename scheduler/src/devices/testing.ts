import type {
  ResourceV1ResourceClaim,
  V1Device,
  V1DeviceClass,
  V1DeviceConstraint,
  V1Node,
  V1ResourceSlice,
} from '@kapell/openapi/types'

/** Objects of devices, as short as tests need them. All is of the driver "d.example.com" on the node "n1". */

export const driver = 'd.example.com'

export function node(name = 'n1', labels: Record<string, string> = {}): V1Node {
  return { metadata: { name, labels } }
}

type Attributes = Record<string, string | number | boolean>

export function device(name: string, attributes: Attributes = {}, more: Partial<V1Device> = {}): V1Device {
  const valued = Object.entries(attributes).map(([key, value]) => [
    key,
    typeof value === 'number' ? { int: value } : typeof value === 'boolean' ? { bool: value } : { string: value },
  ])
  return { name, attributes: Object.fromEntries(valued), ...more }
}

export function slice(
  name: string,
  devices: V1Device[],
  more: Partial<V1ResourceSlice['spec']> & { generation?: number; count?: number; poolName?: string } = {},
): V1ResourceSlice {
  const { generation = 1, count = 1, poolName = name, ...spec } = more
  const isPlaced = ['nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection'].some((key) => key in spec)
  return {
    metadata: { name },
    spec: {
      driver,
      pool: { name: poolName, generation, resourceSliceCount: count },
      devices,
      ...(isPlaced ? {} : { nodeName: 'n1' }),
      ...spec,
    },
  }
}

type RequestSpec = NonNullable<NonNullable<NonNullable<ResourceV1ResourceClaim['spec']>['devices']>['requests']>[number]

export function exactly(name: string, more: Partial<NonNullable<RequestSpec['exactly']>> = {}): RequestSpec {
  return { name, exactly: { deviceClassName: 'any', allocationMode: 'ExactCount', ...more } }
}

export function claim(
  name: string,
  requests: RequestSpec[],
  constraints: V1DeviceConstraint[] = [],
): ResourceV1ResourceClaim {
  return { metadata: { name, namespace: 'ns', uid: name }, spec: { devices: { requests, constraints } } }
}

export const anyClass: V1DeviceClass = { metadata: { name: 'any' }, spec: {} }

/** Instead of the real language: "name=value" asks for an attribute of the driver, "!" fails. */
export function plainSelector(expression: string) {
  return ({ device: { attributes = {} } }: { device: V1Device }): boolean => {
    if (expression === '!') throw new Error('CEL runtime error: no such key: x')
    const [name = '', value] = expression.split('=')
    const found = attributes[name]
    return String(found?.string ?? found?.int ?? found?.bool) === value
  }
}

export const selecting = (expression: string): { selectors: { cel: { expression: string } }[] } => ({
  selectors: [{ cel: { expression } }],
})
