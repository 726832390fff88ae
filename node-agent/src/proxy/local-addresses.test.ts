import { silentLogger } from '@kapell/controllers/machinery/log'
import { createLocalAddresses } from './local-addresses.ts'

it('adds and removes what differs, tries a refused one again, and leaves none', async () => {
  const calls: string[] = []
  let refuse = ''
  const addresses = createLocalAddresses('link0', silentLogger, (args) => {
    calls.push(`${args[1]} ${args[2]}`)
    return Promise.resolve({ code: args[2] === refuse ? 2 : 0, stderr: '' })
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
  await addresses.close()
  expect(calls).toEqual(['delete 192.0.2.3/32'])
})
