import type { ParityCases, ParityStep } from '../case.ts'
import { create, get, put } from './build.ts'

/** Short forms for cases about versions that are served on demand. */
export interface Kind {
  apiVersion: string
  kind: string
  plural: string
  namespaced?: true
}

export type Fields = Record<string, unknown>

export const pathOf = ({ apiVersion, plural, namespaced }: Kind, name = ''): string =>
  `/apis/${apiVersion}/${namespaced === true ? 'namespaces/{{ns}}/' : ''}${plural}${name === '' ? '' : `/${name}`}`
export const object = (
  { apiVersion, kind }: Kind,
  name: string,
  fields: Fields = {},
  metadata: Fields = {},
): Fields => ({
  apiVersion,
  kind,
  metadata: { name, ...metadata },
  ...fields,
})
export const inVersion = (kind: Kind, version: string): Kind => ({
  ...kind,
  apiVersion: `${kind.apiVersion.slice(0, kind.apiVersion.indexOf('/'))}/${version}`,
})
export const made = (kind: Kind, name: string, fields: Fields): ParityStep =>
  create(pathOf(kind), object(kind, name, fields), { setup: true })
/** What columns are described as is prose. */
export const table = {
  headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  ignore: ['columnDefinitions'],
}

/** One case for each of several bodies of one kind. */
export const eachCreated = (kind: Kind, name: string, bodies: Record<string, Fields>): ParityCases =>
  Object.fromEntries(
    Object.entries(bodies).map(([what, fields]) => [
      `${kind.apiVersion} ${kind.kind}: ${what}`,
      { steps: [create(pathOf(kind), object(kind, name, fields))] },
    ]),
  )

/** The status of an object, written step after step. */
export const eachStatus = (kind: Kind, name: string, fields: Fields, statuses: Record<string, Fields>): ParityCases =>
  Object.fromEntries(
    Object.entries(statuses).map(([what, status]) => [
      `${kind.apiVersion} ${kind.kind} status: ${what}`,
      {
        steps: [
          create(pathOf(kind), object(kind, name, fields), {
            setup: true,
            capture: { rv: 'metadata.resourceVersion' },
          }),
          put(
            `${pathOf(kind, name)}/status`,
            object(kind, name, { ...fields, status }, { resourceVersion: '{{cap.rv}}', labels: { a: 'b' } }),
          ),
          get(`${pathOf(kind)}?fieldSelector=metadata.name%3D${name}`, table),
        ],
      },
    ]),
  )

export const condition = (type: string, more: Fields = {}): Fields => ({
  type,
  status: 'True',
  reason: 'R',
  message: 'm',
  lastTransitionTime: '2024-01-01T00:00:00Z',
  ...more,
})
