import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildImageArchive } from '@kapell/node-agent/images/build'
import { freePort, Kubectl, startKapell, temporaryDir, type Kapell } from '../support/kapell.ts'
import { image, runningRows } from './rows/running.ts'
import { tableOf, writeInto, type Plane } from './table.ts'

/** On a real containerd. */
let plane: Plane
let cluster: Kapell
const applets = 'sh cat echo ls ps sleep tar true'

beforeAll(async () => {
  const { path: dir, remove } = temporaryDir('running')
  mkdirSync(join(dir, 'images'))
  await buildImageArchive(
    {
      name: image,
      files: { '/bin/busybox': { content: readFileSync('/bin/busybox'), mode: 0o755 } },
      links: Object.fromEntries(applets.split(' ').map((name) => [`/bin/${name}`, '/bin/busybox'])),
      directories: ['/tmp', '/proc'],
      env: { PATH: '/bin' },
    },
    join(dir, 'images', 'busybox.tar'),
  )
  const args = ['--agent-port', '0', '--pod-cidr', '10.208.0.0/24', '--service-cluster-ip-range', '10.209.0.0/16']
  cluster = await startKapell({ dataDir: dir, port: await freePort(), args })
  plane = {
    dir,
    kubectl: new Kubectl(cluster.kubeconfig),
    file: (name, content) => writeInto(dir, name, content),
    close: async () => {
      await cluster.stop()
      remove()
    },
  }
}, 120_000)
afterAll(() => plane.close(), 60_000)

tableOf(() => plane, runningRows)
