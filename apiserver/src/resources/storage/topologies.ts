import { duplicate, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { qualifiedName } from '@kapell/openapi/meta/names'
import type { V1StorageClass } from '@kapell/openapi/types'
import { nameErrors, sameJson } from '../common/validation.ts'

type Terms = NonNullable<V1StorageClass['allowedTopologies']>

/** Where volumes of a class may be: terms that differ, each with keys that differ. Source: "Storage Classes". */
export function validateTopologies(terms: Terms | undefined, at: FieldPath): FieldError[] {
  const seen: Record<string, string[]>[] = []
  return (terms ?? []).flatMap((term, i) => {
    const here = at.index(i).child('matchLabelExpressions')
    const errors: FieldError[] = []
    const values: Record<string, string[]> = {}
    for (const [j, expression] of (term.matchLabelExpressions ?? []).entries()) {
      const place = here.index(j)
      const key = expression.key ?? ''
      if ((expression.values ?? []).length === 0) errors.push(required(place.child('values')))
      const known = new Set<string>()
      for (const [k, value] of (expression.values ?? []).entries()) {
        if (known.has(value)) errors.push(duplicate(place.child('values').index(k), value))
        known.add(value)
      }
      errors.push(...nameErrors(place.child('key'), key, qualifiedName))
      if (Object.hasOwn(values, key)) errors.push(duplicate(place.child('key'), key))
      values[key] = [...known].sort()
    }
    // A term without expressions counts as given already.
    if (Object.keys(values).length === 0 || seen.some((other) => sameJson(other, values)))
      errors.push(duplicate(here, ''))
    seen.push(values)
    return errors
  })
}
