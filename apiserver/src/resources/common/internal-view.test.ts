import { internalDiff, internalView, mapView, unifiedDiff } from './internal-view.ts'

describe('the internal view of a value', () => {
  it('has every field, in its order, absent ones as what they mean', () => {
    expect(JSON.stringify(internalView('core.v1.SeccompProfile', { type: 'Localhost' }))).toBe(
      '{"Type":"Localhost","LocalhostProfile":null}',
    )
  })
  it('shows fields by their other names', () => {
    expect(internalView('core.v1.GlusterfsVolumeSource', { endpoints: 'e', path: 'p' })).toEqual({
      EndpointsName: 'e',
      Path: 'p',
      ReadOnly: false,
    })
  })
  it("puts a pod's share of the host into its security context", () => {
    const view = internalView('core.v1.PodSpec', { containers: [], hostNetwork: true, securityContext: {} })
    expect(view).toMatchObject({ SecurityContext: { HostNetwork: true, HostPID: false, HostUsers: null } })
  })
  it('of nothing is null', () => {
    expect(internalView('core.v1.PodSpec', undefined)).toBeNull()
  })
  it('shows maps by key', () => {
    expect(JSON.stringify(mapView({ b: 1, a: 2 }))).toBe('{"a":2,"b":1}')
  })
})

describe('a diff', () => {
  it('shows a changed field with three lines around it', () => {
    const before = { key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 }
    expect(internalDiff('core.v1.Toleration', before, { ...before, effect: 'NoSchedule' })).toBe(
      [
        '@@ -2,6 +2,6 @@',
        '  "Key": "a",',
        '  "Operator": "Exists",',
        '  "Value": "",',
        '- "Effect": "NoExecute",',
        '+ "Effect": "NoSchedule",',
        '  "TolerationSeconds": 1',
        ' }',
        '',
      ].join('\n'),
    )
  })
  it('of equal texts is empty', () => {
    expect(unifiedDiff(['a'], ['a'])).toBe('')
  })
  it('keeps changes far apart in hunks of their own', () => {
    const lines = Array.from({ length: 20 }, (_, i) => String(i))
    const other = lines.map((line) => (line === '2' || line === '17' ? 'x' : line))
    expect(unifiedDiff(lines, other).match(/^@@ /gm)?.length).toBe(2)
  })
})
