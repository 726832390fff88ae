import { randomInt } from 'node:crypto'
import { run } from './kapell.ts'

/** A machine beside this one: a network namespace on a bridge of its own, as a switch joins two machines. */
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

export async function makeSecondMachine(): Promise<SecondMachine> {
  const id = String(randomInt(10_000, 100_000))
  const [bridge, name, veth] = [`br-t${id}`, `kapell-test-${id}`, `vt${id}`]
  const routes = (await run('ip', ['-4', 'route'])).stdout
  const free = Array.from({ length: 256 }, (_, third) => `172.31.${third}`).filter(
    (prefix) => !routes.includes(`${prefix}.`),
  )
  // Not the first: another test may be choosing as well.
  const prefix = free[randomInt(free.length)]!
  const [hostAddress, address, otherHostAddress] = [`${prefix}.1`, `${prefix}.2`, `${prefix}.3`]
  await ip('link', 'add', bridge, 'type', 'bridge')
  for (const own of [hostAddress, otherHostAddress]) await ip('address', 'add', `${own}/24`, 'dev', bridge)
  await ip('link', 'set', bridge, 'up')
  await ip('netns', 'add', name)
  await ip('link', 'add', veth, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
  await ip('link', 'set', veth, 'master', bridge, 'up')
  await ip('-n', name, 'link', 'set', 'lo', 'up')
  await ip('-n', name, 'address', 'add', `${address}/24`, 'dev', 'eth0')
  await ip('-n', name, 'link', 'set', 'eth0', 'up')
  await ip('-n', name, 'route', 'add', 'default', 'via', hostAddress)
  return {
    hostAddress,
    otherHostAddress,
    address,
    namespace: `/run/netns/${name}`,
    remove: async () => {
      for (const args of [
        ['link', 'delete', veth],
        ['netns', 'delete', name],
        ['link', 'delete', bridge],
      ])
        await run('ip', args)
    },
  }
}
