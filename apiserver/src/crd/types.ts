import type { KubeObject } from '@kapell/openapi/meta/object'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'

/** A CustomResourceDefinition as this room reads it. Source: API reference, "CustomResourceDefinition". */
export interface CrdNames {
  plural: string
  kind: string
  singular?: string
  listKind?: string
  shortNames?: string[]
  categories?: string[]
}

export interface CrdColumn {
  name: string
  type: string
  jsonPath: string
  format?: string
  description?: string
  priority?: number
}

export interface CrdScale {
  specReplicasPath: string
  statusReplicasPath: string
  labelSelectorPath?: string
}

export interface CrdVersion {
  name: string
  served: boolean
  storage: boolean
  deprecated?: boolean
  deprecationWarning?: string
  schema?: { openAPIV3Schema?: JsonSchema }
  subresources?: { status?: object; scale?: CrdScale }
  additionalPrinterColumns?: CrdColumn[]
  selectableFields?: { jsonPath: string }[]
}

export interface CrdCondition {
  type: string
  status: string
  reason?: string
  message?: string
  lastTransitionTime?: string
}

/** Where a webhook listens: one of the two. */
export interface WebhookClientConfig {
  url?: string
  service?: { namespace: string; name: string; path?: string; port?: number }
  /** PEM, in base64. */
  caBundle?: string
}

export interface CrdConversion {
  strategy: string
  webhook?: { clientConfig?: WebhookClientConfig; conversionReviewVersions?: string[] }
}

export interface Crd extends KubeObject {
  spec: {
    group: string
    names: CrdNames
    scope: string
    versions: CrdVersion[]
    conversion?: CrdConversion
    preserveUnknownFields?: boolean
  }
  status?: {
    acceptedNames?: Partial<CrdNames>
    conditions?: CrdCondition[]
    storedVersions?: string[]
  }
}

export const crds = { group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions' }
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io'

export function conditionIs(crd: Crd, type: string, status: string): boolean {
  return crd.status?.conditions?.some((one) => one.type === type && one.status === status) ?? false
}

/** The version that objects are stored in. */
export const storageVersionOf = (crd: Crd): CrdVersion | undefined =>
  // A client may have taken them all away; validation says so.
  (crd.spec?.versions as CrdVersion[] | null | undefined)?.find((version) => version.storage)
