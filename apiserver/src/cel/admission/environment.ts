/**
 * What expressions of admission see: match conditions of webhooks and policies, validations, messages, variables.
 * Source: API reference, "ValidatingAdmissionPolicy", field "expression".
 */
import type { CelEnv } from '../check/env.ts'
import { compile, type Compilation } from '../compile.ts'
import { authorizerLibrary, authorizerValue, resourceCheckValue, type Authorize } from '../kubernetes/authorizer.ts'
import { kubernetesEnv } from '../kubernetes/environment.ts'
import type { Activation } from '../runtime/frame.ts'
import { celFromJson } from '../schema/json-values.ts'
import { formatType, sameType, types, type CelType } from '../types/types.ts'
import type { Value } from '../values/collections.ts'
import { patchLibrary, patchStructs } from './mutation.ts'

const objectOf = (name: string, fields: Readonly<Record<string, CelType>>): CelType =>
  types.object(
    name,
    new Map(Object.entries(fields).map(([jsonName, type]) => [jsonName, { type, jsonName, required: false }])),
  )
const { string, bool, dyn } = types
const kind = objectOf('kubernetes.GroupVersionKind', { group: string, version: string, kind: string })
const resource = objectOf('kubernetes.GroupVersionResource', { group: string, version: string, resource: string })
const userInfo = objectOf('kubernetes.UserInfo', {
  username: string,
  uid: string,
  groups: types.list(string),
  extra: types.map(string, types.list(string)),
})
const request = objectOf('kubernetes.AdmissionRequest', {
  kind,
  resource,
  subResource: string,
  requestKind: kind,
  requestResource: resource,
  requestSubResource: string,
  name: string,
  namespace: string,
  operation: string,
  userInfo,
  dryRun: bool,
  options: dyn,
})
const metadata = objectOf('kubernetes.NamespaceMetadata', {
  name: string,
  generateName: string,
  namespace: string,
  labels: types.map(string, string),
  annotations: types.map(string, string),
  UID: string,
  creationTimestamp: types.timestamp,
  deletionGracePeriodSeconds: types.int,
  deletionTimestamp: types.timestamp,
  resourceVersion: string,
  generation: types.int,
  finalizers: types.list(string),
})
const namespaceObject = objectOf('kubernetes.Namespace', {
  metadata,
  spec: objectOf('kubernetes.NamespaceSpec', { finalizers: types.list(string) }),
  status: objectOf('kubernetes.NamespaceStatus', { phase: string }),
})

export interface AdmissionVariables {
  /** A policy has parameters. */
  readonly params?: boolean
  /** What a policy's own variables are of, by name, in order. */
  readonly variables?: ReadonlyMap<string, CelType>
  /** False where no authorizer can be asked. */
  readonly authorizer?: boolean
  /** True where expressions make patches. */
  readonly patches?: boolean
  /** What objects and parameters are known to be; without, anything. */
  readonly types?: { readonly object: CelType; readonly params?: CelType }
}

export function admissionEnv({
  params,
  variables,
  authorizer = true,
  patches,
  types: known,
}: AdmissionVariables = {}): CelEnv {
  const own = variables && objectOf('kubernetes.variables', Object.fromEntries(variables))
  return kubernetesEnv(
    {
      object: known?.object ?? dyn,
      oldObject: known?.object ?? dyn,
      request,
      namespaceObject,
      ...(params && { params: known?.params ?? dyn }),
      ...(own && { variables: own }),
      ...(authorizer && {
        authorizer: types.opaque('kubernetes.authorization.Authorizer'),
        'authorizer.requestResource': types.opaque('kubernetes.authorization.ResourceCheck'),
      }),
    },
    patches ? [...authorizerLibrary, ...patchLibrary] : authorizerLibrary,
    patches ? patchStructs : undefined,
  )
}

export interface AdmissionInput {
  readonly object: unknown
  readonly oldObject: unknown
  /** As in an AdmissionReview, without the objects. */
  readonly request: object
  readonly namespaceObject?: unknown
  readonly params?: unknown
  readonly authorize?: Authorize
  /** A policy's own variables; asked for by name at most once. */
  readonly variables?: Value
}

export function admissionActivation(input: AdmissionInput): Activation {
  const asked = requestQuestion(input.request)
  const { authorize } = input
  const values: Readonly<Record<string, () => Value | undefined>> = {
    object: () => celFromJson(input.object),
    oldObject: () => celFromJson(input.oldObject),
    request: () => celFromJson(input.request, request),
    namespaceObject: () => celFromJson(input.namespaceObject, namespaceObject),
    params: () => celFromJson(input.params),
    variables: () => input.variables,
    authorizer: () => authorize && authorizerValue(authorize),
    'authorizer.requestResource': () => authorize && resourceCheckValue(authorize, asked),
  }
  return { get: (name) => (Object.hasOwn(values, name) ? values[name]?.() : undefined) }
}

function requestQuestion(json: object): object {
  const {
    resource: target,
    subResource,
    namespace,
    name,
  } = json as {
    resource?: { group?: string; resource?: string }
    subResource?: string
    namespace?: string
    name?: string
  }
  return {
    group: target?.group ?? '',
    resource: target?.resource ?? '',
    subresource: subResource ?? '',
    namespace: namespace ?? '',
    name: name ?? '',
  }
}

export type ExpressionCheck =
  | { readonly compilation: Compilation; readonly problem?: undefined }
  | { readonly compilation?: undefined; readonly problem: string }

/** Compiles, or tells what an API object's field error says: the text after the bad value. */
export function compileAdmission(source: string, env: CelEnv, wanted: readonly CelType[]): ExpressionCheck {
  const compilation = compile(source, env)
  if (!compilation.program) return { problem: `compilation failed: ${compilation.text}` }
  const { resultType } = compilation.program
  if (wanted.length === 0 || wanted.some((one) => sameType(one, resultType))) return { compilation }
  const names = wanted.map((one) => (one === types.null ? 'null_type' : formatType(one)))
  const list = names.length === 1 ? names[0] : `one of [${names.join(' ')}]`
  return { problem: `must evaluate to ${list} but got ${formatType(resultType)}` }
}
