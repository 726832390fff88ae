import { setImmediate } from 'node:timers/promises'
import type { Json, Read, TestServer } from './apiserver-support.ts'

export const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
export const merge = { 'content-type': 'application/merge-patch+json' }

/** A version of a custom resource: stored and served, with a schema that keeps everything. */
export const version = (name: string, more: Json = {}): Json => ({
  name,
  served: true,
  storage: true,
  schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
  ...more,
})

/** A namespaced custom resource of example.com. */
export const crd = (plural: string, kind: string, versions: Json[], more: Json = {}): Json => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.example.com` },
  spec: { group: 'example.com', scope: 'Namespaced', names: { plural, kind }, versions, ...more },
})

export const path = (plural: string, at = 'v1'): string => `/apis/example.com/${at}/namespaces/default/${plural}`

/** Asks until the answer fits: the server follows its own store. */
export async function until(ask: () => Promise<Read>, fits: (answer: Read) => boolean): Promise<Read> {
  let answer = await ask()
  for (let i = 0; i < 20_000 && !fits(answer); i++) {
    await setImmediate()
    answer = await ask()
  }
  if (!fits(answer)) throw new Error(`the last answer was ${answer.status} ${answer.text.slice(0, 500)}`)
  return answer
}

interface Condition {
  type: string
  status: string
  reason: string
}

export const conditionsOf = (answer: Read): string[] => {
  const { conditions } = (answer.json['status'] ?? {}) as { conditions?: Condition[] | null }
  return (conditions ?? []).map((one) => `${one.type} ${one.status} ${one.reason}`)
}

/** Creates a definition and waits until it is served. */
export async function define(server: TestServer, body: Json, at: string): Promise<Read> {
  const made = await server.ask('POST', definitions, body)
  if (made.status !== 201) throw new Error(made.text)
  await until(
    () => server.ask('GET', at),
    (answer) => answer.status === 200,
  )
  return made
}
