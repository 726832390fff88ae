import type { ApiError } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import { jsonAnswer, type Answer } from '../server/answer.ts'
import { encodeForm } from './encode-form.ts'
import { negotiateForm, objectTypes } from './negotiate.ts'
import { isPretty } from './pretty.ts'

/** A failure as the answer the client reads, with Retry-After where the Status says so. */
export async function statusAnswer(error: ApiError, context: RequestContext): Promise<Answer> {
  const code = error.status.code ?? 500
  const form = negotiateForm(context.header('accept'), { offered: objectTypes, transform: false })
  let answer: Answer
  const pretty = isPretty(context, form)
  if ((form === undefined || form.mediaType === 'application/json') && !pretty) answer = jsonAnswer(code, error.status)
  else answer = await encodeForm(code, error.status, form?.mediaType ?? 'application/json', pretty)
  const seconds = error.status.details?.retryAfterSeconds
  if (seconds !== undefined && seconds > 0) answer.headers['retry-after'] = String(seconds)
  if (code === 401) answer.headers['www-authenticate'] = 'Basic realm="kubernetes-master"'
  return answer
}
