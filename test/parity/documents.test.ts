import { readFileSync } from 'node:fs'
import { startCluster, type EmbeddedCluster } from '@kapell/cli'
import { readDocuments, type Documents } from './documents.ts'
import { embeddedSender } from './senders.ts'

const recorded = JSON.parse(
  readFileSync(new URL('./recorded/documents/documents.json', import.meta.url), 'utf8'),
) as Documents

/** Recorded of a server that serves every version: OpenAPI, and so `kubectl explain`, says of every kind what the original says, save for its prose. */
describe('OpenAPI documents', () => {
  let cluster: EmbeddedCluster
  let ours: Documents
  beforeAll(async () => {
    cluster = await startCluster({ controllers: false, scheduler: false, runtimeConfig: 'api/all=true' })
    ours = await readDocuments(embeddedSender(cluster))
  })
  afterAll(() => cluster.close())

  it('describe the same schemas', () => {
    expect(Object.keys(ours.fields).sort()).toEqual(Object.keys(recorded.fields).sort())
  })

  it.each(Object.entries(recorded.fields))('%s has the same fields, types and requirements', (name, fields) => {
    expect(ours.fields[name]).toEqual(fields)
  })

  it('are the same but for their prose', () => {
    expect(ours.hashes).toEqual(recorded.hashes)
  })
})
