import { applyJsonPatch, type JsonPatchOperation } from '@kapell/openapi/patch/json-patch'

/** Why a JSON patch does not apply, in the words that clients of webhooks and policies see. */

/** Undefined where the patch applies after all. */
export function patchProblem(object: unknown, patch: readonly JsonPatchOperation[]): string | undefined {
  let document = object
  for (const operation of patch) {
    try {
      document = applyJsonPatch(document, [operation])
    } catch {
      return describe(document, operation)
    }
  }
  return undefined
}

/** True when it was a `test` of something that is there which failed: upstream lets such patches pass without effect. */
export const isFailedTest = (problem: string): boolean => /^testing value .* failed: test failed$/.test(problem)

/** The object or list that holds a path's last part, if there is one. */
function containerOf(document: unknown, path: string): unknown {
  const parts = path.split('/').slice(1, -1)
  if (!path.includes('/')) return undefined
  let at = document
  for (const part of parts) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<string, unknown>)[key]
  }
  return typeof at === 'object' && at !== null ? at : undefined
}

function describe(document: unknown, { op, path = '', from = '' }: JsonPatchOperation): string {
  const container = containerOf(document, path)
  const last = (path.split('/').at(-1) ?? '').replaceAll('~1', '/').replaceAll('~0', '~')
  switch (op) {
    case 'add':
      if (container === undefined) return `add operation does not apply: doc is missing path: "${path}": missing value`
      return `error in add for path: '${path}': ${indexProblem(last)}`
    case 'remove':
      if (container === undefined) {
        return `remove operation does not apply: doc is missing path: "${path}": missing value`
      }
      return Array.isArray(container)
        ? `error in remove for path: '${path}': ${indexProblem(last)}`
        : `error in remove for path: '${path}': Unable to remove nonexistent key: ${last}: missing value`
    case 'replace':
      if (container === undefined)
        return `replace operation does not apply: doc is missing path: ${path}: missing value`
      return `replace operation does not apply: doc is missing key: ${path}: missing value`
    case 'test':
      if (container === undefined) return `test operation does not apply: is missing path: ${path}: missing value`
      return `testing value ${path} failed: test failed`
    case 'copy':
    case 'move': {
      const source = containerOf(document, from)
      if (source === undefined)
        return `${op} operation does not apply: doc is missing from path: ${from}: missing value`
      if (container === undefined) {
        return `${op} operation does not apply: doc is missing destination path: ${path}: missing value`
      }
      const key = (from.split('/').at(-1) ?? '').replaceAll('~1', '/').replaceAll('~0', '~')
      return Array.isArray(source)
        ? `error in ${op} for path: '${from}': ${indexProblem(key)}`
        : `error in ${op} for path: '${key}': Unable to remove nonexistent key: ${key}: missing value`
    }
    default:
      return `Unexpected kind: ${op ?? ''}`
  }
}

const indexProblem = (key: string): string =>
  /^-?\d+$/.test(key)
    ? `Unable to access invalid index: ${key}: invalid index referenced`
    : `value was not a proper array index: '${key}': strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`
