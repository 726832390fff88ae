import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import type { Send } from './case.ts'
import { compare } from './compare.ts'
import { drive } from './drive.ts'
import { readCases, recordedFiles } from './files.ts'
import { embeddedSender } from './senders.ts'

/** Every recorded question, asked of our server: the answers must be the original's. */
describe.each(recordedFiles())('parity: $name', ({ path }) => {
  let cluster: EmbeddedCluster
  let send: Send
  beforeAll(async () => {
    cluster = await startCluster({ controllers: false, scheduler: false })
    send = embeddedSender(cluster)
  })
  afterAll(() => cluster.close())

  it.each(Object.entries(readCases(path)))('%s', async (_name, kase) => {
    expect(compare(kase, await drive(kase, send))).toEqual([])
  })
})
