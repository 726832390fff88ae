import { applyJsonPatch } from '@kapell/openapi/patch/json-patch'
import { mergeApplied } from '@kapell/openapi/patch/apply-merge'
import { checkApplied, joinProblems } from '@kapell/openapi/patch/check-applied'
import { isObject } from '@kapell/openapi/patch/json'
import { memberRule, shapeOf } from '@kapell/openapi/patch/merge-shape'
import { apiVersionOf, type GroupVersionKind, type KubeObject } from '@kapell/openapi/meta/object'
import type { Schema, StructSchema } from '@kapell/openapi/schema/schema'
import type { Change } from '../../cel/admission/mutating-policy.ts'
import { isFailedTest, patchProblem } from '../dynamic/patch-problem.ts'

/** What a mutation makes of an object. Source: "Mutating Admission Policy", and answers of the original. */

/** A mutation that cannot be made: the failure policy decides. */
export class ChangeError extends Error {}

/** The changed copy; undefined where nothing is to be done. Throws {@link ChangeError}. */
export function applyChange(
  change: Exclude<Change, { kind: 'error' }>,
  object: KubeObject,
  how: { kind: GroupVersionKind; schema: StructSchema | undefined },
): unknown {
  return change.kind === 'patch' ? patch(change.operations, object) : merge(change.configuration, object, how)
}

function patch(operations: Extract<Change, { kind: 'patch' }>['operations'], object: KubeObject): unknown {
  if (operations.length === 0) return undefined
  try {
    return applyJsonPatch(object, operations)
  } catch {
    const problem = patchProblem(object, operations) ?? 'the patch does not apply'
    if (isFailedTest(problem)) return undefined
    throw new ChangeError(`JSON Patch: ${problem}`)
  }
}

function merge(
  configuration: unknown,
  object: KubeObject,
  { kind, schema }: { kind: GroupVersionKind; schema: StructSchema | undefined },
): unknown {
  const failed = (why: string): ChangeError => new ChangeError(`error applying patch: ${why}`)
  const apiVersion = apiVersionOf(kind)
  if (schema === undefined) {
    throw failed(
      `failed to convert patch object to typed object: no corresponding type for ${apiVersion}, Kind=${kind.kind}`,
    )
  }
  const applied = { ...(isObject(configuration) ? configuration : {}), apiVersion, kind: kind.kind }
  const problems = checkApplied(schema, applied)
  if (problems.length > 0) throw failed(`failed to convert patch object to typed object: ${joinProblems(problems)}`)
  const atomic = atomicPaths(schema, applied)
  if (atomic.length > 0) {
    throw failed(`invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomic.join(', ')}`)
  }
  return mergeApplied(schema, object, applied)
}

/** Where a configuration sets lists, maps and structs that are replaced as a whole: it cannot know the whole. */
function atomicPaths(schema: Schema | undefined, value: unknown): string[] {
  const found: string[] = []
  const visit = (at: Schema | undefined, isAtomic: boolean | undefined, one: unknown, path: string): void => {
    if (typeof one !== 'object' || one === null) return
    const shape = shapeOf(at, isAtomic, one)
    if (shape.kind === 'leaf') found.push(path)
    else if (shape.kind === 'list') {
      for (const [i, item] of (Array.isArray(one) ? one : []).entries()) {
        visit(shape.list.items, undefined, item, `${path}[${i}]`)
      }
    } else {
      for (const [name, member] of Object.entries(one)) {
        const rule = memberRule(shape.struct, shape.values, name)
        visit(rule.schema, rule.atomic, member, `${path}.${name}`)
      }
    }
  }
  visit(schema, undefined, value, '')
  return found
}
