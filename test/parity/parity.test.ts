import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import type { Send } from './case.ts'
import { compare } from './compare.ts'
import { drive } from './drive.ts'
import { admittedDifferences, readCases, recordedFiles, runtimeConfigOf } from './files.ts'
import { embeddedSender } from './senders.ts'

const admitted = admittedDifferences()

/** Every recorded question, asked of our server: the answers must be the original's, save those that differences.md names. */
describe.each(recordedFiles())('parity: $name', ({ name, path }) => {
  let cluster: EmbeddedCluster
  let send: Send
  beforeAll(async () => {
    const runtimeConfig = runtimeConfigOf(name)
    cluster = await startCluster({ controllers: false, scheduler: false, ...(runtimeConfig && { runtimeConfig }) })
    send = embeddedSender(cluster)
  })
  afterAll(() => cluster.close())

  it.each(Object.entries(readCases(path)))('%s', async (title, kase) => {
    const differences = compare(kase, await drive(kase, send))
    if (admitted.has(`${name}: ${title}`)) expect(differences).not.toEqual([])
    else expect(differences).toEqual([])
  })
})
