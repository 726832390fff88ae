import type { V1PolicyRule } from '@kapell/openapi/types'
import { escalation, missingPermissions } from './escalation.ts'
import { rule, urls } from './rule-builders.ts'

const bob = { username: 'bob', groups: ['system:authenticated'] }

describe('escalation', () => {
  it.each<[proves: string, held: V1PolicyRule[], wanted: V1PolicyRule[], allowed: boolean]>([
    ['what is held may be granted', [rule('get list', 'core', 'pods')], [rule('get', 'core', 'pods')], true],
    [
      'several rules together cover one',
      [rule('get', 'core', 'pods'), rule('list', 'core', 'pods')],
      [rule('get list', 'core', 'pods')],
      true,
    ],
    ['a star covers everything', [rule('*', '*', '*')], [rule('get', 'apps', 'deployments/scale', 'x')], true],
    ['but only a star covers a star', [rule('get list watch', 'core', 'pods')], [rule('*', 'core', 'pods')], false],
    [
      'a named object is less than all',
      [rule('get', 'core', 'secrets', 'one')],
      [rule('get', 'core', 'secrets')],
      false,
    ],
    [
      'all is more than a named object',
      [rule('get', 'core', 'secrets')],
      [rule('get', 'core', 'secrets', 'one')],
      true,
    ],
    ['paths by prefix', [urls('get', '/healthz/*')], [urls('get', '/healthz/etcd')], true],
    ['a subresource by its star', [rule('get', '*', '*/status')], [rule('get', 'core', 'pods/status')], true],
  ])('%s', (_proves, held, wanted, allowed) => {
    expect(escalation(bob, held, wanted) === undefined).toBe(allowed)
  })

  it('names what is missing, verbs of one thing together', () => {
    const wanted = [rule('list get', 'core', 'secrets'), rule('get', 'apps', 'deployments', 'x')]
    expect(escalation(bob, [], wanted)).toBe(
      'user "bob" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n' +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}\n' +
        '{APIGroups:["apps"], Resources:["deployments"], ResourceNames:["x"], Verbs:["get"]}',
    )
  })
})

describe('missingPermissions', () => {
  it('keeps the rules that are not wholly held', () => {
    const wanted = [rule('get', 'core', 'pods'), rule('get list', 'core', 'secrets')]
    expect(missingPermissions([rule('get', 'core', 'pods secrets')], wanted)).toEqual([wanted[1]])
  })
})
