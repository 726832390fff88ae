import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startApiServer, type ApiServer } from '@kapell/apiserver/main'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import { createClient } from '@kapell/controllers/machinery/create-client'
import type { Logger } from '@kapell/controllers/machinery/log'
import { buildImageArchive } from '@kapell/node-agent/images/build'
import type { Observations } from '@kapell/node-agent/eviction/thresholds'
import { startNodeAgent, type NodeAgent, type NodeAgentOptions } from '@kapell/node-agent/main'
import { configMaps, namespaces, pods, serviceAccounts } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import type { V1Container, V1Pod } from '@kapell/openapi/types'
import type { Transport } from '@kapell/openapi/wire/transport'
import { until } from '../support/wait.ts'

export const image = 'localhost/test/busybox:1'
export const namespace = 'test'

const applets =
  'sh sleep echo cat ls httpd nc wget ps kill env id hostname touch mkdir rm mount df true false head tail seq test stat wc readlink dd tr grep sync tar base64 stty gzip'

const same = (transport: Transport): Transport => transport

/** An API server in this process, and a node of it on a containerd of its own. */
export interface TestNode {
  readonly api: ApiServer
  readonly client: ApiClient
  readonly kubeconfig: string
  readonly dataDir: string
  agent: NodeAgent
  /** Warnings and errors the agent has logged. */
  readonly logged: string[]
  /** Starts the agent again after it was closed. */
  restart(): Promise<void>
  create(pod: V1Pod): Promise<V1Pod>
  get(name: string): Promise<V1Pod | undefined>
  /** Waits until the pod is as wanted; undefined stands for "not there". */
  untilPod(what: string, name: string, is: (pod: V1Pod | undefined) => boolean, timeoutMs?: number): Promise<V1Pod>
  /** Deletes a pod and waits until it is gone. */
  remove(name: string, gracePeriodSeconds?: number): Promise<void>
  close(): Promise<void>
}

export interface TestNodeOptions {
  podCidr: string
  /** What the node believes to have left. */
  observe?(): Promise<Observations>
  /** How long pods have when the node goes down. */
  shutdown?: NodeAgentOptions['shutdown']
  /** The way to the API, to be cut. */
  wire?(transport: Transport): Transport
}

export async function startTestNode(options: TestNodeOptions): Promise<TestNode> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kapell-node-'))
  mkdirSync(join(dataDir, 'images'))
  const links = Object.fromEntries(applets.split(' ').map((name) => [`/bin/${name}`, '/bin/busybox']))
  await buildImageArchive(
    {
      name: image,
      files: {
        '/bin/busybox': { content: readFileSync('/bin/busybox'), mode: 0o755 },
        '/etc/passwd': 'root:x:0:0:root:/:/bin/sh\n',
      },
      links,
      directories: ['/tmp', '/proc', '/sys', '/dev'],
      env: { PATH: '/bin' },
      cmd: ['sh'],
    },
    join(dataDir, 'images', 'busybox.tar'),
  )
  const api = await startApiServer({ dataDir, storage: { type: 'embedded', directory: join(dataDir, 'store') } })
  const client = createClient(api.transport({ username: 'admin', groups: ['system:masters', 'system:authenticated'] }))
  const nodeName = 'node-under-test'
  const serving = await api.issueServingCertificate({
    commonName: `system:node:${nodeName}`,
    organizations: ['system:nodes'],
    hosts: [nodeName, '127.0.0.1', 'localhost'],
  })
  const logged: string[] = []
  const note = (message: string): void => void logged.push(message)
  const log: Logger = { debug: () => {}, info: () => {}, warn: note, error: note }
  const start = async (): Promise<NodeAgent> => {
    const agent = await startNodeAgent({
      transport: (options.wire ?? same)(
        api.transport({ username: `system:node:${nodeName}`, groups: ['system:nodes', 'system:authenticated'] }),
      ),
      nodeName,
      nodeIp: '127.0.0.1',
      dataDir,
      podCidr: options.podCidr,
      proxy: false,
      ...(options.observe === undefined ? {} : { eviction: { observe: options.observe } }),
      ...(options.shutdown === undefined ? {} : { shutdown: options.shutdown }),
      port: 0,
      serving: { cert: serving.certificate, key: serving.key, clientCa: api.caCertificate },
      log,
      ...(process.env['KAPELL_CONTAINERD'] === undefined ? {} : { containerd: process.env['KAPELL_CONTAINERD'] }),
    })
    await agent.imagesImported()
    return agent
  }
  const ignoreExisting = (error: unknown): void => {
    if (!isReason(error, 'AlreadyExists')) throw error
  }
  await client.resource(namespaces).create({ metadata: { name: namespace } })
  await client
    .resource(serviceAccounts, namespace)
    .create({ metadata: { name: 'default' } })
    .catch(ignoreExisting)
  await client
    .resource(configMaps, namespace)
    .create({ metadata: { name: 'kube-root-ca.crt' }, data: { 'ca.crt': api.caCertificate } })
    .catch(ignoreExisting)

  writeFileSync(join(dataDir, 'kubeconfig'), api.adminKubeconfig(), { mode: 0o600 })
  const podClient = client.resource(pods, namespace)
  const get = (name: string): Promise<V1Pod | undefined> =>
    podClient.get(name).catch((error: unknown) => {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    })
  const untilPod: TestNode['untilPod'] = async (what, name, is, timeoutMs = 30_000) => {
    let last: V1Pod | undefined
    try {
      await until(
        what,
        async () => {
          last = await get(name)
          return is(last)
        },
        { timeoutMs },
      )
    } catch (error) {
      throw new Error(`${String(error)}\n${JSON.stringify(last?.status, null, 1)}\n${logged.join('\n')}`)
    }
    return last!
  }
  const node: TestNode = {
    api,
    client,
    kubeconfig: join(dataDir, 'kubeconfig'),
    dataDir,
    agent: await start(),
    logged,
    restart: async () => {
      node.agent = await start()
    },
    create: (pod) => podClient.create({ ...pod, spec: { ...pod.spec!, nodeName } }),
    get,
    untilPod,
    remove: async (name, gracePeriodSeconds = 1) => {
      await podClient.delete(name, { gracePeriodSeconds })
      await untilPod(`pod ${name} to be gone`, name, (pod) => pod === undefined)
    },
    close: async () => {
      await node.agent.close({ removePods: true })
      await api.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
  return node
}

/** A pod of one container that runs a shell script. */
export function scriptPod(
  name: string,
  script: string,
  more: { pod?: Partial<V1Pod['spec']>; container?: Partial<V1Container> } = {},
): V1Pod {
  return {
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      containers: [{ name: 'c', image, command: ['sh', '-c', script], ...more.container }],
      ...more.pod,
    } as NonNullable<V1Pod['spec']>,
  }
}

export const isReady = (pod: V1Pod | undefined): boolean =>
  pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true

export const sleepForever = 'trap "exit 0" TERM; while :; do sleep 1; done'
