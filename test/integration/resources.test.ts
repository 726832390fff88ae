import { resources } from '@kapell/apiserver/resources/index'
import { apiVersionOf } from '@kapell/openapi/meta/object'
import { startTestServer, type TestServer } from './apiserver-support.ts'

interface ApiResource {
  name: string
  kind: string
  namespaced: boolean
  verbs: string[]
  shortNames?: string[]
}

const rootOf = (gv: { group: string; version: string }): string =>
  gv.group === '' ? `/api/${gv.version}` : `/apis/${apiVersionOf(gv)}`

/** What is declared, what discovery tells and what OpenAPI describes are the same resources. */
describe('the served resources', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer()
  })
  afterAll(() => server.close())

  const versions = [...new Set(resources.map((r) => rootOf(r.definition)))]

  it.each(versions)('discovery of %s lists what is declared, with its subresources', async (root) => {
    const { json } = await server.ask('GET', root)
    const listed = (json['resources'] as ApiResource[]).map(({ name, kind, namespaced }) => [name, kind, namespaced])
    const declared = resources
      .map((r) => r.definition)
      .filter((d) => rootOf(d) === root)
      .flatMap((d) => {
        const own = [d.plural, d.kind, d.namespaced]
        const parts = 'subresources' in d ? Object.keys(d.subresources ?? {}) : []
        return [own, ...parts.map((part) => [`${d.plural}/${part}`, expect.any(String), d.namespaced])]
      })
    expect(listed).toHaveLength(declared.length)
    expect(listed).toEqual(expect.arrayContaining(declared))
  })

  it('no resource is declared twice', () => {
    const names = resources.map((r) => `${rootOf(r.definition)}/${r.definition.plural}`)
    expect(new Set(names).size).toBe(names.length)
  })

  it('OpenAPI describes every declared kind', async () => {
    const { json } = await server.ask('GET', '/openapi/v2')
    const definitions = Object.values(json['definitions'] as Record<string, Record<string, unknown>>)
    const described = new Set(
      definitions.flatMap((d) =>
        ((d['x-kubernetes-group-version-kind'] ?? []) as { group: string; version: string; kind: string }[]).map(
          (gvk) => `${gvk.group}/${gvk.version}/${gvk.kind}`,
        ),
      ),
    )
    const missing = resources.map((r) => r.definition).map((d) => `${d.group}/${d.version}/${d.kind}`)
    expect(missing.filter((gvk) => !described.has(gvk))).toEqual([])
  })

  it('and every path of a resource', async () => {
    const { json } = await server.ask('GET', '/openapi/v2')
    const paths = json['paths'] as Record<string, unknown>
    const expected = resources.map((r) => {
      const { definition: d } = r
      return `${rootOf(d)}/${d.namespaced ? 'namespaces/{namespace}/' : ''}${d.plural}`
    })
    expect(expected.filter((path) => paths[path] === undefined)).toEqual([])
  })
})
