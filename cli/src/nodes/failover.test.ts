import type { HttpsTransport } from '@kapell/controllers/machinery/https-transport'
import type { ApiRequest } from '@kapell/openapi/wire/transport'
import { serversIn } from './api-servers.ts'
import { failoverTransport } from './failover.ts'

const [a, b, c] = ['https://a:1', 'https://b:1', 'https://c:1'] as const
const request: ApiRequest = { method: 'GET', path: '/', headers: {} }
const failing = (code: string): Error => Object.assign(new Error(code), { code })

function setUp(others: string[]) {
  const down = new Map<string, Error>()
  const asked: string[] = []
  const closed: string[] = []
  const changes: string[] = []
  const transport = failoverTransport({
    server: a,
    others,
    connect: (server): HttpsTransport =>
      Object.assign(
        () => {
          asked.push(server)
          const problem = down.get(server)
          if (problem !== undefined) return Promise.reject(problem)
          const bytes = () => Promise.resolve(new Uint8Array())
          return Promise.resolve({ status: 200, headers: {}, bytes, stream: () => (async function* () {})() })
        },
        { close: () => Promise.resolve(void closed.push(server)) },
      ),
    changed: (from, to) => changes.push(`${from} > ${to}`),
  })
  return { transport, down, asked, closed, changes }
}

it('stays with the first as long as that answers', async () => {
  const { transport, asked } = setUp([b])
  await transport(request)
  await transport(request)
  expect(asked).toEqual([a, a])
})

it('goes on to the next, ends what waits on the one that is gone, and stays there', async () => {
  const { transport, down, asked, closed, changes } = setUp([b, c])
  down.set(a, failing('ECONNREFUSED'))
  down.set(b, failing('UND_ERR_CONNECT_TIMEOUT'))
  await transport(request)
  await transport(request)
  expect(asked).toEqual([a, b, c, c])
  expect(closed).toEqual([a, b])
  expect(changes).toEqual([`${a} > ${c}`])
  down.set(c, failing('EHOSTUNREACH'))
  down.delete(a)
  await transport(request)
  expect(changes.at(-1)).toBe(`${c} > ${a}`)
})

it('sends nothing twice: a line that breaks in the middle is for the caller to judge', async () => {
  const { transport, down, asked } = setUp([b])
  down.set(a, failing('ECONNRESET'))
  await expect(transport(request)).rejects.toThrow('ECONNRESET')
  expect(asked).toEqual([a])
})

it('says why when nobody answers, and asks all again the next time', async () => {
  const { transport, down, asked } = setUp([b])
  down.set(a, failing('ECONNREFUSED'))
  down.set(b, failing('EHOSTUNREACH'))
  await expect(transport(request)).rejects.toThrow('EHOSTUNREACH')
  down.delete(a)
  await transport(request)
  expect(asked).toEqual([a, b, a])
})

it('learns of servers, and forgets those that are gone but for the one it speaks to', async () => {
  const { transport, down, asked } = setUp([])
  transport.learn([b])
  down.set(a, failing('ECONNREFUSED'))
  await transport(request)
  transport.learn([c])
  await transport(request)
  down.set(b, failing('ECONNREFUSED'))
  await transport(request)
  expect(asked).toEqual([a, b, b, b, a, c])
})

it('servers are told by the endpoints of the Service kubernetes', () => {
  const slice = (addresses: string[], ports = [{ name: 'https', port: 6443 }]) => ({
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address] })),
    ports,
  })
  expect(serversIn([slice(['192.0.2.1', '192.0.2.2']), slice(['2001:db8::1']), slice(['192.0.2.3'], [])])).toEqual([
    'https://192.0.2.1:6443',
    'https://192.0.2.2:6443',
    'https://[2001:db8::1]:6443',
  ])
})
