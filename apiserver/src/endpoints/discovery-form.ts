import type { RequestContext } from '../pipeline/context.ts'
import { jsonAnswer, type Answer } from '../server/answer.ts'
import { encodeForm } from './encode-form.ts'
import {
  negotiateForm,
  notAcceptableObject,
  objectTypes,
  onlyAccepted,
  routerTakes,
  type MediaType,
} from './negotiate.ts'
import { isPretty } from './pretty.ts'

/** In which form discovery is answered. Source: what the original answers to each Accept. */

const aggregatedParameters = ['as=APIGroupDiscoveryList', 'v=v2', 'g=apidiscovery.k8s.io']

/** The media type of the aggregated form, when the client takes that. */
export function aggregatedType(context: RequestContext): MediaType | undefined {
  for (const clause of (context.header('accept') ?? '').split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim())
    const offered = objectTypes.find((one) => one === type)
    if (offered !== undefined && aggregatedParameters.every((one) => parameters.includes(one))) return offered
  }
  return undefined
}

export const withAggregatedParameters = (type: MediaType): string =>
  `${type};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList`

/** Throws 406 in one of two texts: `listed` documents are behind a router that looks at types. */
export function discoveryAnswer(
  context: RequestContext,
  value: unknown,
  { listed = false }: { listed?: boolean } = {},
): Answer | Promise<Answer> {
  const accept = context.header('accept')
  if (listed && !routerTakes(accept, objectTypes)) throw notAcceptableObject(objectTypes)
  const form = negotiateForm(accept, { offered: objectTypes, transform: false })
  const pretty = isPretty(context, form)
  if (form?.mediaType === 'application/json' && !pretty) return jsonAnswer(200, value)
  if (form !== undefined) return encodeForm(200, value, form.mediaType, pretty)
  throw onlyAccepted()
}
