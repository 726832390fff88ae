/** Runs one case of cel-spec. Only tests use this. */
import { CelEnv } from '../check/env.ts'
import { compile } from '../compile.ts'
import type { Overload } from '../library/declare.ts'
import { extensionFunctions, languageFunctions } from '../library/index.ts'
import { activationOf } from '../runtime/frame.ts'
import { formatType, sameType } from '../types/types.ts'
import type { Value } from '../values/collections.ts'
import { equals } from '../values/compare.ts'
import { textOf } from '../library/format.ts'
import { typeNameOf } from '../values/type-of.ts'
import { wireType, wireValue } from './wire.ts'

type Json = Record<string, unknown>
interface Declared {
  name: string
  ident?: { type: Json }
  function?: { overloads: { params?: Json[]; resultType: Json; isInstanceFunction?: boolean }[] }
}
export interface Case {
  name?: string
  expr: string
  container?: string
  typeEnv?: Declared[]
  bindings?: Record<string, { value: Json }>
  disableCheck?: boolean
  checkOnly?: boolean
  value?: Json
  evalError?: { errors?: { message: string }[] }
  typedResult?: { result?: Json; deducedType?: Json }
}

function declaredFunctions(declared: readonly Declared[]): Overload[] {
  return declared.flatMap(({ name, function: fn }) =>
    (fn?.overloads ?? []).map((one): Overload => {
      const params = (one.params ?? []).map(wireType)
      const generics = ['A', 'B', 'T', 'K', 'V', 'x', 'y', 'z']
      return {
        fn: name,
        signature: name,
        member: one.isInstanceFunction ?? false,
        params,
        result: wireType(one.resultType),
        generics,
        accepts: (args) => args.length === params.length,
        call: () => null,
      }
    }),
  )
}

const same = (a: Value, b: Value): boolean =>
  (typeof a === 'number' && Number.isNaN(a) && Number.isNaN(b)) || (equals(a, b) && typeNameOf(a) === typeNameOf(b))
const show = (value: Value): string => {
  try {
    return `${typeNameOf(value)} ${textOf(value)}`
  } catch {
    return typeNameOf(value)
  }
}

/** What went wrong; undefined when the case passes. */
export function runCase(test: Case): string | undefined {
  const declared = test.typeEnv ?? []
  const bindings = Object.entries(test.bindings ?? {}).map(([name, { value }]) => [name, wireValue(value)] as const)
  const env = new CelEnv({
    variables: Object.fromEntries(
      declared
        .flatMap(({ name, ident }) => (ident ? [[name, wireType(ident.type)]] : []))
        .concat(
          test.disableCheck
            ? bindings
                .filter(([name]) => !declared.some((one) => one.name === name))
                .map(([name]) => [name, wireType({ dyn: {} })])
            : [],
        ),
    ),
    functions: [...languageFunctions, ...extensionFunctions, ...declaredFunctions(declared)],
    ...(test.container && { container: test.container }),
  })
  const { program, text } = compile(test.expr, env, { check: !test.disableCheck })
  if (!program) return test.evalError ? undefined : `does not compile: ${text}`
  const expectedType = test.typedResult?.deducedType && wireType(test.typedResult.deducedType)
  if (expectedType && !sameType(expectedType, program.resultType)) {
    return `type ${formatType(program.resultType)}, expected ${formatType(expectedType)}`
  }
  if (test.checkOnly) return undefined
  const outcome = program.evaluate(activationOf(Object.fromEntries(bindings)))
  if (outcome.error !== undefined) return test.evalError ? undefined : `error: ${outcome.error}`
  if (test.evalError) return `no error but ${show(outcome.value)}`
  const expected = wireValue(test.value ?? test.typedResult?.result ?? { boolValue: true })
  return same(outcome.value, expected) ? undefined : `${show(outcome.value)}, expected ${show(expected)}`
}
