import type { ResourceV1ResourceClaim, V1AllocationResult } from '@kapell/openapi/types'
import { driver } from './testing.ts'
import { UseBook } from './use-book.ts'

const of = (...devices: string[]): V1AllocationResult => ({
  devices: { results: devices.map((device) => ({ request: 'r', driver, pool: 'p', device })) },
})
const stored = (resourceVersion: string, allocation?: V1AllocationResult): ResourceV1ResourceClaim => ({
  metadata: { uid: 'u', resourceVersion },
  spec: {},
  status: allocation === undefined ? {} : { allocation },
})
const taken = (book: UseBook): string[] => [...book.uses.keys()]

describe('UseBook', () => {
  it('counts what is decided until it is told, and not for a moment less', () => {
    const book = new UseBook()
    book.take('u', of('d0'))
    expect(book.isInFlight('u')).toBe(true)
    book.setClaim(stored('5'))
    expect(taken(book)).toEqual([`${driver}/p/d0`])
    book.written('u', stored('7', of('d0')))
    expect(book.isInFlight('u')).toBe(false)
    // The finalizer came before the allocation.
    book.setClaim(stored('6'))
    expect(taken(book)).toEqual([`${driver}/p/d0`])
    book.setClaim(stored('7', of('d0')))
    expect(book.uses.get(`${driver}/p/d0`)?.exclusive).toBe(1)
    book.setClaim(stored('8'))
    expect(taken(book)).toEqual([])
  })

  it('forgets what came to nothing', () => {
    const book = new UseBook()
    book.take('u', of('d0'))
    book.settle('u')
    expect(taken(book)).toEqual([])
  })

  it('follows a claim that is made only after the decision', () => {
    const book = new UseBook()
    book.take('pod', of('d0'))
    book.written('pod', stored('7', of('d0')))
    expect(book.isInFlight('pod')).toBe(false)
    book.removeClaim('u')
    expect(taken(book)).toEqual([])
  })

  it('adds up shares', () => {
    const share = (mem: string): V1AllocationResult => ({
      devices: {
        results: [{ request: 'r', driver, pool: 'p', device: 'd', shareID: 's', consumedCapacity: { mem } }],
      },
    })
    const book = new UseBook()
    book.take('a', share('1Gi'))
    book.take('b', share('2Gi'))
    expect(book.uses.get(`${driver}/p/d`)).toEqual({
      exclusive: 0,
      shares: 2,
      capacity: new Map([['mem', 3n * 2n ** 30n * 1_000_000_000n]]),
    })
  })
})
