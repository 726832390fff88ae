import type { RequestContext } from '../pipeline/context.ts'
import type { Form } from './negotiate.ts'

/** Programs that people look at the answers of, when they do not say otherwise. */
const shownToPeople = ['curl', 'Wget', 'Mozilla/5.0']
const yes = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])

/** Whether JSON is written over several lines: asked for in the query or the Accept, or by what the client is. */
export function isPretty(context: RequestContext, form?: Pick<Form, 'pretty'>): boolean {
  if (form?.pretty === true) return true
  const asked = context.rawQuery.includes('pretty=') ? (context.query.get('pretty') ?? '') : ''
  if (asked !== '') return yes.has(asked)
  const agent = context.header('user-agent')
  return agent !== undefined && shownToPeople.some((one) => agent.startsWith(one))
}
