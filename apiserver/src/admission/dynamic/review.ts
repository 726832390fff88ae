import { ApiError } from '@kapell/openapi/meta/status'
import type { AdmissionAttributes } from '../admission.ts'
import { nameOf } from '../matching.ts'
import type { VersionedObjects } from './versioned.ts'
import { kindOf } from './versioned.ts'

/** AdmissionReviews: what is asked, and what of an answer is believed. Source: "Dynamic Admission Control". */

const group = 'admission.k8s.io'
const knownVersions = ['v1', 'v1beta1']

/** A webhook failed to answer as it should: its failurePolicy decides. */
export class CallFailure extends Error {
  constructor(webhook: string, why: string) {
    super(`failed calling webhook ${JSON.stringify(webhook)}: ${why}`)
    this.name = 'CallFailure'
  }
}

/** The first version that both sides know. */
export const reviewVersion = (versions: readonly string[] | undefined): string | undefined =>
  versions?.find((one) => knownVersions.includes(one))

/** The namespace as admission means it: a Namespace object is in its own. */
export function namespaceOf(attributes: AdmissionAttributes): string {
  const { group: ownGroup, plural } = attributes.resource
  return ownGroup === '' && plural === 'namespaces' ? nameOf(attributes) : attributes.namespace
}

/** The options by the kind they have for the operation: a patch is an update, or a create. */
export function optionsOf(attributes: AdmissionAttributes): Record<string, unknown> | null {
  const { operation, options } = attributes
  if (operation === 'CONNECT' || Object.keys(options).length === 0) return null
  const { kind, force, ...rest } = options
  if (operation === 'DELETE') return options
  return {
    kind: operation === 'CREATE' ? 'CreateOptions' : 'UpdateOptions',
    ...withoutUndefined({ kind, force }),
    ...rest,
  }
}

/** PatchOptions only have `force`. */
function withoutUndefined({ kind, force }: { kind: unknown; force: unknown }): Record<string, unknown> {
  return kind === 'PatchOptions' || force === undefined ? {} : { force }
}

export function reviewRequest(
  attributes: AdmissionAttributes,
  seen: VersionedObjects,
  uid: string,
): Record<string, unknown> {
  const { resource, subresource, operation, user } = attributes
  const name = nameOf(attributes)
  const namespace = namespaceOf(attributes)
  const part = subresource === '' ? undefined : subresource
  const path = ({ group: ofGroup, version, plural }: VersionedObjects['definition']): Record<string, string> => ({
    group: ofGroup,
    version,
    resource: plural,
  })
  return {
    uid,
    kind: seen.kind,
    resource: path(seen.definition),
    ...(part === undefined ? {} : { subResource: part }),
    requestKind: kindOf(attributes),
    requestResource: path(resource),
    ...(part === undefined ? {} : { requestSubResource: part }),
    ...(name === '' ? {} : { name }),
    ...(namespace === '' ? {} : { namespace }),
    operation,
    userInfo: {
      ...(user.username === '' ? {} : { username: user.username }),
      ...(user.uid === undefined || user.uid === '' ? {} : { uid: user.uid }),
      ...(user.groups.length === 0 ? {} : { groups: user.groups }),
      ...(user.extra === undefined || Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
    },
    object: seen.object ?? null,
    oldObject: seen.oldObject ?? null,
    dryRun: attributes.dryRun,
    options: optionsOf(attributes),
  }
}

export interface Verdict {
  allowed: boolean
  /** The patch's text; undefined when nothing is to change. */
  patch: string | undefined
  warnings: string[]
  result: Partial<ApiError['status']> | undefined
}

interface Review {
  apiVersion?: unknown
  kind?: unknown
  response?: {
    uid?: unknown
    allowed?: unknown
    status?: Record<string, unknown> | null
    patch?: unknown
    patchType?: unknown
    warnings?: unknown
  } | null
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const goKind = (value: unknown): string =>
  Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
const wanted = 'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }'
const base64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Reads a webhook's answer. Throws {@link CallFailure} for whatever cannot be believed. */
export function readReview(
  answer: unknown,
  expected: { webhook: string; uid: string; version: string; mutating: boolean },
): Verdict {
  const { webhook, uid, version, mutating } = expected
  const failed = (why: string): CallFailure => new CallFailure(webhook, `failed to call webhook: ${why}`)
  const wrong = (why: string): CallFailure => new CallFailure(webhook, `received invalid webhook response: ${why}`)
  if (answer === null) throw wrong('webhook response was absent')
  if (!isObject(answer)) {
    throw failed(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${goKind(answer)} into Go value of type ${wanted}`,
    )
  }
  const review = answer as Review
  const apiVersion = typeof review.apiVersion === 'string' ? review.apiVersion : ''
  const kind = typeof review.kind === 'string' ? review.kind : ''
  const isReview = kind === 'AdmissionReview' && knownVersions.some((one) => apiVersion === `${group}/${one}`)
  if (apiVersion !== '' && kind !== '' && !isReview) {
    throw failed(`no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`)
  }
  if (isReview && apiVersion !== `${group}/${version}`) {
    const given = apiVersion.slice(group.length + 1)
    throw failed(`converting (${given}.AdmissionReview) to (${version}.AdmissionReview): unknown conversion`)
  }
  const { response } = review
  if (!isObject(response)) throw wrong('webhook response was absent')
  const { allowed = null } = response as { allowed?: unknown }
  if (allowed !== null && typeof allowed !== 'boolean') {
    const given = goKind(allowed)
    throw failed(`json: cannot unmarshal ${given} into Go struct field AdmissionResponse.response.allowed of type bool`)
  }
  const answered = typeof response.uid === 'string' ? response.uid : ''
  if (version === 'v1') {
    if (answered !== uid) throw wrong(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(answered)}`)
    if (!isReview) {
      const [ofGroup, ofVersion] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
      throw wrong(
        `expected webhook response of ${group}/v1, Kind=AdmissionReview, got ${ofGroup}/${ofVersion}, Kind=${kind}`,
      )
    }
  }
  const { patch = '', patchType = null } = response
  if (typeof patch !== 'string' || !base64.test(patch)) {
    throw failed(`illegal base64 data at input byte ${typeof patch === 'string' ? patch.search(/[^A-Za-z0-9+/]/) : 0}`)
  }
  if (!mutating && version === 'v1') {
    if (patch !== '') throw wrong('validating webhook may not return response.patch')
    if (patchType !== null) throw wrong('validating webhook may not return response.patchType')
  }
  if (mutating && version === 'v1') {
    if (patch !== '' && patchType === null) {
      throw wrong('webhook returned response.patch but not response.patchType')
    }
    if (patch === '' && patchType !== null) {
      throw wrong('webhook returned response.patchType but not response.patch')
    }
  }
  if (patchType !== null && patchType !== 'JSONPatch' && patch !== '') {
    throw new CallFailure(webhook, `unsupported patch type ${JSON.stringify(patchType)}`)
  }
  return {
    allowed: response.allowed === true,
    patch: mutating && patch !== '' ? Buffer.from(patch, 'base64').toString('utf8') : undefined,
    warnings: readWarnings(response.warnings),
    result: isObject(response.status) ? (response.status as Verdict['result']) : undefined,
  }
}

const maxWarnings = 64
// Control characters would end the header that carries the warning.
const printable = /^[^\p{Cc}]*$/u

function readWarnings(given: unknown): string[] {
  if (!Array.isArray(given)) return []
  const texts = given.filter((one): one is string => typeof one === 'string' && printable.test(one))
  return texts.slice(0, maxWarnings).map((text) => text.slice(0, 4096))
}

/** The refusal of a webhook as the client sees it. */
export function refusalOf(webhook: string, result: Verdict['result']): ApiError {
  const { code, message, reason, details } = result ?? {}
  const deniedBy = `admission webhook ${JSON.stringify(webhook)} denied the request`
  const told = [message, reason].find((text) => typeof text === 'string' && text !== '')
  const given = typeof code === 'number' && Number.isInteger(code) && code >= 400 && code < 600 ? code : 400
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: told === undefined ? `${deniedBy} without explanation` : `${deniedBy}: ${told}`,
    ...(typeof reason === 'string' && reason !== '' ? { reason } : {}),
    ...(isObject(details) ? { details } : {}),
    code: given,
  })
}
