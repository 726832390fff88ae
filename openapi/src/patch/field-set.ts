import { isObject, type JsonObject } from './json.ts'

/**
 * Sets of fields, as managed fields name them. A path element is written as in a FieldsV1: `f:name` a field or key,
 * `k:{"name":"c"}` an item of a list by its keys, `v:"x"` an item by its value, `i:0` by its place.
 * Source: the API concepts, "Server-Side Apply"; FieldsV1 in the API reference.
 */
export class FieldSet {
  readonly members: Set<string>
  readonly children: Map<string, FieldSet>

  constructor(members: Set<string> = new Set(), children: Map<string, FieldSet> = new Map()) {
    this.members = members
    this.children = children
  }

  get isEmpty(): boolean {
    if (this.members.size > 0) return false
    for (const child of this.children.values()) if (!child.isEmpty) return false
    return true
  }

  insert(path: readonly string[]): void {
    // The object itself is no member of anything.
    if (path.length === 0) return
    let at: FieldSet = this
    for (let i = 0; i < path.length - 1; i += 1) at = at.childToFill(path[i] ?? '')
    at.members.add(path[path.length - 1] ?? '')
  }

  /** The set below a path, made when missing. */
  at(path: readonly string[]): FieldSet {
    let at: FieldSet = this
    for (const element of path) at = at.childToFill(element)
    return at
  }

  /** The set below an element, made when missing. */
  childToFill(element: string): FieldSet {
    let child = this.children.get(element)
    if (child === undefined) {
      child = new FieldSet()
      this.children.set(element, child)
    }
    return child
  }

  has(path: readonly string[]): boolean {
    let at: FieldSet | undefined = this
    for (let i = 0; i < path.length - 1; i += 1) at = at?.children.get(path[i] ?? '')
    return at?.members.has(path[path.length - 1] ?? '') ?? false
  }

  union(other: FieldSet): FieldSet {
    const children = new Map(this.children)
    for (const [element, child] of other.children) {
      const mine = children.get(element)
      children.set(element, mine === undefined ? child : mine.union(child))
    }
    return new FieldSet(this.members.union(other.members), children)
  }

  intersection(other: FieldSet): FieldSet {
    const children = new Map<string, FieldSet>()
    for (const [element, child] of this.children) {
      const theirs = other.children.get(element)
      if (theirs !== undefined) keep(children, element, child.intersection(theirs))
    }
    return new FieldSet(this.members.intersection(other.members), children)
  }

  difference(other: FieldSet): FieldSet {
    const children = new Map<string, FieldSet>()
    for (const [element, child] of this.children) {
      const theirs = other.children.get(element)
      keep(children, element, theirs === undefined ? child : child.difference(theirs))
    }
    return new FieldSet(this.members.difference(other.members), children)
  }

  /** As difference, and what lies below the other's members goes, too. */
  recursiveDifference(other: FieldSet): FieldSet {
    const children = new Map<string, FieldSet>()
    for (const [element, child] of this.children) {
      if (other.members.has(element)) continue
      const theirs = other.children.get(element)
      keep(children, element, theirs === undefined ? child : child.recursiveDifference(theirs))
    }
    return new FieldSet(this.members.difference(other.members), children)
  }

  equals(other: FieldSet): boolean {
    return this.difference(other).isEmpty && other.difference(this).isEmpty
  }

  /** Every path, each level's members before what lies below. */
  *paths(prefix: readonly string[] = []): Generator<string[]> {
    for (const element of [...this.members].sort(compareElements)) yield [...prefix, element]
    for (const element of [...this.children.keys()].sort(compareElements))
      yield* this.children.get(element)?.paths([...prefix, element]) ?? []
  }

  toFieldsV1(): JsonObject {
    const json: JsonObject = {}
    const elements = [...this.members]
    for (const element of this.children.keys()) if (!this.members.has(element)) elements.push(element)
    for (const element of sortElements(elements)) {
      const child = this.children.get(element)
      const below = child === undefined || child.isEmpty ? undefined : child.toFieldsV1()
      if (below === undefined) {
        if (this.members.has(element)) json[element] = {}
      } else json[element] = this.members.has(element) ? { '.': {}, ...below } : below
    }
    return json
  }
}

function keep(children: Map<string, FieldSet>, element: string, child: FieldSet): void {
  if (!child.isEmpty) children.set(element, child)
}

const kindOrder = 'fkvi'
function compareElements(a: string, b: string): number {
  // Nearly always of one kind: this runs for every field of every write.
  if (a.charCodeAt(0) === b.charCodeAt(0)) return a < b ? -1 : a > b ? 1 : 0
  return kindOrder.indexOf(a[0] ?? '') - kindOrder.indexOf(b[0] ?? '')
}

/** In place. Most sets are small, and their order is needed at every write: the built-in sort would allocate. */
function sortElements(elements: string[]): string[] {
  if (elements.length > 16) return elements.sort(compareElements)
  for (let i = 1; i < elements.length; i++) {
    const element = elements[i] ?? ''
    let at = i
    for (; at > 0 && compareElements(elements[at - 1] ?? '', element) > 0; at--) elements[at] = elements[at - 1] ?? ''
    elements[at] = element
  }
  return elements
}

/** Managed fields nest as deep as objects do; deeper ones are rubbish. */
const maxDepth = 200

/** Reads a FieldsV1; throws Error on what is none. */
export function parseFieldsV1(json: unknown, depth = 0): FieldSet {
  if (!isObject(json) || depth > maxDepth) throw new Error('not a set of fields')
  const set = new FieldSet()
  for (const [key, value] of Object.entries(json)) {
    if (key === '.') continue
    const element = canonicalElement(key)
    if (!isObject(value)) throw new Error(`not a set of fields: ${key}`)
    const below = parseFieldsV1(value, depth + 1)
    if (below.isEmpty || Object.hasOwn(value, '.')) set.members.add(element)
    if (!below.isEmpty) set.children.set(element, below)
  }
  return set
}

function canonicalElement(key: string): string {
  const kind = key.slice(0, 2)
  if (kind === 'f:' || kind === 'i:') return key
  if (kind === 'v:') return `v:${JSON.stringify(JSON.parse(key.slice(2)))}`
  if (kind !== 'k:') throw new Error(`not a path element: ${key}`)
  const keys: unknown = JSON.parse(key.slice(2))
  if (!isObject(keys)) throw new Error(`not a path element: ${key}`)
  return keyElement(Object.entries(keys))
}

/** The element of a list's item known by these keys. */
export function keyElement(keys: readonly (readonly [string, unknown])[]): string {
  const sorted = keys.length < 2 ? keys : [...keys].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `k:{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
}

/** A path as messages print it: `.spec.containers[name="c"].image`. */
export function printPath(path: readonly string[]): string {
  return path.map(printElement).join('')
}

export function printElement(element: string): string {
  const text = element.slice(2)
  switch (element[0]) {
    case 'k': {
      const keys = Object.entries(JSON.parse(text) as JsonObject)
      return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`
    }
    case 'v':
      return `[=${text}]`
    case 'i':
      return `[${text}]`
    default:
      return `.${text}`
  }
}

/** Elements of field names: the same few hundred at every write, so that their text is made and hashed once. */
const fieldElements = new Map<string, string>()
const maxFieldElements = 4096

/** `f:name`. */
export function fieldElement(name: string): string {
  const known = fieldElements.get(name)
  if (known !== undefined) return known
  const element = `f:${name}`
  // Names also come from users, as keys of maps: what there is no room for is not kept.
  if (fieldElements.size < maxFieldElements && name.length <= 64) fieldElements.set(name, element)
  return element
}

/** "metadata.labels" and so on, as a set. Fields only. */
export function fieldSetOfPaths(paths: Iterable<string>): FieldSet {
  const set = new FieldSet()
  for (const path of paths) set.insert(path.split('.').map((name) => `f:${name}`))
  return set
}
