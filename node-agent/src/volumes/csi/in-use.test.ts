import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodePaths } from '../../pods/paths.ts'
import { createInUse, inUseName } from './in-use.ts'
import { keep, pluginDir } from './kept.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kapell-in-use-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

it('names what is in use before anything is done with it, once however many pods have it, until the last lets go', async () => {
  const told: string[][] = []
  const inUse = createInUse({ paths: nodePaths(dir), tell: () => Promise.resolve(void told.push(inUse.names())) })
  await inUse.add('/a/v', inUseName('d', '1'))
  await inUse.add('/b/v', inUseName('d', '1'))
  await inUse.add('/b/w', inUseName('d', '2'))
  inUse.remove('/a')
  inUse.remove('/b')
  expect(told).toEqual([['kubernetes.io/csi/d^1'], ['kubernetes.io/csi/d^1', 'kubernetes.io/csi/d^2'], []])
})

it('knows what an agent before it had', async () => {
  const paths = nodePaths(dir)
  await keep(join(paths.volumes('u'), pluginDir, 'pv'), { driver: 'd', volumeId: '1', attached: true })
  await keep(join(paths.volumes('u'), pluginDir, 'inline'), { driver: 'd', volumeId: '2' })
  const inUse = createInUse({ paths, tell: () => Promise.resolve() })
  await inUse.open()
  expect(inUse.names()).toEqual(['kubernetes.io/csi/d^1'])
})
