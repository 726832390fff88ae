import { whyNotJson } from '@kapell/openapi/wire/json'

/** What is wrong with a text that should be JSON; undefined when nothing is. */
export function jsonProblem(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch {
    return whyNotJson(text)
  }
}
