/** Which functions an environment has. */
import { arithmetic } from './arithmetic.ts'
import { conversions } from './conversions.ts'
import type { Overload } from './declare.ts'
import { listLibrary } from './lists.ts'
import { math } from './math.ts'
import { mapInserts, optionals } from './optionals.ts'
import { regexLibrary } from './patterns.ts'
import { encoders, sets } from './sets.ts'
import { standard } from './standard.ts'
import { reverseText, strings } from './strings.ts'
import { timeLibrary } from './time.ts'

/** The language itself. */
export const languageFunctions: readonly Overload[] = [
  ...standard,
  ...arithmetic,
  ...conversions,
  ...timeLibrary,
  ...mapInserts,
]
/** The extensions that are not Kubernetes' own. */
export const extensionFunctions: readonly Overload[] = [
  ...optionals,
  ...strings,
  ...reverseText,
  ...sets,
  ...encoders,
  ...math,
  ...listLibrary,
  ...regexLibrary,
]

/** Those of them that expressions of the Kubernetes API have. */
export const apiFunctions: readonly Overload[] = [...optionals, ...strings, ...sets, ...listLibrary, ...regexLibrary]
