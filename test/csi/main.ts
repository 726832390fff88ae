import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { transportFromKubeconfig } from '@kapell/cli/kubeconfig'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { Identity, Node } from '@kapell/node-agent/volumes/csi/gen/csi_pb'
import { Registration } from '@kapell/node-agent/volumes/csi/gen/registration_pb'
import { runControllerSide } from './controller-side.ts'
import { listen, service } from './grpc-server.ts'
import { nodeService } from './node-service.ts'

/**
 * A small CSI driver, node side and controller side in one process: volumes are directories below --data. Ends when
 * it is told to, and takes its sockets with it.
 */
const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'hostpath.example.com' },
    node: { type: 'string', default: '' },
    data: { type: 'string', default: '' },
    registry: { type: 'string', default: '' },
    kubeconfig: { type: 'string', default: '' },
    'max-volumes': { type: 'string', default: '3' },
  },
})
const { name, node: nodeId, data: dataDir, registry, kubeconfig } = values
mkdirSync(dataDir, { recursive: true })
const stop = new AbortController()
const failed = (error: unknown): void => void process.stderr.write(`${(error as Error).message}\n`)

const socket = join(dataDir, 'csi.sock')
const registration = join(registry, `${name}-reg.sock`)
rmSync(socket, { force: true })
rmSync(registration, { force: true })
const closers = [
  await listen(socket, [
    service(Identity, { getPluginInfo: () => ({ name, vendorVersion: '1' }), probe: () => ({}) }),
    service(Node, nodeService({ nodeId, dataDir, maxVolumes: Number(values['max-volumes']) })),
  ]),
  await listen(registration, [
    service(Registration, {
      getInfo: () => ({ type: 'CSIPlugin', name, endpoint: socket, supportedVersions: ['1.0.0'] }),
      notifyRegistrationStatus: ({ pluginRegistered, error }) => {
        process.stdout.write(pluginRegistered ? 'registered\n' : `not registered: ${error}\n`)
        return {}
      },
    }),
  ]),
]
const transport = transportFromKubeconfig(kubeconfig)
runControllerSide({ client: createClient(transport), driver: name, dataDir, signal: stop.signal, failed })

const end = (): void => {
  stop.abort()
  for (const close of closers) close()
  rmSync(registration, { force: true })
  rmSync(socket, { force: true })
  // Watches that are under way would hold it up for minutes.
  process.exit(0)
}
process.once('SIGTERM', end)
process.once('SIGINT', end)
