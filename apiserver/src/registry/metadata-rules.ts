/**
 * How often a kind has its metadata looked at. All kinds share one look at what is written and one at what changes; most
 * kinds repeat the one, the other, or both by their own rules, and then say what is wrong again. Recorded from the
 * answers of a running original.
 */
export interface MetadataRules {
  /** More looks at the whole of it. */
  whole: number
  /** More looks at what changed, on updates. */
  changed: number
  /** Finalizers need a domain in front; extensions may name theirs as they like. */
  qualifiedFinalizers: boolean
}

const most: MetadataRules = { whole: 1, changed: 1, qualifiedFinalizers: true }
const rules = new Map<string, MetadataRules>()

function set(one: Partial<MetadataRules>, names: string): void {
  for (const name of names.trim().split(/\s+/)) rules.set(name, { ...most, ...one })
}

set({ whole: 0, changed: 0, qualifiedFinalizers: false }, '/events policy/poddisruptionbudgets')
set(
  { changed: 0 },
  `/limitranges discovery.k8s.io/endpointslices storage.k8s.io/csinodes storage.k8s.io/volumeattachments
  flowcontrol.apiserver.k8s.io/flowschemas flowcontrol.apiserver.k8s.io/prioritylevelconfigurations`,
)
set({ whole: 2, changed: 0 }, '/persistentvolumes')
set(
  { whole: 0 },
  `/podtemplates /replicationcontrollers /resourcequotas /services apps/daemonsets apps/deployments apps/replicasets
  apps/statefulsets autoscaling/horizontalpodautoscalers batch/cronjobs events.k8s.io/events
  networking.k8s.io/networkpolicies networking.k8s.io/servicecidrs resource.k8s.io/resourceslices
  scheduling.k8s.io/priorityclasses storage.k8s.io/csidrivers`,
)
set(
  { whole: 0, qualifiedFinalizers: false },
  'coordination.k8s.io/leases apiextensions.k8s.io/customresourcedefinitions',
)
set({ qualifiedFinalizers: false }, 'node.k8s.io/runtimeclasses apiregistration.k8s.io/apiservices')
set(
  { changed: 0, qualifiedFinalizers: false },
  `admissionregistration.k8s.io/validatingadmissionpolicies
  admissionregistration.k8s.io/validatingadmissionpolicybindings
  admissionregistration.k8s.io/mutatingadmissionpolicies admissionregistration.k8s.io/mutatingadmissionpolicybindings
  admissionregistration.k8s.io/validatingwebhookconfigurations
  admissionregistration.k8s.io/mutatingwebhookconfigurations`,
)
export const customMetadata: MetadataRules = { whole: 0, changed: 1, qualifiedFinalizers: false }

/** Kinds whose rules of the status leave the metadata to what all kinds share. */
const plainStatuses = new Set(['batch/cronjobs'])
/** Kinds whose parts are judged as the whole is. */
const wholeParts = new Set(['certificates.k8s.io/certificatesigningrequests'])

/** Parts of objects are judged by what changed alone. */
export function metadataRulesOf(
  definition: { group: string; plural: string; custom?: unknown },
  subresource = '',
): MetadataRules {
  if (definition.custom !== undefined) return customMetadata
  const name = `${definition.group}/${definition.plural}`
  const own = rules.get(name) ?? most
  if (subresource === '') return own
  if (wholeParts.has(name)) return own
  return { ...own, whole: 0, changed: plainStatuses.has(name) ? 0 : own.changed }
}
