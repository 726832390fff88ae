import type { ParityAnswer, ParityCase } from './case.ts'

/** One way in which an answer is not what the original said. */
export interface Difference {
  step: number
  /** 'code', 'reason', 'causes', 'body', 'message', 'warnings', 'text'. */
  what: string
  /** Dotted, for bodies. */
  path?: string
  wanted: unknown
  got: unknown
}

/**
 * Texts count like everything else: clients show them. The order of an Invalid's causes does not: the original walks
 * maps in any order, and tells of what it finds as it goes.
 */
export function compare(kase: ParityCase, answers: readonly ParityAnswer[]): Difference[] {
  return kase.steps.flatMap((step, i): Difference[] => {
    const wanted = ordered(withPlainWarnings(step.response))
    const got = ordered(answers[i])
    if (wanted === undefined || got === undefined) return []
    if (wanted.code !== got.code) return [{ step: i, what: 'code', wanted: wanted.code, got: { ...got } }]
    if (step.setup === true || step.codeOnly === true) return []
    const differences: Difference[] = []
    for (const what of ['reason', 'message', 'text', 'contentType', 'warnings'] as const)
      if (JSON.stringify(wanted[what]) !== JSON.stringify(got[what]))
        differences.push({ step: i, what, wanted: wanted[what], got: got[what] })
    diff(wanted.details, got.details, 'details', (path, a, b) =>
      differences.push({ step: i, what: 'details', path, wanted: a, got: b }),
    )
    diff(wanted.body, got.body, '', (path, a, b) =>
      differences.push({ step: i, what: 'body', path, wanted: a, got: b }),
    )
    return differences
  })
}

/** Recordings may hold whole warning headers, `299 - "text"`: the text is what counts. */
function withPlainWarnings(answer: ParityAnswer | undefined): ParityAnswer | undefined {
  const plain = (line: string): string => {
    const quoted = /^299 \S+ (".*")$/s.exec(line)?.[1]
    return quoted === undefined ? line : (JSON.parse(quoted) as string)
  }
  return answer?.warnings === undefined ? answer : { ...answer, warnings: answer.warnings.map(plain) }
}

/** Texts that show an empty list or map which ours, as it means the same, takes for none. */
const withoutEmpty = (text: string): string => text.replace(/Invalid value: (\{\}|\[\])(?=:)/g, 'Invalid value: null')

/** Causes and the list of them in the message, sorted; the message's head stays. */
function ordered(given: ParityAnswer | undefined): ParityAnswer | undefined {
  const answer =
    given?.details === undefined ? given : (JSON.parse(withoutEmpty(JSON.stringify(given))) as ParityAnswer)
  const details = answer?.details as { causes?: Cause[] } | undefined
  if (answer === undefined || details?.causes === undefined || details.causes.length < 2) return answer
  const causes = [...details.causes].sort((a, b) => (key(a) < key(b) ? -1 : 1))
  const head = /^[^[]*is invalid: \[/.exec(answer.message ?? '')?.[0]
  const parts = details.causes.map((cause) => `${cause.field ?? ''}: ${cause.message ?? ''}`)
  // What is said twice stands once in the message.
  const isListOfCauses = head !== undefined && answer.message === `${head}${[...new Set(parts)].join(', ')}]`
  const message = isListOfCauses ? `${head}${causes.map(key).join(', ')}]` : answer.message
  return { ...answer, details: { ...details, causes }, ...(message === undefined ? {} : { message }) }
}

interface Cause {
  field?: string
  message?: string
  reason?: string
}

function key({ field, message, reason }: Cause): string {
  return [field, message, reason].map((text) => text ?? '').join(': ')
}

function diff(a: unknown, b: unknown, path: string, found: (path: string, a: unknown, b: unknown) => void): void {
  if (a === b) return
  const bothObjects = [a, b].every((x) => typeof x === 'object' && x !== null)
  if (!bothObjects || Array.isArray(a) !== Array.isArray(b)) return found(path, a, b)
  // Keys one by one: the order in which an object is written says nothing.
  const left = a as Record<string, unknown>
  const right = b as Record<string, unknown>
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    // An item that is left out leaves a hole, which a recording writes as null.
    if (Array.isArray(a) && left[key] == null && right[key] == null) continue
    diff(left[key], right[key], path === '' ? key : `${path}.${key}`, found)
  }
}
