import { routeTable } from './routes.ts'
import { backendTo, ingress, resolve, routingCases, routingIngresses } from './testing.ts'

describe('where requests go', () => {
  const table = routeTable(routingIngresses)
  it.each(routingCases)('%s: %s%s', (_, host, path, service) => {
    expect(resolve(table, host, path)).toBe(service === undefined ? undefined : `ns_${service}_80`)
  })

  it('an Ingress without rules is the default of every host', () => {
    const all = routeTable([...routingIngresses, ingress('all', [], { defaultBackend: backendTo('rest', 'web') })])
    expect(resolve(all, 'other.test', '/')).toBe('ns_rest_web')
    expect(resolve(all, 'narrow.test', '/y')).toBe('ns_narrow-rest_80')
    expect(all.backends.get('ns_rest_web')).toEqual({
      id: 'ns_rest_web',
      namespace: 'ns',
      service: 'rest',
      port: 'web',
    })
  })
})

describe('what cannot be done', () => {
  const texts = (...all: Parameters<typeof routeTable>[0]) =>
    routeTable(all).problems.map((each) => [each.ingress.metadata?.name, each.reason, each.message])

  it('of two claims the older one holds, and the younger is told', () => {
    const old = ingress('z', [['a.example/x', 'Prefix', 'old']], {}, '2025-01-01T00:00:00Z')
    const young = ingress('a', [['a.example/x/', 'Prefix', 'young']], {}, '2026-01-01T00:00:00Z')
    expect(resolve(routeTable([young, old]), 'a.example', '/x')).toBe('ns_old_80')
    expect(texts(young, old)).toEqual([
      ['a', 'RouteConflict', '"a.example/x/" is served as Ingress "ns/z" says, which is older'],
    ])
  })

  it('defaults of every host are claims, too', () => {
    const one = ingress('a', [], { defaultBackend: backendTo('one') })
    const two = ingress('b', [], { defaultBackend: backendTo('two') })
    expect(texts(one, two)).toEqual([
      ['b', 'RouteConflict', 'the default of every host is served as Ingress "ns/a" says, which is older'],
    ])
  })

  it('what one Ingress says twice is no conflict, and the first holds', () => {
    const twice = ingress('a', [
      ['a.example/x', 'Prefix', 'first'],
      ['a.example/x', 'Prefix', 'second'],
    ])
    expect(texts(twice)).toEqual([])
    expect(resolve(routeTable([twice]), 'a.example', '/x')).toBe('ns_first_80')
  })

  it('a backend that is no Service has nobody behind it', () => {
    const odd = ingress('a', [], { defaultBackend: { resource: { kind: 'Bucket', name: 'b' } } })
    expect(texts(odd)).toEqual([['a', 'UnservedBackend', 'requests can be led to Services only, not to a Bucket']])
    expect(resolve(routeTable([odd]), 'x', '/')).toBe('unserved')
  })
})
