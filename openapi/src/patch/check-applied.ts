import type { Schema } from '../schema/schema.ts'
import { printElement } from './field-set.ts'
import { getOwn, goPrint, isObject } from './json.ts'
import { itemElement, ListItemError, memberRule } from './merge-shape.ts'

/** More are not told of. */
const maxProblems = 100

/**
 * What is wrong with the types of an applied object: `.spec.nope: field not declared in schema`. Unlike other requests,
 * apply never prunes.
 */
export function checkApplied(schema: Schema, value: unknown): string[] {
  const problems: string[] = []
  check(schema, value, '', problems)
  return problems
}

/** All problems as one text. */
export function joinProblems(problems: readonly string[]): string {
  return problems.length === 1 ? (problems[0] ?? '') : `errors:\n${problems.map((p) => `  ${p}\n`).join('')}`
}

function check(schema: Schema | undefined, value: unknown, path: string, problems: string[]): void {
  const say = (what: string): void => {
    if (problems.length < maxProblems) problems.push(path === '' ? what : `${path}: ${what}`)
  }
  if (value === null || value === undefined || schema === undefined) return
  switch (schema.kind) {
    case 'struct':
    case 'map': {
      if (!isObject(value)) return say(`expected map, got &{${goPrint(value)}}`)
      const struct = schema.kind === 'struct' ? schema : undefined
      for (const name of Object.keys(value)) {
        const at = `${path}.${name}`
        const rule = memberRule(struct, schema.kind === 'map' ? schema.values : undefined, name)
        if (struct !== undefined && !rule.declared && struct.keepsUnknown !== true) {
          if (problems.length < maxProblems) problems.push(`${at}: field not declared in schema`)
        } else check(rule.schema, getOwn(value, name), at, problems)
      }
      return
    }
    case 'list': {
      if (!Array.isArray(value)) return say(`expected list, got &{${goPrint(value)}}`)
      const seen = new Set<string>()
      for (const [i, item] of value.entries()) {
        let element = `i:${i}`
        if (schema.listType !== 'atomic') {
          try {
            element = itemElement(schema, item)
          } catch (error) {
            if (!(error instanceof ListItemError)) throw error
            say(`element ${i}: ${error.message}`)
            return
          }
          if (seen.has(element)) say(`duplicate entries for key ${printElement(element)}`)
          seen.add(element)
        }
        check(schema.items, item, `${path}${printElement(element)}`, problems)
      }
      return
    }
    case 'string':
    case 'bytes':
    case 'time':
    case 'microTime':
      if (typeof value !== 'string') say(`expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`)
      return
    case 'int32':
    case 'int64':
    case 'number':
      if (typeof value !== 'number' && typeof value !== 'bigint')
        say(`expected numeric (int or float), got ${goType(value)}`)
      return
    case 'boolean':
      if (typeof value !== 'boolean') say(`expected boolean, got &{${goPrint(value)}}`)
      return
    case 'quantity':
    case 'intOrString':
      if (typeof value === 'object') say(`expected any scalar, got &{${goPrint(value)}}`)
      return
    default:
      return
  }
}

/** A value as Go's %#v prints it. */
function goSyntax(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${goSyntax(value[key])}`)
    return `map[string]interface {}{${members.join(', ')}}`
  }
  return String(value as number | boolean)
}

function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (isObject(value)) return 'map[string]interface {}'
  return typeof value === 'boolean' ? 'bool' : typeof value
}
