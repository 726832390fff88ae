import { internalError } from '@kapell/openapi/meta/status'
import { applyJsonPatch, type JsonPatchOperation } from '@kapell/openapi/patch/json-patch'
import { parseJson } from '@kapell/openapi/wire/json'
import { patchProblem } from './patch-problem.ts'
import { CallFailure } from './review.ts'

/** Patches that webhooks answer with. */

const maxOperations = 10_000

/** Reads a patch's text. Throws {@link CallFailure} when it is none. */
export function readPatchText(webhook: string, text: string): JsonPatchOperation[] {
  const undecodable = (why: string): CallFailure =>
    new CallFailure(webhook, `received undecodable patch in webhook response: ${why}`)
  const patch = parseJson(text, (why) => undecodable(why))
  if (patch === null) return []
  if (!Array.isArray(patch)) {
    const found = typeof patch === 'boolean' ? 'bool' : typeof patch
    throw undecodable(`json: cannot unmarshal ${found} into Go value of type jsonpatch.Patch`)
  }
  if (patch.length > maxOperations) throw undecodable(`more than ${maxOperations} operations`)
  if (!patch.every((one) => typeof one === 'object' && one !== null && !Array.isArray(one))) {
    throw undecodable('an operation must be an object')
  }
  return patch as JsonPatchOperation[]
}

/** The patched copy. Throws ApiError 500 that names the operation which could not be applied. */
export function applyWebhookPatch(object: unknown, patch: readonly JsonPatchOperation[]): unknown {
  try {
    return applyJsonPatch(object, patch)
  } catch {
    throw internalError(patchProblem(object, patch) ?? 'the patch does not apply')
  }
}
