import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { V1Pod, V1PodList } from '@kapell/openapi/types'
import { buildLanguageModel } from '../../../charts/examples/language-model/build.ts'
import { freePort, Kubectl, startKapell, temporaryDir, type Kapell } from './kapell.ts'

export const exampleManifest = fileURLToPath(
  new URL('../../../charts/examples/language-model/language-model.yaml', import.meta.url),
)

/** A cluster with the example's images, started by the command of the README, on ranges of its own. */
export interface ExampleCluster {
  cluster: Kapell
  readonly kubectl: Kubectl
  readonly dataDir: string
  /** Starts it again after it was stopped or killed. */
  start(more?: readonly string[]): Promise<void>
  close(): Promise<void>
}

/** `octet` sets the ranges of pods and Services apart from those of other clusters on the machine. */
export async function startExampleCluster(options: { name: string; octet: number }): Promise<ExampleCluster> {
  const { path: dataDir, remove } = temporaryDir(options.name)
  await buildLanguageModel({ outDir: join(dataDir, 'images') })
  const port = await freePort()
  const args = ['--agent-port', '0', '--pod-cidr', `10.${options.octet}.0.0/24`]
  args.push('--service-cluster-ip-range', `10.${options.octet + 1}.0.0/16`)
  const start = (more: readonly string[] = []): Promise<Kapell> =>
    startKapell({ dataDir, port, args: [...args, ...more] })
  const example: ExampleCluster = {
    dataDir,
    kubectl: new Kubectl(join(dataDir, 'kubeconfig')),
    cluster: await start().catch((error: unknown) => {
      remove()
      throw error
    }),
    start: async (more) => {
      example.cluster = await start(more)
    },
    close: async () => {
      if (example.cluster.process.exitCode === null && example.cluster.process.signalCode === null)
        await example.cluster.stop()
      remove()
    },
  }
  return example
}

export async function examplePods(kubectl: Kubectl, namespace: string): Promise<V1Pod[]> {
  const list = await kubectl.json<V1PodList>('-n', namespace, 'get', 'pods', '-l', 'app=language-model')
  return list.items
}

export const isReady = (pod: V1Pod): boolean =>
  pod.metadata?.deletionTimestamp === undefined &&
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true

/** Asks the model which language a text is in; `at` is "HOST" or "HOST:PORT". */
export async function ask(
  at: string,
  text = 'wo ist der hafen',
): Promise<{ language: string; version: string; pod: string }> {
  const response = await fetch(`http://${at}/cgi-bin/predict?text=${encodeURIComponent(text)}`, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(5000),
  })
  if (!response.ok) throw new Error(`${at} answered ${response.status}`)
  return (await response.json()) as { language: string; version: string; pod: string }
}
