import { HistogramFamily, MetricsRegistry, ValueFamily } from './metrics.ts'

describe('metrics in text', () => {
  it('writes counters and gauges with their labels, escaped', () => {
    const registry = new MetricsRegistry()
    const family = registry.add(new ValueFamily({ name: 'n', type: 'counter', help: 'Counts.', labels: ['a'] }))
    family.child('x"y\n').value += 2
    family.child('x"y\n').value += 1
    expect(registry.text()).toBe('# HELP n Counts.\n# TYPE n counter\nn{a="x\\"y\\n"} 3\n')
  })

  it('counts what is up to a bucket into it, and adds up', () => {
    const registry = new MetricsRegistry()
    const child = registry.add(new HistogramFamily({ name: 'h', help: 'H.', labels: [], buckets: [0.1, 1] })).child()
    for (const value of [0.1, 0.5, 1, 2]) child.observe(value)
    expect(registry.text().split('\n').slice(2)).toEqual([
      'h_bucket{le="0.1"} 1',
      'h_bucket{le="1"} 3',
      'h_bucket{le="+Inf"} 4',
      'h_sum 3.6',
      'h_count 4',
      '',
    ])
  })
})
