import type {
  V1ResourceClaimTemplate,
  V1ResourceSlice,
  V1beta1Device,
  V1beta1DeviceRequest,
  V1DeviceRequest,
  V1Device,
  ResourceV1ResourceClaim,
} from '@kapell/openapi/types'
import type { KubeObject } from '@kapell/openapi/meta/object'
import type { Forms } from '../common/another-version.ts'

/**
 * The form of resource.k8s.io/v1beta1: the exact form of a request stood in the request itself, and what a device is
 * below `basic`. Source: "Dynamic Resource Allocation".
 */

/** Whether a request says anything of one exact kind of device. */
const saysExactly = ({ name: _, firstAvailable: __, deviceClassName, ...exact }: V1beta1DeviceRequest): boolean =>
  (deviceClassName ?? '') !== '' || Object.values(exact).some((value) => value !== undefined)

function storedRequest(request: V1beta1DeviceRequest): V1DeviceRequest {
  const { name, firstAvailable, ...exact } = request
  return {
    name,
    ...(saysExactly(request) ? { exactly: { ...exact, deviceClassName: exact.deviceClassName ?? '' } } : {}),
    ...(firstAvailable === undefined ? {} : { firstAvailable }),
  }
}

const firstRequest = ({ name, exactly, firstAvailable }: V1DeviceRequest): V1beta1DeviceRequest => ({
  name,
  deviceClassName: '',
  ...exactly,
  ...(firstAvailable === undefined ? {} : { firstAvailable }),
})

type Spec<Request> = { devices?: { requests?: Request[] } } | undefined

function requestsOf<From, To>(spec: Spec<From>, convert: (request: From) => To): object {
  // A required list that is not given is null.
  const requests = spec?.devices?.requests as From[] | null | undefined
  return requests == null ? { ...spec } : { ...spec, devices: { ...spec?.devices, requests: requests.map(convert) } }
}

/** Objects of both versions, as far as they differ. */
type Claim<Request> = KubeObject & { spec?: Spec<Request> }
type Template<Request> = KubeObject & { spec?: { spec?: Spec<Request> } }
type Slice<Device> = KubeObject & { spec?: { devices?: Device[] } }

export const claimForms: Forms = {
  toStored: (o: Claim<V1beta1DeviceRequest>) => ({ ...o, spec: requestsOf(o.spec, storedRequest) }) as KubeObject,
  fromStored: (o: KubeObject) =>
    ({ ...o, spec: requestsOf((o as ResourceV1ResourceClaim).spec, firstRequest) }) as KubeObject,
}

export const templateForms: Forms = {
  toStored: (o: Template<V1beta1DeviceRequest>) =>
    ({ ...o, spec: { ...o.spec, spec: requestsOf(o.spec?.spec, storedRequest) } }) as KubeObject,
  fromStored: (o: KubeObject) => {
    const { spec } = o as V1ResourceClaimTemplate
    return { ...o, spec: { ...spec, spec: requestsOf(spec?.spec, firstRequest) } } as KubeObject
  },
}

const devicesOf = <From, To>(o: Slice<From>, convert: (device: From) => To): KubeObject => {
  const devices = o.spec?.devices as From[] | null | undefined
  return devices == null ? { ...o } : ({ ...o, spec: { ...o.spec, devices: devices.map(convert) } } as KubeObject)
}

export const sliceForms: Forms = {
  toStored: (o: Slice<V1beta1Device>) => devicesOf(o, ({ name, basic }): V1Device => ({ name, ...basic })),
  fromStored: (o: KubeObject) =>
    devicesOf(o as V1ResourceSlice, ({ name, ...basic }): V1beta1Device => ({ name, basic })),
}
