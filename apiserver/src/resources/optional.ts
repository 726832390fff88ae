import type { AnyDefinition, ResourceDefinition } from '../registry/definition.ts'
import { mutatingAdmissionPolicies, mutatingAdmissionPolicyBindings } from './admissionregistration/policies.ts'
import { storageVersions } from './apiserverinternal/storageversions.ts'
import { anotherVersion } from './common/another-version.ts'
import { leaseCandidates } from './coordination/leasecandidates.ts'
import { deviceClasses } from './dra/deviceclasses.ts'
import { deviceTaintRules } from './dra/devicetaintrules.ts'
import { claimForms, sliceForms, templateForms } from './dra/first-form.ts'
import { resourceClaims } from './dra/resourceclaims.ts'
import { resourceClaimTemplates } from './dra/resourceclaimtemplates.ts'
import { resourcePoolStatusRequests } from './dra/resourcepoolstatusrequests.ts'
import { resourceSlices } from './dra/resourceslices.ts'
import { ipAddresses } from './networking/ipaddresses.ts'
import { serviceCidrs } from './networking/servicecidrs.ts'
import { volumeAttributesClasses } from './storage/volumeattributesclasses.ts'

/** "deprecated in v1.34+, unavailable in v1.37+": three minor releases apart, as the deprecation policy has it. */
const since = (minor: number, instead = ''): Pick<ResourceDefinition, 'deprecationWarning'> => ({
  deprecationWarning: `v1.${minor}+, unavailable in v1.${minor + 3}+${instead === '' ? '' : `; use ${instead}`}`,
})

const sliceLabel = (version: string): Pick<ResourceDefinition, 'unselectable'> => ({
  unselectable: (field) => `field label not supported for resource.k8s.io/${version}, Kind=ResourceSlice: ${field}`,
})

/** What is served only where `--runtime-config` says so: most of it other versions of what `index.ts` lists. */
export const optionalResources: readonly AnyDefinition[] = [
  // admissionregistration.k8s.io/v1beta1, v1alpha1
  anotherVersion(mutatingAdmissionPolicies, 'v1beta1'),
  anotherVersion(mutatingAdmissionPolicyBindings, 'v1beta1'),
  anotherVersion(mutatingAdmissionPolicies, 'v1alpha1', since(35)),
  anotherVersion(mutatingAdmissionPolicyBindings, 'v1alpha1', since(35)),
  // coordination.k8s.io/v1beta1, v1alpha2
  leaseCandidates,
  anotherVersion(leaseCandidates, 'v1alpha2', since(35)),
  // internal.apiserver.k8s.io/v1alpha1
  storageVersions,
  // networking.k8s.io/v1beta1
  anotherVersion(ipAddresses, 'v1beta1', since(34)),
  anotherVersion(serviceCidrs, 'v1beta1', since(34)),
  // resource.k8s.io/v1beta2, v1beta1, v1alpha3
  anotherVersion(deviceClasses, 'v1beta2', since(36)),
  anotherVersion(resourceClaims, 'v1beta2', since(36)),
  anotherVersion(resourceClaimTemplates, 'v1beta2', since(36)),
  anotherVersion(resourceSlices, 'v1beta2', { ...since(36), ...sliceLabel('v1beta2') }),
  deviceTaintRules,
  anotherVersion(deviceClasses, 'v1beta1', since(35)),
  anotherVersion(resourceClaims, 'v1beta1', { ...since(35), forms: claimForms }),
  anotherVersion(resourceClaimTemplates, 'v1beta1', { ...since(35), forms: templateForms }),
  anotherVersion(resourceSlices, 'v1beta1', { ...since(35), ...sliceLabel('v1beta1'), forms: sliceForms }),
  anotherVersion(deviceTaintRules, 'v1alpha3', since(36)),
  resourcePoolStatusRequests,
  // storage.k8s.io/v1beta1
  anotherVersion(volumeAttributesClasses, 'v1beta1', since(34, 'storage.k8s.io/v1 VolumeAttributesClass')),
]
