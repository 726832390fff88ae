import type { ParityRequest, ParityStep } from '../case.ts'

/** Short forms for writing cases down. */
export const core = (plural: string, name?: string): string =>
  `/api/v1/namespaces/{{ns}}/${plural}${name === undefined ? '' : `/${name}`}`
export const grouped = (groupVersion: string, plural: string, name?: string): string =>
  `/apis/${groupVersion}/namespaces/{{ns}}/${plural}${name === undefined ? '' : `/${name}`}`

type More = Partial<ParityStep> & { headers?: Record<string, string> }

function step(request: ParityRequest, { headers, ...more }: More = {}): ParityStep {
  return { request: { ...request, ...(headers === undefined ? {} : { headers }) }, ...more }
}

export const get = (path: string, more?: More): ParityStep => step({ method: 'GET', path }, more)
export const create = (path: string, body: unknown, more?: More): ParityStep =>
  step({ method: 'POST', path, body }, more)
export const put = (path: string, body: unknown, more?: More): ParityStep => step({ method: 'PUT', path, body }, more)
export const remove = (path: string, body?: unknown, more?: More): ParityStep =>
  step({ method: 'DELETE', path, ...(body === undefined ? {} : { body }) }, more)

const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
}

export const patch = (type: keyof typeof patchTypes, path: string, body: unknown, more: More = {}): ParityStep =>
  step({ method: 'PATCH', path, body }, { ...more, headers: { 'Content-Type': patchTypes[type], ...more.headers } })

export const configMap = (name: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  ...more,
})

export const pod = (name: string, spec: Record<string, unknown> = {}, metadata: Record<string, unknown> = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { containers: [{ name: 'c', image: 'registry.example/a:1' }], ...spec },
})

export const template = (spec: Record<string, unknown> = {}) => ({
  metadata: { labels: { app: 'a' } },
  spec: { containers: [{ name: 'c', image: 'registry.example/a:1' }], ...spec },
})

export const deployment = (name: string, spec: Record<string, unknown> = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: { selector: { matchLabels: { app: 'a' } }, template: template(), ...spec },
})
