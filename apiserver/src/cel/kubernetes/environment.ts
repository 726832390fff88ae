/** The environment that expressions of the API have. */
import { CelEnv, type EnvOptions } from '../check/env.ts'
import type { Overload } from '../library/declare.ts'
import { apiFunctions, languageFunctions } from '../library/index.ts'
import { formatLibrary } from './formats.ts'
import { networkLibrary } from './network.ts'
import { quantityLibrary } from './quantity.ts'

export const kubernetesFunctions: readonly Overload[] = [
  ...languageFunctions,
  ...apiFunctions,
  ...quantityLibrary,
  ...networkLibrary,
  ...formatLibrary,
]

/** Upstream's cost limits. Source: the Kubernetes documentation, "Resource use by validation functions". */
export const costLimits = {
  /** One run of one expression. */
  perCall: 1_000_000,
  /** All expressions over one object. */
  perObject: 10_000_000,
  /** The estimate of one expression of a definition. */
  perRule: 10_000_000,
  /** The estimates of all expressions of a schema. */
  perSchema: 100_000_000,
} as const

/** `self`, `object` and the like over Kubernetes' functions; lists and maps are of one type. */
export const kubernetesEnv = (
  variables: NonNullable<EnvOptions['variables']>,
  more: readonly Overload[] = [],
  structs?: EnvOptions['structs'],
): CelEnv =>
  new CelEnv({
    variables,
    functions: [...kubernetesFunctions, ...more],
    strictLiterals: true,
    ...(structs && { structs }),
    withoutMacros: ['bind', 'greatest', 'least'],
  })
