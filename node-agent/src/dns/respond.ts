import { decode, encode, type Answer, type Packet, type Question } from '@leichtgewicht/dns-packet'
import { encodeReply, isEncodable, type EncodedOpt, type Reply } from './encode.ts'
import type { Forwarder } from './forward.ts'
import { answerFromCluster, startOfAuthority, type ZoneAnswer, type ZoneView } from './records.ts'

const flag = { response: 0x8000, authoritative: 0x400, recursionDesired: 0x100, checkingDisabled: 0x10 }
const rcode = { formatError: 1, serverFailure: 2, notImplemented: 4, refused: 5 }
/** Of UDP without EDNS, and the most that is sent to clients that say they take more. */
const [plainBytes, maxUdpBytes] = [512, 4096]
/** Of whole zones: never given away. */
const transfers = new Set(['AXFR', 'IXFR'])
/** An alias of an alias, and so on: more is a mistake. */
const maxAliases = 8

/**
 * The answer to one DNS message, or undefined when it deserves none (too short, or itself an answer).
 * Never throws: what cannot be answered is SERVFAIL, what cannot be read FORMERR.
 */
export async function respond(
  message: Uint8Array,
  transport: 'udp' | 'tcp',
  { view, forwarder }: { view: ZoneView; forwarder: Forwarder },
): Promise<Uint8Array | undefined> {
  if (message.length < 12 || (message[2]! & 0x80) !== 0) return undefined
  const opcode = (message[2]! >> 3) & 15
  if (opcode !== 0) return errorAnswer(message, rcode.notImplemented)
  let query: Packet
  try {
    query = decode(message)
  } catch {
    return errorAnswer(message, rcode.formatError)
  }
  const question = query.questions?.[0]
  if (question === undefined || query.questions!.length !== 1) return errorAnswer(message, rcode.formatError)
  const edns = query.additionals?.find((each) => each.type === 'OPT') as OptRecord | undefined
  const reply = (of: { flags: number } & Partial<ZoneAnswer> & { authorities?: Answer[] }, extendedRcode = 0) => {
    const echoed = (query.flags ?? 0) & (flag.recursionDesired | flag.checkingDisabled)
    const size = edns?.udpPayloadSize ?? plainBytes
    const opt = edns === undefined ? {} : { opt: optOf(edns, extendedRcode) }
    return encodeReply(
      {
        message,
        questionEnd: endOfQuestion(message),
        flags: flag.response | echoed | of.flags,
        answers: of.answers ?? [],
        authorities: of.authorities ?? [],
        additionals: of.additionals ?? [],
        ...opt,
      } satisfies Reply,
      transport === 'tcp' ? 65535 : Math.min(Math.max(size, plainBytes), maxUdpBytes),
    )
  }
  try {
    if ((edns?.ednsVersion ?? 0) > 0) return reply({ flags: 0 }, badVersion)
    if (transfers.has(question.type)) return reply({ flags: rcode.refused })
    const own = question.class === 'IN' || question.class === undefined ? answerFromCluster(question, view) : undefined
    if (own === undefined) return await forwarder.ask(message, transport)
    const answer = own.follow === undefined ? own : await followed(own, question, view, forwarder)
    return reply({
      ...answer,
      flags: flag.authoritative | answer.rcode,
      authorities: answer.answers.length === 0 ? [startOfAuthority(view.zone)] : [],
    })
  } catch {
    return errorAnswer(message, rcode.serverFailure)
  }
}

interface OptRecord {
  udpPayloadSize?: number
  ednsVersion?: number
  flags?: number
}

/** Upper bits of 16. Source: RFC 6891. */
const badVersion = 1

const optOf = ({ udpPayloadSize = plainBytes, flags = 0 }: OptRecord, extendedRcode: number): EncodedOpt => ({
  udpPayloadSize,
  dnssecOk: (flags & 0x8000) !== 0,
  ...(extendedRcode === 0 ? {} : { extendedRcode }),
})

/** Past name, type and class; the message was read before, so it has them. */
function endOfQuestion(message: Uint8Array): number {
  let at = 12
  while (message[at]! > 0 && message[at]! < 64) at += message[at]! + 1
  if (message[at] !== 0) throw new Error('a question must have its whole name')
  return at + 5
}

/** With the records that the alias leads to; one that leads to a name the cluster does not have is as good as none. */
async function followed(
  own: ZoneAnswer,
  question: Question,
  view: ZoneView,
  forwarder: Forwarder,
): Promise<ZoneAnswer> {
  let answer = own
  for (let left = maxAliases; answer.follow !== undefined && left > 0; left -= 1) {
    const { follow: target, ...before } = answer
    const next = answerFromCluster({ ...question, name: target }, view)
    if (next === undefined) {
      const more = await asked(target, question, forwarder)
      return { ...before, answers: [...before.answers, ...more] }
    }
    if (next.rcode !== 0) return { rcode: 0, answers: [], additionals: [] }
    answer = { ...next, answers: [...before.answers, ...next.answers] }
  }
  return answer
}

async function asked(target: string, question: Question, forwarder: Forwarder): Promise<Answer[]> {
  const query = encode({
    type: 'query',
    id: Math.floor(Math.random() * 65536),
    flags: flag.recursionDesired,
    questions: [{ ...question, name: target }],
  })
  try {
    return (decode(await forwarder.ask(query, 'udp')).answers ?? []).filter(isEncodable)
  } catch {
    // The alias alone is still an answer; the client may ask on.
    return []
  }
}

/** Only a header: the question's id and flags, and the error. */
function errorAnswer(message: Uint8Array, code: number): Uint8Array {
  const out = new Uint8Array(12)
  out.set(message.subarray(0, 2))
  out[2] = 0x80 | (message[2]! & 0x79)
  out[3] = code
  return out
}
