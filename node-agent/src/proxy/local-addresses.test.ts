import { silentLogger } from '@kapell/controllers/machinery/log'
import { createLocalAddresses } from './local-addresses.ts'

it('adds and removes what differs, tries a refused one again, and leaves none', async () => {
  const calls: string[] = []
  let refuse = ''
  const arrived: string[] = []
  const addresses = createLocalAddresses({
    linkName: 'link0',
    log: silentLogger,
    mine: () => true,
    arrived: (address) => void arrived.push(address),
    runIp: (args) => {
      if (args[0] === '-o') return Promise.resolve({ code: 0, stdout: '', stderr: '' })
      calls.push(`${args[1]} ${args[2]}`)
      return Promise.resolve({ code: args[2] === refuse ? 2 : 0, stdout: '', stderr: '' })
    },
  })
  const applied = async () => {
    await addresses.apply()
    return calls.splice(0)
  }
  addresses.put('a', ['192.0.2.1'])
  addresses.put('b', ['192.0.2.1', '192.0.2.2'])
  expect(await applied()).toEqual(['replace 192.0.2.1/32', 'replace 192.0.2.2/32'])
  addresses.put('a', [])
  expect(await applied()).toEqual([])
  refuse = '192.0.2.3/32'
  addresses.put('b', ['192.0.2.3'])
  expect(await applied()).toEqual(['delete 192.0.2.1/32', 'delete 192.0.2.2/32', 'replace 192.0.2.3/32'])
  refuse = ''
  expect(await applied()).toEqual(['replace 192.0.2.3/32'])
  expect(arrived).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.3'])
  await addresses.close()
  expect(calls).toEqual(['delete 192.0.2.3/32'])
})

it('takes away what an agent that was killed has left, but nothing that is none of ours', async () => {
  const calls: string[] = []
  const stdout = [
    '7: link0    inet 10.244.0.1/32 scope global link0\\       valid_lft forever preferred_lft forever',
    '7: link0    inet 192.0.2.1/32 scope global link0\\       valid_lft forever preferred_lft forever',
    '7: link0    inet 192.0.2.2/32 scope global link0\\       valid_lft forever preferred_lft forever',
    '',
  ].join('\n')
  const addresses = createLocalAddresses({
    linkName: 'link0',
    log: silentLogger,
    mine: (address) => address.startsWith('192.0.2.'),
    arrived: () => {},
    runIp: (args) => {
      if (args[0] !== '-o') calls.push(`${args[1]} ${args[2]}`)
      return Promise.resolve({ code: 0, stdout, stderr: '' })
    },
  })
  addresses.put('a', ['192.0.2.2'])
  await addresses.apply()
  expect(calls).toEqual(['delete 192.0.2.1/32'])
})

it('takes IPv6 addresses the same way, and none while the node may hold none', async () => {
  const calls: string[] = []
  let mayHold = true
  const addresses = createLocalAddresses({
    linkName: 'link0',
    log: silentLogger,
    family: 'IPv6',
    mine: (address) => address.startsWith('2001:db8:'),
    mayHold: () => mayHold,
    arrived: () => {},
    runIp: (args) => {
      if (args[1] !== 'neigh') calls.push(args.slice(1).join(' '))
      const stdout = '7: link0    inet6 fd00::1/128 scope global \n7: link0    inet6 2001:db8::9/128 scope global \n'
      return Promise.resolve({ code: 0, stdout, stderr: '' })
    },
  })
  const applied = async () => {
    await addresses.apply()
    return calls.splice(0)
  }
  addresses.put('a', ['2001:db8::1'])
  const taken = 'replace 2001:db8::1/128 dev link0 nodad'
  expect(await applied()).toEqual(['-6 address show dev link0', 'delete 2001:db8::9/128 dev link0', taken])
  mayHold = false
  addresses.look()
  expect(await applied()).toEqual(['delete 2001:db8::1/128 dev link0'])
  mayHold = true
  addresses.look()
  expect(await applied()).toEqual([taken])
})
