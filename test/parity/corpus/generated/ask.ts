import { schemaOf } from '@kapell/openapi/schema/registry'
import type { StructSchema } from '@kapell/openapi/schema/schema'
import type { ParityCases, ParityStep } from '../../case.ts'
import { create, get, patch, put } from '../build.ts'
import { changes, wrongs, type MutationOptions } from './mutate.ts'

/** A kind, and good objects of it by what they are good for. */
export interface Subject {
  apiVersion: string
  kind: string
  plural: string
  clusterScoped?: boolean
  /** The object's own name, where not any will do. */
  name?: string
}

export type Bodies = Record<string, Record<string, unknown>>

export function collectionOf({ apiVersion, plural, clusterScoped }: Subject): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  return clusterScoped === true ? `${root}/${plural}` : `${root}/namespaces/{{ns}}/${plural}`
}

export function nameOf(subject: Subject): string {
  return subject.name ?? (subject.clusterScoped === true ? '{{id}}' : 'a')
}

export function objectOf(subject: Subject, body: Record<string, unknown>): Record<string, unknown> {
  const { metadata, ...rest } = body as { metadata?: object }
  return {
    apiVersion: subject.apiVersion,
    kind: subject.kind,
    metadata: { name: nameOf(subject), ...metadata },
    ...rest,
  }
}

export function schemaFor({ apiVersion, kind }: Subject): StructSchema {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  const schema = schemaOf({ group: group ?? '', version: version ?? '', kind })
  if (schema === undefined) throw new Error(`no schema of ${apiVersion} ${kind}`)
  return schema
}

/** Creates, each good object as it is and with one thing wrong at a time; nothing is kept. */
export function creations(subject: Subject, bodies: Bodies, options: MutationOptions = {}): ParityCases {
  const cases: ParityCases = {}
  const path = `${collectionOf(subject)}?dryRun=All`
  for (const [title, body] of Object.entries(bodies)) {
    const object = objectOf(subject, body)
    cases[`${subject.kind} ${title}`] = { keepsNothing: true, steps: [create(path, object)] }
    for (const wrong of wrongs(schemaFor(subject), object, options)) {
      cases[`${subject.kind} ${title}: ${wrong.name}`] = { keepsNothing: true, steps: [create(path, wrong.body)] }
    }
  }
  return cases
}

export interface UpdateOptions extends MutationOptions {
  /** Steps between making the object and changing it, such as giving it a status. */
  between?: readonly ParityStep[]
  /** Ask through this subresource. */
  subresource?: string
  /** Takes the first steps back: cluster-scoped objects stay otherwise. */
  after?: readonly ParityStep[]
}

/** Replaces the object by itself with one thing changed at a time. */
export function replacements(subject: Subject, bodies: Bodies, options: UpdateOptions = {}): ParityCases {
  const cases: ParityCases = {}
  const path = collectionOf(subject)
  const door = `${path}/${nameOf(subject)}${options.subresource === undefined ? '' : `/${options.subresource}`}`
  const capture = { rv: 'metadata.resourceVersion' }
  for (const [title, body] of Object.entries(bodies)) {
    const object = objectOf(subject, body)
    const made = create(path, object, { setup: true, ...(options.between === undefined ? { capture } : {}) })
    for (const change of changes(schemaFor(subject), object, options)) {
      const metadata = { ...(change.body['metadata'] as object), resourceVersion: '{{cap.rv}}' }
      cases[`${subject.kind} ${title}, replaced: ${change.name}`] = {
        steps: [
          made,
          ...(options.between ?? []),
          put(`${door}?dryRun=All`, { ...change.body, metadata }),
          ...(options.after ?? []),
        ],
      }
    }
  }
  return cases
}

/** Patches of each type that change nothing, something, and something wrong. */
export function patched(subject: Subject, body: Record<string, unknown>, spec: Record<string, unknown>): ParityCases {
  const door = `${collectionOf(subject)}/${nameOf(subject)}`
  const made = create(collectionOf(subject), objectOf(subject, body), { setup: true })
  const ours = { apiVersion: subject.apiVersion, kind: subject.kind, metadata: { name: nameOf(subject) } }
  const [field, value] = Object.entries(spec)[0] ?? ['', '']
  return {
    [`${subject.kind} patched: merge`]: { steps: [made, patch('merge', door, { spec })] },
    [`${subject.kind} patched: strategic`]: { steps: [made, patch('strategic', door, { spec })] },
    [`${subject.kind} patched: json`]: {
      steps: [made, patch('json', door, [{ op: 'add', path: `/spec/${field}`, value }])],
    },
    [`${subject.kind} patched: json, a test that fails`]: {
      steps: [made, patch('json', door, [{ op: 'test', path: `/spec/${field}`, value: 'no such' }])],
    },
    [`${subject.kind} patched: apply`]: {
      steps: [
        made,
        patch('apply', `${door}?fieldManager=m`, { ...ours, spec }),
        patch('apply', `${door}?fieldManager=m&force=true`, { ...ours, spec }),
        get(door),
      ],
      keep: ['managedFields'],
    },
  }
}
