import { newUuid } from '../uuid.ts'
import type { PipelineStep } from './pipeline.ts'

/**
 * A Warning header's text may hold no quotes, backslashes or control characters unescaped. What is beyond ASCII goes as
 * UTF-8, of which a header's string holds one byte a character.
 */
function warningHeader(text: string): string {
  const clean = text
    .replace(/[\u0000-\u001f\u007f]/g, ' ')
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
  return `299 - "${Buffer.from(clean).toString('latin1')}"`
}

const maxWarningBytes = 4 * 1024

/** Puts onto every answer what all answers carry: an id to find it by, and the warnings gathered on the way. */
export function finishStep(): PipelineStep {
  return {
    name: 'finish',
    run: async (context, next) => {
      const answer = await next(context)
      answer.headers['audit-id'] = newUuid()
      if (context.warnings.length > 0) {
        const lines: string[] = []
        let size = 0
        for (const text of context.warnings) {
          const line = warningHeader(text)
          size += line.length
          if (size > maxWarningBytes && lines.length > 0) break
          lines.push(line)
        }
        answer.headers['warning'] = lines
      }
      return answer
    },
  }
}
