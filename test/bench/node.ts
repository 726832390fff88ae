import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildImageArchive } from '@kapell/node-agent/images/build'
import type { V1Deployment } from '@kapell/openapi/types'
import { freePort, Kubectl, startCommand, startKapell, temporaryDir } from '../e2e/support/kapell.ts'
import { makeSecondMachine } from '../e2e/support/second-machine.ts'
import { until } from '../e2e/support/wait.ts'
import { rowText, type Bench, type Print } from './harness.ts'
import { podStartRows } from './pod-start.ts'

const image = 'localhost/bench/sleep:1'
const settleMs = 15_000
const restMs = 20_000
const ticksPerSecond = 100

interface Taken {
  residentMb: number
  cpuMs: number
}

/** Of one process. Source: proc(5). */
function takenBy(pid: number): Taken {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return {
    residentMb: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024,
    cpuMs: ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond,
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** The agent of a machine that joined: a process that does nothing else. */
async function run(print: Print): Promise<void> {
  await podStartRows(print)
  const machine = await makeSecondMachine()
  const [first, second] = [temporaryDir('bench-a'), temporaryDir('bench-b')]
  const stops: (() => Promise<unknown>)[] = []
  try {
    mkdirSync(join(second.path, 'images'))
    await buildImageArchive(
      {
        name: image,
        files: { '/bin/sleep': { content: readFileSync('/bin/busybox'), mode: 0o755 } },
        directories: ['/proc', '/sys', '/dev'],
        cmd: ['/bin/sleep', '1000000'],
      },
      join(second.path, 'images', 'sleep.tar'),
    )
    const args = ['--components', 'apiserver,controllers,scheduler', '--advertise-address', machine.hostAddress]
    args.push('--pod-cidr', '10.187.0.0/24', '--service-cluster-ip-range', '10.188.0.0/16', '--ingress-ports', 'none')
    const kapell = await startKapell({ dataDir: first.path, port: await freePort(), args })
    stops.push(() => kapell.stop())
    const command = await until('the command', () => /^ {2}kapell join (.*)$/m.exec(kapell.output())?.[1])
    const more = ['--data-dir', second.path, '--node-name', 'bench', '--agent-port', '0']
    const member = await startCommand({
      dataDir: second.path,
      argv: ['join', ...command.split(' '), ...more],
      ready: 'has joined',
      namespace: machine.namespace,
    })
    stops.push(() => member.stop())
    const kubectl = new Kubectl(kapell.kubeconfig)
    const measure = async (what: string): Promise<void> => {
      await pause(settleMs)
      const before = takenBy(member.process.pid ?? 0)
      const start = performance.now()
      await pause(restMs)
      const after = takenBy(member.process.pid ?? 0)
      print({ what: `the agent, ${what}: resident`, value: after.residentMb, unit: 'MB' })
      const percent = (100 * (after.cpuMs - before.cpuMs)) / (performance.now() - start)
      print({ what: `the agent, ${what}: CPU at rest`, value: percent, unit: '% of a core' })
    }
    await measure('idle')
    await kubectl.apply(sleepers)
    for (const count of [30, 100]) {
      const start = performance.now()
      await kubectl.run('scale', 'deployment/sleepers', '--replicas', String(count))
      await until(
        `${count} pods`,
        async () => (await kubectl.json<V1Deployment>('get', 'deployment', 'sleepers')).status?.readyReplicas === count,
        { timeoutMs: 600_000, everyMs: 500 },
      )
      print({ what: `until ${count} pods are ready`, value: (performance.now() - start) / 1000, unit: 's' })
      await measure(`${count} pods`)
    }
  } finally {
    for (const stop of stops.reverse()) await stop()
    await machine.remove()
    first.remove()
    second.remove()
  }
}

const sleepers = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'sleepers' },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: 'sleepers' } },
    template: {
      metadata: { labels: { app: 'sleepers' } },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'sleep', image }] },
    },
  },
}

export const nodeBench: Bench = {
  name: 'node',
  about:
    "a node's agent: its share of a pod's start; memory and CPU when idle, with 30 and with 100 pods (needs root and containerd)",
  run,
}

if (import.meta.main) await nodeBench.run((row) => console.log(rowText(row)))
