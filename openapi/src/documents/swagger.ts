import { parameters, type ParameterFact } from '../facts/operations.ts'
import { refTo, type Definitions } from './definition.ts'
import type { Operation, PathItem } from './operation.ts'

const title = { title: 'Kubernetes', version: '1.36' }
/** kubectl looks for these two in an operation itself, and does not follow references. */
const alwaysInline = new Set(['dryRun', 'fieldValidation'])

/** The swagger 2.0 document of /openapi/v2. */
export function swaggerDocument(definitions: Definitions, paths: readonly PathItem[]): object {
  return {
    swagger: '2.0',
    info: title,
    paths: swaggerPaths(paths),
    definitions,
    parameters: Object.fromEntries(
      Object.keys(parameters)
        .filter((key) => !alwaysInline.has(key))
        .map((key) => [key, parameterOf(key)]),
    ),
    securityDefinitions: {
      BearerToken: { description: 'Bearer Token authentication', type: 'apiKey', name: 'authorization', in: 'header' },
    },
    security: [{ BearerToken: [] }],
  }
}

/** Paths as swagger 2.0 writes them. */
export const swaggerPaths = (paths: readonly PathItem[]): Record<string, object> =>
  Object.fromEntries(paths.map((item) => [item.path, pathOf(item)]))

function fact(key: string): ParameterFact {
  const found = parameters[key]
  if (found === undefined) throw new Error(`no parameter is called ${key}`)
  return found
}

function parameterOf(key: string): object {
  const { type, in: place, description } = fact(key)
  const name = key.replace(/@.*/, '')
  return { description, in: place, name, ...(place === 'path' ? { required: true } : {}), type, uniqueItems: true }
}

const use = (key: string): object => (alwaysInline.has(key) ? parameterOf(key) : { $ref: `#/parameters/${key}` })

function pathOf(item: PathItem): object {
  const own = item.parameters.map(use)
  if (item.nameDescription !== undefined) {
    own.push({
      description: item.nameDescription,
      in: 'path',
      name: 'name',
      required: true,
      type: 'string',
      uniqueItems: true,
    })
  }
  return {
    ...Object.fromEntries(item.operations.map((operation) => [operation.method, operationOf(operation)])),
    ...(own.length === 0 ? {} : { parameters: own }),
  }
}

function operationOf({
  id,
  description,
  tag,
  action,
  gvk,
  consumes,
  produces,
  body,
  responses,
  ...rest
}: Operation): object {
  const own = rest.parameters.map(use)
  if (body !== undefined) {
    own.unshift({
      in: 'body',
      name: 'body',
      ...(body.required ? { required: true } : {}),
      schema: { $ref: refTo(body.definition) },
    })
  }
  return {
    description,
    ...(consumes.length === 0 ? {} : { consumes }),
    produces,
    schemes: ['https'],
    tags: [tag],
    operationId: id,
    ...(own.length === 0 ? {} : { parameters: own }),
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([code, answer]) => [
          code,
          {
            description: responseText(code),
            schema: answer === 'string' ? { type: 'string' } : { $ref: refTo(answer) },
          },
        ]),
      ),
      401: { description: 'Unauthorized' },
    },
    ...(action === undefined ? {} : { 'x-kubernetes-action': action }),
    ...(gvk === undefined ? {} : { 'x-kubernetes-group-version-kind': gvk }),
  }
}

export function responseText(code: string): string {
  return { 200: 'OK', 201: 'Created', 202: 'Accepted' }[code] ?? code
}
