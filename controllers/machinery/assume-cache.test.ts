import type { KubeObject } from '@kapell/openapi/meta/object'
import { AssumeCache } from './assume-cache.ts'
import { IndexedStore, keyOf } from './store.ts'

const object = (resourceVersion: string, labels = {}, uid = 'u'): KubeObject => ({
  metadata: { name: 'a', uid, resourceVersion, labels },
})

describe('AssumeCache', () => {
  const assumed = object('5', { assumed: 'yes' })
  it.each<[string, KubeObject | undefined, boolean]>([
    ['what was assumed shows while the informer is behind', object('4'), true],
    ['and while it has just that version: it may not be written yet', object('5'), true],
    ['a newer one wins', object('6'), false],
    ['versions are numbers', object('10'), false],
    ['another object of the name wins', object('3', {}, 'other'), false],
    ['a deleted one is gone', undefined, false],
  ])('%s', (_rule, stored, shows) => {
    const store = new IndexedStore<KubeObject>()
    const cache = new AssumeCache(store)
    store.set('a', object('4'))
    cache.assume(assumed)
    if (stored === undefined) store.delete('a')
    else store.set(keyOf(stored), stored)
    expect(cache.get('a')).toBe(shows ? assumed : stored)
    expect(cache.list()).toEqual(stored === undefined ? [] : [shows ? assumed : stored])
  })

  it('is taken back', () => {
    const store = new IndexedStore<KubeObject>()
    const cache = new AssumeCache(store)
    store.set('a', object('4'))
    cache.assume(assumed)
    cache.restore('a')
    expect(cache.get('a')).toEqual(object('4'))
  })
})
