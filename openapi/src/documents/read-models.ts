import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

/**
 * Reads the models of @kubernetes/client-node as data: optionality and texts from the declaration files, types and
 * formats from the attribute tables beside them.
 */
export interface ModelProperty {
  name: string
  /** As the client writes it: "Array<V1Container>", "{ [key: string]: string; }", "Date". */
  type: string
  format: string
  optional: boolean
  description: string
}

export interface Model {
  name: string
  description: string
  properties: ModelProperty[]
}

export interface ModelReader {
  /** Undefined when the client has no such model. */
  model(name: string): Model | undefined
  version: string
}

interface Attribute {
  name: string
  baseName: string
  type: string
  format: string
}

const declaration = /(?:\/\*\*([\s\S]*?)\*\/\s*)?^ {4}'(\w+|[^']+)'(\?)?: /gm

export function readModels(): ModelReader {
  const root = path.dirname(path.dirname(createRequire(import.meta.url).resolve('@kubernetes/client-node')))
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }
  const folder = path.join(root, 'dist/gen/models')
  const cache = new Map<string, Model | undefined>()
  return {
    version: manifest.version,
    model(name) {
      if (!cache.has(name)) cache.set(name, readModel(folder, name))
      return cache.get(name)
    },
  }
}

function readModel(folder: string, name: string): Model | undefined {
  let types: string
  try {
    types = readFileSync(path.join(folder, `${name}.d.ts`), 'utf8')
  } catch {
    return undefined
  }
  const attributes = readAttributes(readFileSync(path.join(folder, `${name}.js`), 'utf8'), name)
  const head = types.indexOf('export declare class')
  const declared = new Map<string, { optional: boolean; description: string }>()
  for (const [, comment = '', property, mark] of types.slice(head).matchAll(declaration)) {
    declared.set(String(property), { optional: mark === '?', description: commentText(comment) })
  }
  return {
    name,
    description: commentText(/\/\*\*((?:(?!\/\*\*)[\s\S])*?)\*\/\s*$/.exec(types.slice(0, head))?.[1] ?? ''),
    properties: attributes.map(({ name: attribute, baseName, type, format }) => {
      const found = declared.get(attribute)
      if (found === undefined) throw new Error(`the client's ${name} declares no property ${attribute}`)
      return { name: baseName, type, format, ...found }
    }),
  }
}

function readAttributes(source: string, name: string): Attribute[] {
  const start = source.indexOf('[', source.indexOf(`${name}.attributeTypeMap = [`))
  const end = source.indexOf('\n];', start)
  if (start < 0) throw new Error(`the client's ${name} has no attribute table`)
  return end < 0 ? [] : (JSON.parse(source.slice(start, end + 2)) as Attribute[])
}

function commentText(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join('\n')
    .trim()
    .replaceAll(/\\(['"])/g, '$1')
    .replaceAll('*_/', '*/')
}
