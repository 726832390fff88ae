import { randomBytes } from 'node:crypto'
import type { ParityAnswer, ParityCase, ParityRequest, ParityStep, Send } from './case.ts'
import { Normalizer } from './normalize.ts'

/** Runs a case's steps against a server; the normalized answers, in order. */
export async function drive(kase: ParityCase, send: Send): Promise<ParityAnswer[]> {
  const id = `x${randomBytes(4).toString('hex')}`
  const namespace = kase.keepsNothing === true ? await sharedNamespace(send) : newNamespace()
  const normalizer = new Normalizer({ namespace, id, ...(kase.keep === undefined ? {} : { keep: kase.keep }) })
  const variables = new Map<string, string>([
    ['ns', namespace],
    ['id', id],
  ])
  if (kase.keepsNothing !== true) await prepareNamespace(kase, namespace, send)
  const answers: ParityAnswer[] = []
  try {
    for (const step of kase.steps) answers.push(await runStep(step, variables, normalizer, send))
  } finally {
    if (kase.keepsNothing !== true) await post(send, 'DELETE', `/api/v1/namespaces/${namespace}`)
  }
  return answers
}

const newNamespace = (): string => `ns-${randomBytes(4).toString('hex')}`

const shared = new WeakMap<Send, Promise<string>>()

/** One for each server asked; it stays. */
function sharedNamespace(send: Send): Promise<string> {
  const made = shared.get(send) ?? makeShared(newNamespace(), send)
  shared.set(send, made)
  return made
}

async function makeShared(name: string, send: Send): Promise<string> {
  await prepareNamespace({ steps: [] }, name, send)
  return name
}

async function prepareNamespace(kase: ParityCase, name: string, send: Send): Promise<void> {
  const labels = kase.nsLabels === undefined ? {} : { labels: kase.nsLabels }
  await post(send, 'POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...labels } })
  if (kase.noServiceAccount !== true)
    await post(send, 'POST', `/api/v1/namespaces/${name}/serviceaccounts`, {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default' },
    })
}

async function post(send: Send, method: string, path: string, body?: unknown): Promise<void> {
  await send({
    method,
    path,
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    ...(body === undefined ? {} : { body: encode(body) }),
    anonymous: false,
  })
}

async function runStep(
  step: ParityStep,
  variables: Map<string, string>,
  normalizer: Normalizer,
  send: Send,
): Promise<ParityAnswer> {
  if (step.waitMs !== undefined) await pause(step.waitMs)
  normalizer.asks(JSON.stringify(step.request))
  const request = prepare(step.request, variables)
  const prefix = (step.request.body as { metadata?: { generateName?: string } } | undefined)?.metadata?.generateName
  if (prefix !== undefined) normalizer.generates(prefix.slice(0, 58))
  const deadline = Date.now() + (step.until?.seconds ?? 12) * 1000
  for (;;) {
    const raw = await send(request)
    const text = new TextDecoder().decode(raw.bytes)
    if (!isDone(step, raw.code, text) && Date.now() < deadline) {
      await pause(50)
      continue
    }
    remember(step, text, variables)
    const isWatch = /[?&]watch=(true|1)|^\/apis?\/[^?]*\/watch\//.test(request.path)
    // Normalized also when only its code counts: what it names is numbered from there.
    const answer = normalizer.answer(raw.code, raw.headers, raw.bytes, isWatch)
    if (step.setup === true || step.codeOnly === true) return { code: raw.code }
    return withoutIgnored(answer, step.ignore ?? [])
  }
}

function prepare(request: ParityRequest, variables: ReadonlyMap<string, string>): Parameters<Send>[0] {
  const fillIn = (text: string): string =>
    text.replace(/\{\{(q:)?(?:cap\.)?([\w-]+)\}\}/g, (whole, quoted: string | undefined, name: string) => {
      const value = variables.get(name)
      if (value === undefined) return whole
      return quoted === undefined ? value : encodeURIComponent(value)
    })
  const object = request.body ?? request.fill?.body
  let body = request.rawBody ?? (object === undefined ? undefined : JSON.stringify(object))
  if (body !== undefined) body = fillIn(body)
  if (body !== undefined && request.fill !== undefined)
    body = body.replace('@FILL@', request.fill.char.repeat(request.fill.times))
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'kref/1.0' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = fillIn(value)
  return {
    method: request.method,
    path: fillIn(request.path),
    headers,
    ...(body === undefined ? {} : { body: new TextEncoder().encode(body) }),
    anonymous: request.anonymous ?? false,
  }
}

function isDone({ until }: ParityStep, code: number, text: string): boolean {
  if (until === undefined) return true
  if (until.code !== undefined && code !== until.code) return false
  if (until.has !== undefined && !text.includes(until.has)) return false
  return until.hasNot === undefined || !text.includes(until.hasNot)
}

function remember(step: ParityStep, text: string, variables: Map<string, string>): void {
  if (step.capture === undefined) return
  const body = text.startsWith('{') ? (JSON.parse(text) as unknown) : undefined
  for (const [name, path] of Object.entries(step.capture)) {
    const value = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], body)
    if (value !== undefined) variables.set(name, typeof value === 'string' ? value : JSON.stringify(value))
  }
}

export function withoutIgnored(answer: ParityAnswer, ignore: readonly string[]): ParityAnswer {
  const copy = structuredClone(answer)
  for (const path of ignore) {
    const keys = path.split('.')
    const last = keys.pop() ?? ''
    const parent = keys.reduce<unknown>(
      (at, key) => (at as Record<string, unknown> | undefined)?.[key],
      copy.body ?? copy,
    )
    if (typeof parent === 'object' && parent !== null) delete (parent as Record<string, unknown>)[last]
  }
  return copy
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
