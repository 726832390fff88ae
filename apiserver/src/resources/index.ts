import type { AnyDefinition } from '../registry/definition.ts'
import {
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from './admissionregistration/policies.ts'
import {
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
} from './admissionregistration/webhookconfigurations.ts'
import { customResourceDefinitions } from './apiextensions/customresourcedefinitions.ts'
import { apiServices } from './apiregistration/apiservices.ts'
import { controllerRevisions } from './apps/controllerrevisions.ts'
import { daemonSets } from './apps/daemonsets.ts'
import { deployments } from './apps/deployments.ts'
import { replicaSets } from './apps/replicasets.ts'
import { statefulSets } from './apps/statefulsets.ts'
import { selfSubjectReviews } from './authentication/selfsubjectreviews.ts'
import { tokenReviews } from './authentication/tokenreviews.ts'
import {
  localSubjectAccessReviews,
  selfSubjectAccessReviews,
  subjectAccessReviews,
} from './authorization/accessreviews.ts'
import { selfSubjectRulesReviews } from './authorization/rulesreviews.ts'
import { horizontalPodAutoscalers, horizontalPodAutoscalersV1 } from './autoscaling/horizontalpodautoscalers.ts'
import { cronJobs } from './batch/cronjobs.ts'
import { jobs } from './batch/jobs.ts'
import { certificateSigningRequests } from './certificates/certificatesigningrequests.ts'
import { leases } from './coordination/leases.ts'
import { bindings } from './core/bindings.ts'
import { componentStatuses } from './core/componentstatuses.ts'
import { configMaps } from './core/configmaps.ts'
import { endpoints } from './core/endpoints.ts'
import { events } from './core/events.ts'
import { limitRanges } from './core/limitranges.ts'
import { namespaces } from './core/namespaces.ts'
import { nodes } from './core/nodes.ts'
import { persistentVolumeClaims } from './core/persistentvolumeclaims.ts'
import { persistentVolumes } from './core/persistentvolumes.ts'
import { pods } from './core/pods/index.ts'
import { podTemplates } from './core/podtemplates.ts'
import { replicationControllers } from './core/replicationcontrollers.ts'
import { resourceQuotas } from './core/resourcequotas.ts'
import { secrets } from './core/secrets.ts'
import { serviceAccounts } from './core/serviceaccounts.ts'
import { services } from './core/services/index.ts'
import { endpointSlices } from './discovery/endpointslices.ts'
import { deviceClasses } from './dra/deviceclasses.ts'
import { resourceClaims } from './dra/resourceclaims.ts'
import { resourceClaimTemplates } from './dra/resourceclaimtemplates.ts'
import { resourceSlices } from './dra/resourceslices.ts'
import { newEvents } from './events/events.ts'
import { flowSchemas } from './flowcontrol/flowschemas.ts'
import { priorityLevelConfigurations } from './flowcontrol/prioritylevelconfigurations.ts'
import { ingressClasses } from './networking/ingressclasses.ts'
import { ingresses } from './networking/ingresses.ts'
import { ipAddresses } from './networking/ipaddresses.ts'
import { networkPolicies } from './networking/networkpolicies.ts'
import { serviceCidrs } from './networking/servicecidrs.ts'
import { runtimeClasses } from './node/runtimeclasses.ts'
import { podDisruptionBudgets } from './policy/poddisruptionbudgets.ts'
import { clusterRoleBindings } from './rbac/clusterrolebindings.ts'
import { clusterRoles } from './rbac/clusterroles.ts'
import { roleBindings } from './rbac/rolebindings.ts'
import { roles } from './rbac/roles.ts'
import { priorityClasses } from './scheduling/priorityclasses.ts'
import { csiDrivers } from './storage/csidrivers.ts'
import { csiNodes } from './storage/csinodes.ts'
import { csiStorageCapacities } from './storage/csistoragecapacities.ts'
import { storageClasses } from './storage/storageclasses.ts'
import { volumeAttachments } from './storage/volumeattachments.ts'
import { volumeAttributesClasses } from './storage/volumeattributesclasses.ts'

/** The table of contents: every built-in resource that the server answers for. */
export const resources: readonly AnyDefinition[] = [
  // core/v1
  bindings,
  componentStatuses,
  configMaps,
  endpoints,
  events,
  limitRanges,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  podTemplates,
  replicationControllers,
  resourceQuotas,
  secrets,
  serviceAccounts,
  services,
  // apiregistration.k8s.io/v1
  apiServices,
  // apps/v1
  controllerRevisions,
  daemonSets,
  deployments,
  replicaSets,
  statefulSets,
  // events.k8s.io/v1
  newEvents,
  // authentication.k8s.io/v1
  selfSubjectReviews,
  tokenReviews,
  // authorization.k8s.io/v1
  localSubjectAccessReviews,
  selfSubjectAccessReviews,
  selfSubjectRulesReviews,
  subjectAccessReviews,
  // autoscaling/v2, v1
  horizontalPodAutoscalers,
  horizontalPodAutoscalersV1,
  // batch/v1
  cronJobs,
  jobs,
  // certificates.k8s.io/v1
  certificateSigningRequests,
  // networking.k8s.io/v1
  ingressClasses,
  ingresses,
  ipAddresses,
  networkPolicies,
  serviceCidrs,
  // policy/v1
  podDisruptionBudgets,
  // rbac.authorization.k8s.io/v1
  clusterRoleBindings,
  clusterRoles,
  roleBindings,
  roles,
  // storage.k8s.io/v1
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
  // admissionregistration.k8s.io/v1
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
  mutatingWebhookConfigurations,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
  validatingWebhookConfigurations,
  // apiextensions.k8s.io/v1
  customResourceDefinitions,
  // scheduling.k8s.io/v1
  priorityClasses,
  // coordination.k8s.io/v1
  leases,
  // node.k8s.io/v1
  runtimeClasses,
  // discovery.k8s.io/v1
  endpointSlices,
  // flowcontrol.apiserver.k8s.io/v1
  flowSchemas,
  priorityLevelConfigurations,
  // resource.k8s.io/v1
  deviceClasses,
  resourceClaims,
  resourceClaimTemplates,
  resourceSlices,
]
