import type { ApiError, Status } from '@kapell/openapi/meta/status'
import type { RequestContext } from '../pipeline/context.ts'
import { bytesAnswer, type Answer } from '../server/answer.ts'
import { encodeForm } from './encode-form.ts'
import { negotiateForm, objectTypes } from './negotiate.ts'
import { isPretty } from './pretty.ts'

/** As JSON that is safe inside of a page, whatever the message quotes. */
function statusBytes(status: Status): Uint8Array {
  const escaped = (character: string): string => `\\u00${character.charCodeAt(0).toString(16)}`
  return new TextEncoder().encode(`${JSON.stringify(status).replaceAll(/[<>&]/g, escaped)}\n`)
}

/** A failure as the answer the client reads, with Retry-After where the Status says so. */
export async function statusAnswer(error: ApiError, context: RequestContext): Promise<Answer> {
  const code = error.status.code ?? 500
  const form = negotiateForm(context.header('accept'), { offered: objectTypes, transform: false })
  let answer: Answer
  const pretty = isPretty(context, form)
  if ((form === undefined || form.mediaType === 'application/json') && !pretty)
    answer = bytesAnswer(code, 'application/json', statusBytes(error.status))
  else answer = await encodeForm(code, error.status, form?.mediaType ?? 'application/json', pretty)
  const seconds = error.status.details?.retryAfterSeconds
  if (seconds !== undefined && seconds > 0) answer.headers['retry-after'] = String(seconds)
  return answer
}
