import { silentLogger } from '@kapell/controllers/machinery/log'
import { namespaces, networkPolicies, pods } from '@kapell/openapi/meta/refs'
import type { Nft } from '../proxy/nft.ts'
import { fakeInformers } from '../proxy/testing.ts'
import { startPolicyEnforcer } from './enforcer.ts'

const pod = (name: string, podIP: string, labels: Record<string, string> = {}) => ({
  metadata: { name, namespace: 'a', labels },
  spec: { nodeName: 'n1', containers: [{ name: 'c' }] },
  status: { phase: 'Running', podIP },
})
const policy = {
  metadata: { name: 'p', namespace: 'a' },
  spec: { podSelector: { matchLabels: { app: 'web' } }, ingress: [{ from: [{ podSelector: {} }] }] },
}

async function start(refuse: (script: string) => boolean = () => false) {
  const scripts: string[] = []
  const nft: Nft = {
    kind: 'command',
    run: (script) => {
      if (refuse(script)) return Promise.reject(new Error('refused'))
      scripts.push(script)
      return Promise.resolve()
    },
    hasTable: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  }
  const informers = fakeInformers()
  informers.set(namespaces, { metadata: { name: 'a' } })
  informers.set(pods, pod('web', '10.0.0.1', { app: 'web' }))
  informers.set(networkPolicies, policy)
  const enforcer = startPolicyEnforcer({ informers, nodeName: 'n1', table: 't', nft, log: silentLogger, checkMs: 0 })
  await enforcer.synced()
  return { enforcer, informers, scripts, last: () => scripts.at(-1) ?? '' }
}

it('replaces the table at first; then a pod more or less among the peers is one element', async () => {
  const { enforcer, informers, scripts, last } = await start()
  expect(last()).toContain('delete table ip t\ntable ip t {')
  expect(last()).toMatch(/add element ip t ingress { 10.0.0.1 : jump in-\w+ }/)
  informers.set(pods, pod('x', '10.0.0.7'))
  await enforcer.settled()
  expect(last()).toMatch(/^add element ip t pods-\w+ { 10.0.0.7 }\n$/)
  const before = scripts.length
  informers.set(pods, { ...pod('x', '10.0.0.7'), status: { phase: 'Running', podIP: '10.0.0.7', message: 'news' } })
  await enforcer.settled()
  expect(scripts.length).toBe(before)
  informers.remove(pods, 'a/x')
  await enforcer.settled()
  expect(last()).toMatch(/^delete element ip t pods-\w+ { 10.0.0.7 }\n$/)
})

it('takes away what a policy brought when it goes, and all in the end unless told to keep it', async () => {
  const { enforcer, informers, scripts, last } = await start()
  informers.remove(networkPolicies, 'a/p')
  await enforcer.settled()
  expect(scripts.at(-2)).toContain('delete element ip t ingress { 10.0.0.1 }')
  expect(last()).toMatch(/^delete chain ip t in-\w+\ndelete set ip t pods-\w+\n$/)
  await enforcer.close()
  expect(last()).toBe('add table ip t\ndelete table ip t\n')
  const kept = await start()
  await kept.enforcer.close({ keepRules: true })
  expect(kept.scripts).toHaveLength(1)
})

it('writes all anew until nftables takes it', async () => {
  let refusals = 2
  const { enforcer, informers, last } = await start((script) => script.includes('10.0.0.7') && refusals-- > 0)
  informers.set(pods, pod('x', '10.0.0.7'))
  await enforcer.settled()
  expect(refusals).toBeLessThanOrEqual(0)
  expect(last()).toContain('delete table ip t\ntable ip t {')
  expect(last()).toContain('10.0.0.7')
})
