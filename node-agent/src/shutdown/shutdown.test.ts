import { FakeClock } from '@kapell/controllers/machinery/clock'
import { silentLogger } from '@kapell/controllers/machinery/log'
import type { V1Pod } from '@kapell/openapi/types'
import type { PodFailure } from '../pods/worker.ts'
import { inOrder, shutdownGroups } from './groups.ts'
import { watchLogind, type Follow } from './logind.ts'
import { createShutdown } from './manager.ts'

const pod = (name: string, priority = 0, seconds = 30): V1Pod => ({
  metadata: { name, namespace: 'n', uid: name },
  spec: { containers: [], priority, terminationGracePeriodSeconds: seconds },
})
const names = (pods: readonly V1Pod[]): string[] => pods.map(({ metadata }) => metadata?.name ?? '')

describe('the order in which pods end', () => {
  it('critical pods end last, in the last part of the time', () => {
    const pods = [pod('critical', 2_000_000_000), pod('low', -5), pod('usual'), pod('high', 1000)]
    const order = inOrder(shutdownGroups(30, 10), pods)
    expect(order.map(({ seconds, pods: members }) => [seconds, ...names(members)])).toEqual([
      [20, 'low', 'usual', 'high'],
      [10, 'critical'],
    ])
  })

  it('follows priorities that were chosen; a group without pods takes no time', () => {
    const groups = [
      { priority: 1000, seconds: 5 },
      { priority: 10, seconds: 7 },
      { priority: 5000, seconds: 9 },
    ]
    const order = inOrder(groups, [pod('a', 0), pod('b', 10), pod('c', 999), pod('d', 5000)])
    expect(order.map(({ seconds, pods }) => [seconds, ...names(pods)])).toEqual([
      [7, 'a', 'b', 'c'],
      [9, 'd'],
    ])
  })
})

function bench(pods: V1Pod[], endsAtOnce = true) {
  const clock = new FakeClock()
  const ended: [string, PodFailure][] = []
  const told: string[] = []
  const shutdown = createShutdown({
    groups: shutdownGroups(30, 10),
    pods: () => pods,
    end: (one, why) => {
      ended.push([names([one])[0]!, why])
      return endsAtOnce ? Promise.resolve() : new Promise(() => {})
    },
    tell: () => Promise.resolve(void told.push(shutdown.problem())),
    event: (reason, message) => void told.push(`${reason}: ${message}`),
    clock,
    log: silentLogger,
  })
  return { clock, ended, told, shutdown }
}

describe('a node that goes down', () => {
  it('takes no pods and says so before it ends those it has', async () => {
    const gone: V1Pod = { ...pod('gone'), status: { phase: 'Succeeded' } }
    const { ended, told, shutdown } = bench([pod('critical', 2_000_000_000), pod('usual', 0, 5), gone])
    expect([shutdown.problem(), shutdown.refuses()]).toEqual(['', undefined])
    await shutdown.run()
    expect(told).toEqual(['Shutdown: Shutdown manager detected shutdown event', 'node is shutting down'])
    expect(shutdown.refuses()).toEqual({
      reason: 'NodeShutdown',
      message: 'Pod was rejected as the node is shutting down.',
    })
    const why = {
      reason: 'Terminated',
      message: 'Pod was terminated in response to imminent node shutdown.',
      disruption: true,
    }
    // Who wants less time than there is gets what it wants.
    expect(ended).toEqual([
      ['usual', { ...why, graceSeconds: 5 }],
      ['critical', { ...why, graceSeconds: 10 }],
    ])
  })

  it('waits for nobody longer than his time', async () => {
    const { clock, ended, shutdown } = bench([pod('stubborn'), pod('critical', 2_000_000_000)], false)
    let done = false
    const running = shutdown.run().then(() => (done = true))
    await clock.advance(19_000)
    expect(ended.map(([name]) => name)).toEqual(['stubborn'])
    await clock.advance(2_000)
    expect(ended.map(([name]) => name)).toEqual(['stubborn', 'critical'])
    expect(done).toBe(false)
    await clock.advance(10_000)
    await running
    expect(done).toBe(true)
  })
})

describe('logind', () => {
  const start = (has: (program: string) => boolean = () => true) => {
    const running = new Map<string, Parameters<Follow>[2]>()
    const follow: Follow = (program, _args, on) => {
      running.set(program, on)
      return () => running.delete(program)
    }
    const stop = new AbortController()
    let finish = (): void => {}
    let asked = 0
    const goesDown = (): Promise<void> => {
      asked++
      return new Promise((resolve) => (finish = resolve))
    }
    const watches = watchLogind({ goesDown, log: silentLogger, signal: stop.signal, follow, has })
    const say = (text: string): void =>
      running.get('gdbus')?.line(`/org/freedesktop/login1: org.freedesktop.login1.Manager.${text}`)
    return { running, watches, say, stop, finish: () => finish(), asked: () => asked }
  }

  it('holds the shutdown back until the pods have ended, and again when it was called off', async () => {
    const { running, watches, say, finish, asked } = start()
    expect(watches).toBe(true)
    say('SessionNew (...)')
    expect([asked(), running.has('systemd-inhibit')]).toEqual([0, true])
    say('PrepareForShutdown (true,)')
    expect([asked(), running.has('systemd-inhibit')]).toEqual([1, true])
    finish()
    await new Promise(setImmediate)
    expect(running.has('systemd-inhibit')).toBe(false)
    say('PrepareForShutdown (false,)')
    expect(running.has('systemd-inhibit')).toBe(true)
  })

  it('is done without where it is not', () => {
    expect(start((program) => program !== 'gdbus').watches).toBe(false)
  })

  it('is let go when the node stops', () => {
    const { running, stop } = start()
    stop.abort()
    expect([...running.keys()]).toEqual([])
  })
})
