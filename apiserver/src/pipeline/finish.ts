import { newUuid } from '../uuid.ts'
import type { PipelineStep } from './pipeline.ts'

/** What is beyond ASCII goes as UTF-8, of which a header's string holds one byte a character. */
function warningHeader(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  return `299 - "${Buffer.from(escaped).toString('latin1')}"`
}

/** Characters of all warnings together; when there are more, each is cut to so many. */
const [maxTotal, maxEach] = [4 * 1024, 256]

/** Warnings as headers: a text with control characters is none, and what does not fit is cut short or left out. */
export function warningHeaders(warnings: readonly string[]): string[] {
  const texts = warnings.filter((text) => !/\p{Cc}/u.test(text))
  const lengthOf = (all: readonly string[]): number => all.reduce((sum, text) => sum + text.length, 0)
  if (lengthOf(texts) <= maxTotal) return texts.map(warningHeader)
  const kept: string[] = []
  for (const text of texts) {
    const cut = text.slice(0, maxEach)
    if (lengthOf(kept) + cut.length > maxTotal) break
    kept.push(cut)
  }
  return kept.map(warningHeader)
}

/** Puts onto every answer what all answers carry: an id to find it by, and the warnings gathered on the way. */
export function finishStep(): PipelineStep {
  return {
    name: 'finish',
    run: async (context, next) => {
      const answer = await next(context)
      answer.headers['audit-id'] = newUuid()
      if (context.warnings.length > 0) answer.headers['warning'] = warningHeaders(context.warnings)
      return answer
    },
  }
}
