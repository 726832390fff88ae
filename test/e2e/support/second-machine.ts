import { randomInt } from 'node:crypto'
import { run } from './kapell.ts'

/**
 * A machine beside this one: a network namespace on a bridge of its own, as a switch joins two machines. With `routed` it
 * is in another network, behind a router.
 */
export interface SecondMachine {
  /** This machine's address on that link. */
  readonly hostAddress: string
  /** Another one of it. */
  readonly otherHostAddress: string
  readonly address: string
  /** For nsenter. */
  readonly namespace: string
  remove(): Promise<void>
}

async function ip(...args: string[]): Promise<void> {
  const ran = await run('ip', args)
  if (ran.code !== 0) throw new Error(`ip ${args.join(' ')}: ${ran.stderr}`)
}

export async function makeSecondMachine(options: { routed?: boolean } = {}): Promise<SecondMachine> {
  const id = String(randomInt(10_000, 100_000))
  const [bridge, name, veth] = [`br-t${id}`, `kapell-test-${id}`, `vt${id}`]
  const routes = (await run('ip', ['-4', 'route'])).stdout
  const free = Array.from({ length: 256 }, (_, third) => `172.31.${third}`).filter(
    (prefix) => !routes.includes(`${prefix}.`),
  )
  // Not the first: another test may be choosing as well.
  const prefix = free[randomInt(free.length)]!
  const [hostAddress, otherHostAddress] = [`${prefix}.1`, `${prefix}.3`]
  // Half of the link's range is behind the router.
  const address = options.routed === true ? `${prefix}.130` : `${prefix}.2`
  const bits = options.routed === true ? 25 : 24
  const router = `${name}-router`
  await ip('link', 'add', bridge, 'type', 'bridge')
  for (const own of [hostAddress, otherHostAddress]) await ip('address', 'add', `${own}/${bits}`, 'dev', bridge)
  await ip('link', 'set', bridge, 'up')
  await ip('netns', 'add', name)
  if (options.routed === true) {
    await ip('netns', 'add', router)
    await ip('link', 'add', veth, 'type', 'veth', 'peer', 'name', 'near', 'netns', router)
    await ip('-n', router, 'link', 'add', 'far', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    await ip('-n', router, 'address', 'add', `${prefix}.126/25`, 'dev', 'near')
    await ip('-n', router, 'address', 'add', `${prefix}.254/25`, 'dev', 'far')
    for (const leg of ['near', 'far']) await ip('-n', router, 'link', 'set', leg, 'up')
    await run('nsenter', [`--net=/run/netns/${router}`, 'sysctl', '-qw', 'net.ipv4.ip_forward=1'])
    await ip('route', 'add', `${prefix}.128/25`, 'via', `${prefix}.126`)
  } else await ip('link', 'add', veth, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
  await ip('link', 'set', veth, 'master', bridge, 'up')
  await ip('-n', name, 'link', 'set', 'lo', 'up')
  await ip('-n', name, 'address', 'add', `${address}/${bits}`, 'dev', 'eth0')
  await ip('-n', name, 'link', 'set', 'eth0', 'up')
  await ip('-n', name, 'route', 'add', 'default', 'via', options.routed === true ? `${prefix}.254` : hostAddress)
  return {
    hostAddress,
    otherHostAddress,
    address,
    namespace: `/run/netns/${name}`,
    remove: async () => {
      for (const args of [
        ['link', 'delete', veth],
        ['netns', 'delete', name],
        ['netns', 'delete', router],
        ['link', 'delete', bridge],
      ])
        await run('ip', args)
    },
  }
}
