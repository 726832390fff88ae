import { ApiError } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import { bodyType } from './parse-body.ts'

/** Which media types bodies of PATCH may have. */
export const applyType = 'application/apply-patch+yaml'

export const customPatchTypes = ['application/json-patch+json', 'application/merge-patch+json', applyType]
const patchTypes: readonly string[] = [...customPatchTypes, 'application/strategic-merge-patch+json']

export function isPatchType(context: RequestContext): boolean {
  return context.header('content-type') !== undefined && patchTypes.includes(bodyType(context))
}

/** What the router of built-in resources says of others. */
export function unknownPatchType(): ApiError {
  return new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: '415: Unsupported Media Type',
    reason: 'UnsupportedMediaType',
    details: {},
    code: 415,
  })
}
