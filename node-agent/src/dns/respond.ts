import { decode, encode, type Answer, type Packet, type Question } from '@leichtgewicht/dns-packet'
import type { Forwarder } from './forward.ts'
import { answerFromCluster, ttlSeconds, type ZoneAnswer, type ZoneView } from './records.ts'

const flag = {
  response: 0x8000,
  authoritative: 0x400,
  truncated: 0x200,
  recursionDesired: 0x100,
  recursionAvailable: 0x80,
}
const rcode = { formatError: 1, serverFailure: 2, notImplemented: 4 }
const maxUdpBytes = 1232

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
  try {
    const own = question.class === 'IN' || question.class === undefined ? answerFromCluster(question, view) : undefined
    if (own === undefined) return await forwarder.ask(message, transport)
    const extra = own.follow === undefined ? [] : await follow(own.follow, question, view, forwarder)
    return encodeAnswer(query, question, { ...own, answers: [...own.answers, ...extra] }, view.zone, transport)
  } catch {
    return errorAnswer(message, rcode.serverFailure)
  }
}

async function follow(target: string, question: Question, view: ZoneView, forwarder: Forwarder): Promise<Answer[]> {
  const own = answerFromCluster({ ...question, name: target }, view)
  if (own !== undefined) return own.answers
  const query = encode({
    type: 'query',
    id: Math.floor(Math.random() * 65536),
    flags: flag.recursionDesired,
    questions: [{ ...question, name: target }],
  })
  try {
    return decode(await forwarder.ask(query, 'udp')).answers ?? []
  } catch {
    // The alias alone is still an answer; the client may ask on.
    return []
  }
}

function encodeAnswer(
  query: Packet,
  question: Question,
  answer: ZoneAnswer,
  zone: string,
  transport: 'udp' | 'tcp',
): Uint8Array {
  const edns = query.additionals?.find((each) => each.type === 'OPT') as { udpPayloadSize?: number } | undefined
  const limit = transport === 'tcp' ? 65535 : Math.min(Math.max(edns?.udpPayloadSize ?? 512, 512), maxUdpBytes)
  const flags =
    flag.authoritative | flag.recursionAvailable | ((query.flags ?? 0) & flag.recursionDesired) | answer.rcode
  const opt = (edns === undefined
    ? []
    : [{ type: 'OPT', name: '.', udpPayloadSize: maxUdpBytes, flags: 0, options: [] }]) as unknown as Answer[]
  const authorities = answer.answers.length === 0 ? [startOfAuthority(zone)] : []
  const packet = (answers: Answer[], additionals: Answer[], more = 0) =>
    encode({
      type: 'response',
      id: query.id ?? 0,
      flags: flags | more,
      questions: [question],
      answers,
      authorities,
      additionals: [...additionals, ...opt],
    })
  const whole = packet(answer.answers, answer.additionals)
  if (whole.length <= limit) return whole
  const bare = packet(answer.answers, [])
  if (bare.length <= limit) return bare
  // As many as fit, marked as cut: the client asks again over TCP.
  let fitting = answer.answers
  let cut = bare
  while (cut.length > limit && fitting.length > 0) {
    fitting = fitting.slice(0, Math.floor(fitting.length / 2))
    cut = packet(fitting, [], flag.truncated)
  }
  return cut
}

const startOfAuthority = (zone: string): Answer => ({
  type: 'SOA',
  name: zone,
  ttl: ttlSeconds,
  class: 'IN',
  data: {
    mname: `ns.dns.${zone}`,
    rname: `hostmaster.${zone}`,
    serial: Math.floor(Date.now() / 1000),
    refresh: 7200,
    retry: 1800,
    expire: 86400,
    minimum: ttlSeconds,
  },
})

/** Only a header: the question's id and flags, and the error. */
function errorAnswer(message: Uint8Array, code: number): Uint8Array {
  const out = new Uint8Array(12)
  out.set(message.subarray(0, 2))
  out[2] = 0x80 | (message[2]! & 0x79)
  out[3] = 0x80 | code
  return out
}
