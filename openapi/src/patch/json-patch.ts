import jsonPatchLibrary, { type Operation } from 'fast-json-patch'
import { foundName } from '../schema/problems.ts'
import { parseJson } from '../wire/json.ts'
import { parseKeepingText, WrittenNumber } from '../wire/written-number.ts'
import { ApiError, badRequest, requestEntityTooLarge } from '../meta/status.ts'
import { cloneJson, getOwn, isObject } from './json.ts'

/**
 * JSON patches (RFC 6902) with the habits of the original: `replace` of a missing member adds it, `copy` from a missing
 * one and `add` without a value write null, indexes may be negative, and what stands before a path's first slash is
 * ignored. Source: recorded answers of a 1.36 API server.
 */
export interface JsonPatchOperation {
  op: string
  path: string
  from?: string
  value?: unknown
}

const maxOperations = 10_000
/** What all `copy` operations of a patch may add up to, in characters of JSON. */
const maxCopied = 3 * 1024 * 1024
const indexPattern = /^[+-]?\d{1,9}$/

/** Answers 422, as for any patch that cannot be applied to the object it met. */
const cannotApply = (): ApiError =>
  new ApiError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'the server rejected our request due to an error in our request',
    reason: 'Invalid',
    details: {},
    code: 422,
  })

/** Reads a patch's text. Throws ApiError 400, or 413 for too many operations. */
export function parseJsonPatch(text: string, { keepsText = false } = {}): JsonPatchOperation[] {
  const parse = keepsText ? parseKeepingText : parseJson
  const patch = parse(text, (why) => badRequest(`error decoding patch: ${why}`))
  if (patch === null) return []
  if (!Array.isArray(patch)) {
    const found = isObject(patch) ? 'object' : typeof patch === 'boolean' ? 'bool' : typeof patch
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${found} into Go value of type []handlers.jsonPatchOp`,
    )
  }
  if (patch.length > maxOperations)
    throw requestEntityTooLarge(
      `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`,
    )
  for (const one of patch) checkTypes(one)
  // One that is null does nothing that is known.
  return patch.map((one) => (one ?? {}) as JsonPatchOperation)
}

function checkTypes(operation: unknown): void {
  const refuse = (found: unknown, into: string): never => {
    throw badRequest(`error decoding patch: json: cannot unmarshal ${foundName(found)} into ${into}`)
  }
  if (operation === null) return
  if (!isObject(operation) || operation instanceof WrittenNumber)
    return refuse(operation, 'Go value of type handlers.jsonPatchOp')
  for (const field of ['op', 'path', 'from']) {
    const value = getOwn(operation, field)
    if (value != null && typeof value !== 'string') refuse(value, `Go struct field jsonPatchOp.${field} of type string`)
  }
}

/** The patched copy of `live`. Throws ApiError 422 when an operation fails. */
export function applyJsonPatch(live: unknown, patch: readonly JsonPatchOperation[]): unknown {
  let document = cloneJson(live)
  let copied = 0
  for (const operation of patch) {
    if (operation.op === 'move') {
      // In two steps: the place is judged once the value has left its old one.
      const value = locate(document, operation.from, 'read').value
      document = run(document, { op: 'remove', path: existing(document, operation.from) })
      document = run(document, exactly(document, { op: 'add', path: operation.path, value }))
      continue
    }
    const exact = exactly(document, operation)
    if (operation.op === 'copy' && exact.op === 'add') {
      copied += JSON.stringify(exact.value).length
      if (copied > maxCopied) throw cannotApply()
    }
    document = run(document, exact)
  }
  return document
}

function run(document: unknown, operation: Operation): unknown {
  try {
    return jsonPatchLibrary.applyOperation(document, operation, true, true).newDocument
  } catch {
    throw cannotApply()
  }
}

/** The operation in the strict terms of RFC 6902. */
function exactly(document: unknown, { op, path, from, value = null }: JsonPatchOperation): Operation {
  switch (op) {
    case 'add':
      return { op, path: locate(document, path, 'insert').pointer, value: cloneJson(value) }
    case 'replace': {
      if (path === '' && isObject(value)) return { op, path, value: cloneJson(value) }
      const at = locate(document, path, 'read')
      return { op: at.exists ? 'replace' : 'add', path: at.pointer, value: cloneJson(value) }
    }
    case 'remove':
      return { op, path: existing(document, path) }
    case 'copy': {
      const source = locate(document, from, 'read')
      return { op: 'add', path: locate(document, path, 'insert').pointer, value: cloneJson(source.value ?? null) }
    }
    case 'test': {
      if (path === '') return { op, path, value }
      const at = locate(document, path, 'read')
      if (at.exists) return { op, path: at.pointer, value }
      // A missing member passes for null.
      if (value !== null) throw cannotApply()
      return { op, path: '', value: document }
    }
    default:
      throw cannotApply()
  }
}

function existing(document: unknown, path: string | undefined): string {
  const at = locate(document, path, 'read')
  if (!at.exists) throw cannotApply()
  return at.pointer
}

interface Place {
  pointer: string
  exists: boolean
  value: unknown
}

/** Finds the container of a path's last part. Members that do not exist are fine, positions in lists are not. */
function locate(document: unknown, path: unknown, use: 'read' | 'insert'): Place {
  if (typeof path !== 'string') throw cannotApply()
  const parts = path.split('/').slice(1).map(unescapePart)
  const last = parts.pop()
  if (last === undefined) throw cannotApply()
  let container = document
  const steps: string[] = []
  for (const part of parts) {
    const step = Array.isArray(container) ? String(index(part, container.length, container.length - 1)) : part
    container = Array.isArray(container)
      ? (container as unknown[])[Number(step)]
      : isObject(container)
        ? getOwn(container, part)
        : undefined
    steps.push(step)
  }
  if (Array.isArray(container)) {
    const size = container.length
    const step = last === '-' && use !== 'read' ? '-' : String(listIndex(last, size, use))
    steps.push(step)
    return { pointer: pointerOf(steps), exists: Number(step) < size, value: container[Number(step)] as unknown }
  }
  if (!isObject(container)) throw cannotApply()
  steps.push(last)
  return { pointer: pointerOf(steps), exists: Object.hasOwn(container, last), value: getOwn(container, last) }
}

function listIndex(part: string, size: number, use: 'read' | 'insert'): number {
  if (use === 'read') return index(part, size, size - 1)
  return index(part, size + 1, size)
}

/** A position in a list of `size`, counted from its end when negative, at most `max`. */
function index(part: string, size: number, max: number): number {
  if (!indexPattern.test(part)) throw cannotApply()
  const given = Number(part)
  const position = given < 0 ? given + size : given
  if (position < 0 || position > max) throw cannotApply()
  return position
}

const unescapePart = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~')
const pointerOf = (steps: readonly string[]): string =>
  steps.map((s) => `/${s.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
