import { placementOf } from './resource.ts'
import { renderPlacement } from './render.ts'

const pod = (nodeName?: string) => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }) },
})
const refused = (name: string, ...details: string[]) => ({
  name,
  refusals: details.map((text) => ({
    code: 'unschedulable' as const,
    plugin: 'Fit',
    reasons: ['no'],
    details: [text],
  })),
  scores: {},
  total: 0,
})

describe('renderPlacement', () => {
  it('tells what is in the way on every node, the nearest miss first', () => {
    const text = renderPlacement(
      placementOf(pod(), { barredBy: [], nodes: [refused('far', 'cpu', 'memory'), refused('near', 'cpu')] }),
    )
    expect(text.split('\n').map((line) => line.trim())).toEqual([
      'pod/web fits none of 2 nodes. On any one of them, all that is named would have to change:',
      '',
      'near  does not fit',
      'cpu (Fit)',
      'far  does not fit',
      'cpu (Fit)',
      'memory (Fit)',
      '',
    ])
  })

  it('tells of gates before anything else', () => {
    const barredBy = [{ code: 'unresolvable' as const, plugin: 'SchedulingGates', reasons: ['waiting'] }]
    expect(renderPlacement(placementOf(pod(), { barredBy, nodes: [] }))).toContain('waiting (SchedulingGates)')
  })

  it('marks the node where the pod is', () => {
    const fits = { name: 'n', refusals: [], scores: { Fit: 50 }, total: 50 }
    expect(renderPlacement(placementOf(pod('n'), { barredBy: [], nodes: [fits] }))).toContain(
      '* n  fits, score 50 (Fit 50)',
    )
  })
})
