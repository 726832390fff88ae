/** Seeded random policies and mutations: none may crash, hang, or change what it was not asked to. */
import { schemaOf } from '@kapell/openapi/schema/registry'
import { applyChange, ChangeError } from '../../admission/policy/apply-change.ts'
import { compileMutations } from './mutating-policy.ts'
import { compilePolicy } from './policy.ts'

/** Mulberry32: the same numbers for the same seed. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

class Generator {
  readonly #next: () => number
  constructor(seed: number) {
    this.#next = random(seed)
  }
  one<T>(items: readonly T[]): T {
    return items[Math.floor(this.#next() * items.length)] as T
  }
  many<T>(make: () => T, most: number): T[] {
    return Array.from({ length: Math.floor(this.#next() * (most + 1)) }, make)
  }
  value(depth: number): string {
    const leaves = [
      '1', '-5', '1.5', '"a"', '"__proto__"', 'true', 'null', 'object.spec', 'object.nope', 'object.metadata.name',
      'oldObject', 'request.operation', 'variables.x', 'params.y', 'b"z"', '[]', '{}', 'timestamp("2020-01-01T00:00:00Z")',
    ] // prettier-ignore
    if (depth <= 0) return this.one(leaves)
    const inner = (): string => this.value(depth - 1)
    switch (this.one([0, 1, 2, 3, 4, 5, 6, 7])) {
      case 0:
        return `[${this.many(inner, 3).join(', ')}]`
      case 1:
        return `{${this.many(() => `${this.one(['"a"', '"__proto__"', '"constructor"', '1'])}: ${inner()}`, 2).join(', ')}}`
      case 2:
        return this.object(
          this.one(['Object', 'Object.spec', 'Object.spec.containers', 'Object.metadata', 'JSONPatch']),
          depth - 1,
        )
      case 3:
        return `(${inner()} ${this.one(['+', '-', '==', '&&', '<', 'in'])} ${inner()})`
      case 4:
        return `(${inner()} ? ${inner()} : ${inner()})`
      case 5:
        return `${this.one(['object.spec.containers', '[1, 2]', inner()])}.${this.one(['map', 'filter', 'all', 'exists'])}(v, ${inner()})`
      case 6:
        return `${this.one(['string', 'int', 'size', 'dyn', 'type'])}(${inner()})`
      default:
        return this.one(leaves)
    }
  }
  object(name: string, depth: number): string {
    const fields =
      name === 'JSONPatch'
        ? ['op', 'path', 'from', 'value']
        : ['metadata', 'spec', 'containers', 'name', 'labels', '__proto__', 'constructor', 'nodeSelector', 'env']
    const field = (): string => `${this.one(['', '', '?'])}${this.one(fields)}: ${this.value(depth)}`
    return `${name}{${[...new Set(this.many(field, 3))].join(', ')}}`
  }
  operation(): string {
    const op = this.one(['add', 'remove', 'replace', 'copy', 'move', 'test', 'ruin'])
    const path = (): string =>
      this.one(['/spec', '/metadata/labels/a', '/spec/containers/0', '/spec/containers/-', '/__proto__/x', '/constructor/prototype/x', '', 'x', '/spec/containers/99', '/a~2b']) // prettier-ignore
    return `JSONPatch{op: "${op}", path: "${path()}", from: "${path()}", value: ${this.value(2)}}`
  }
}

const kind = { group: '', version: 'v1', kind: 'Pod' }
const how = { kind, schema: schemaOf(kind) }
const pod = () => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', labels: { a: 'b' } },
  spec: { containers: [{ name: 'c', image: 'i', env: [{ name: 'x', value: 'y' }] }] },
})
const input = (object: object) => ({ object, oldObject: null, request: { operation: 'CREATE' }, params: { y: 1 } })
const polluted = (): unknown => ({})['x' as keyof object]

it('random policies end in verdicts', () => {
  const generator = new Generator(11)
  for (let round = 0; round < 400; round++) {
    const policy = compilePolicy({
      paramKind: {},
      variables: [{ name: 'x', expression: generator.value(3) }],
      validations: [{ expression: generator.value(4), messageExpression: generator.value(3) }],
      auditAnnotations: [{ key: 'k', valueExpression: generator.value(3) }],
    })
    const { verdicts } = policy.evaluate(input(pod()))
    expect(verdicts.length).toBeGreaterThan(0)
  }
  expect(polluted()).toBeUndefined()
})

it('random mutations change a copy, or say why not', () => {
  const generator = new Generator(12)
  let changed = 0
  for (let round = 0; round < 800; round++) {
    const isPatch = round % 2 === 0
    const source = isPatch
      ? `[${[generator.operation(), ...generator.many(() => generator.operation(), 2)].join(', ')}]`
      : generator.object('Object', 3)
    const [mutation] = compileMutations({
      paramKind: {},
      variables: [{ name: 'x', expression: generator.value(2) }],
      mutations: [
        isPatch
          ? { patchType: 'JSONPatch', jsonPatch: { expression: source } }
          : { patchType: 'ApplyConfiguration', applyConfiguration: { expression: source } },
      ],
    })
    const object = pod()
    const change = mutation?.evaluate(input(object))
    if (change === undefined || change.kind === 'error') continue
    try {
      const once = applyChange(change, object, how)
      if (once !== undefined) changed++
      // To apply is to say what shall be: saying it twice makes no difference.
      if (change.kind === 'apply') expect(applyChange(change, once as typeof object, how)).toEqual(once)
    } catch (error) {
      expect(error).toBeInstanceOf(ChangeError)
    }
    expect(object).toEqual(pod())
  }
  expect(changed).toBeGreaterThan(20)
  expect(polluted()).toBeUndefined()
})
