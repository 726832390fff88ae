import { device, node, slice } from './testing.ts'
import { PoolBook } from './pool-book.ts'

const names = (book: PoolBook, on = node()): string[] =>
  book.on({ node: on }).flatMap(({ devices }) => devices.map(({ id }) => id))

describe('PoolBook', () => {
  it('follows slices as they come, change and go', () => {
    const book = new PoolBook()
    const first = slice('s', [device('d0')], { count: 2, poolName: 'p' })
    const here = node()
    book.set(first)
    expect(book.on({ node: here })[0]?.pool.isComplete).toBe(false)
    book.set(slice('t', [device('d1')], { count: 2, poolName: 'p' }))
    expect(book.on({ node: here })[0]?.pool.isComplete).toBe(true)
    expect(names(book, here)).toEqual(['d.example.com/p/d0', 'd.example.com/p/d1'])
    const next = slice('s', [device('d2')], { count: 2, poolName: 'p' })
    book.set(next, first)
    expect(names(book, here)).toEqual(['d.example.com/p/d2', 'd.example.com/p/d1'])
    book.delete(next)
    expect(book.on({ node: here })[0]?.pool.isComplete).toBe(false)
  })

  it('looks anew at a node that has changed', () => {
    const book = new PoolBook()
    const labelled = { nodeSelectorTerms: [{ matchExpressions: [{ key: 'gpu', operator: 'Exists' }] }] }
    book.set(slice('s', [device('d0')], { nodeSelector: labelled }))
    expect(names(book, node('n9'))).toEqual([])
    expect(names(book, node('n9', { gpu: '' }))).toEqual(['d.example.com/s/d0'])
  })

  it('counts slices of all nodes towards a pool, and gives each node its own devices', () => {
    const book = new PoolBook()
    book.set(slice('s', [device('d0')], { poolName: 'p', count: 2 }))
    book.set(slice('t', [device('d1')], { poolName: 'p', count: 2, nodeName: 'n2' }))
    expect(names(book)).toEqual(['d.example.com/p/d0'])
    expect(names(book, node('n2'))).toEqual(['d.example.com/p/d1'])
  })
})
