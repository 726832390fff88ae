import { existsSync, readFileSync } from 'node:fs'
import { join as pathOf } from 'node:path'
import { gitVersion } from '@kapell/apiserver/version'
import { realClock } from '@kapell/controllers/machinery/clock'
import { readPair, removePair, writePair } from '@kapell/node-agent/certificates/files'
import { isUsable } from '@kapell/node-agent/certificates/request'
import { writePrivateFile } from '../cluster.ts'
import { openDataDir } from '../data-dir.ts'
import { UserError } from '../errors.ts'
import { installMissing } from '../install/packages.ts'
import { createLogger } from '../log.ts'
import { nodePki } from '../nodes/node-certificates.ts'
import { giveMemoryBackWhenIdle } from '../idle-memory.ts'
import { runNode, type RunningNode } from '../nodes/run-node.ts'
import { duration, runSteps, type Step } from '../progress.ts'
import { stopSignal } from '../stop-signal.ts'
import { addressTowards, bootstrapCertificate } from './bootstrap.ts'
import { discoverAuthority } from './discover.ts'
import { parseJoinOptions, type JoinOptions } from './options.ts'

/** What the last join found out; beside it stand the node's certificates. */
interface Membership {
  server: string
  authority: string
  nodeName: string
  nodeIp: string
}

/** `kapell join`: this machine as a node of a cluster, until told to stop or deleted from it. Resolves with the exit code. */
export async function join(argv: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  const options = parseJoinOptions(argv)
  const dataDir = openDataDir(options.dataDir)
  const log = createLogger({ dataDir: options.dataDir, level: options.logLevel })
  const stop = stopSignal('kapell join')
  process.stdout.write(`kapell ${gitVersion}, data in ${options.dataDir}\n`)
  const deleted = Promise.withResolvers<'deleted'>()
  let running: RunningNode | undefined
  let nodeName = options.nodeName
  const steps: Step[] = []
  if (options.installRuntime) steps.push({ title: 'Debian packages', run: installMissing })
  steps.push(
    {
      title: 'Cluster',
      run: async (report) => {
        const membership = await becomeMember(options, { signal: stop.signal, report })
        nodeName = membership.nodeName
        return `${membership.server} knows this machine as node ${nodeName}, ${membership.nodeIp}`
      },
    },
    {
      title: 'Container runtime and node agent',
      run: async (report) => {
        const membership = readMembership(options.dataDir)
        if (membership === undefined) throw new UserError('this machine is no member')
        running = await runNode(
          {
            ...membership,
            dataDir: options.dataDir,
            imagesDir: pathOf(options.dataDir, 'images'),
            agentPort: options.agentPort,
            logLevel: options.logLevel,
            nodeFlags: options.nodeFlags,
            ...(options.containerd === undefined ? {} : { containerd: options.containerd }),
          },
          { log, report, signal: stop.signal, onDeleted: () => deleted.resolve('deleted') },
        )
        return running.summary
      },
    },
  )
  let why: 'asked' | 'deleted' = 'asked'
  try {
    await runSteps(steps, stop.signal)
    giveMemoryBackWhenIdle()
    if (!stop.signal.aborted) {
      process.stdout.write(
        `Node ${nodeName} has joined (${duration(performance.now() - startedAt)}). Ctrl-C stops it.\n`,
      )
      why = await Promise.race([stop.asked.then((): 'asked' => 'asked'), deleted.promise])
      if (why === 'deleted') process.stdout.write(`Node ${nodeName} was deleted from the cluster: leaving it.\n`)
    }
  } finally {
    stop.stopping()
    await running?.close({ removePods: why === 'deleted' || !options.keepPods })
    if (why === 'deleted') await forget(options.dataDir)
    await log.close()
    dataDir.release()
  }
  process.stdout.write(options.keepPods && why === 'asked' ? 'Stopped; the pods run on.\n' : 'Stopped.\n')
  return 0
}

const membershipFile = (dataDir: string): string => pathOf(dataDir, 'node.json')

function readMembership(dataDir: string): Membership | undefined {
  const file = membershipFile(dataDir)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Membership) : undefined
}

/** Who was deleted comes back with a new token only. */
async function forget(dataDir: string): Promise<void> {
  const files = nodePki(dataDir)
  await Promise.all([removePair(files.client), removePair(files.serving)])
}

/** What joined before goes on with its certificate, as long as that is good; else a token makes a new one. */
async function becomeMember(
  options: JoinOptions,
  parts: { signal: AbortSignal; report: (line: string) => void },
): Promise<Membership> {
  const { dataDir, token } = options
  const before = readMembership(dataDir)
  const files = nodePki(dataDir)
  const server = options.server ?? before?.server
  if (server === undefined)
    throw new UserError('say which cluster to join: kapell join https://HOST:PORT --token … --ca-cert-hash …')
  const pair = await readPair(files.client)
  const goesOn =
    before !== undefined && pair !== undefined && isUsable(pair, { authority: before.authority, now: new Date() })
  if (goesOn) {
    if (options.nodeName !== before.nodeName) parts.report(`this machine is node ${before.nodeName}`)
    const nodeIp = options.nodeIp ?? (await addressTowards(server))
    return remember(dataDir, { ...before, server, nodeIp })
  }
  if (token === undefined)
    throw new UserError(
      before === undefined
        ? 'joining needs a --token; "kapell token create --print-join-command" on the other machine prints the whole command'
        : "this machine's certificate is gone or has expired: join again with a --token",
    )
  const authority = await discoverAuthority({
    ...parts,
    server,
    token,
    caHashes: options.caHashes,
    clock: realClock,
  })
  const nodeIp = options.nodeIp ?? (await addressTowards(server))
  const { nodeName } = options
  await writePair(files.client, await bootstrapCertificate({ ...parts, server, authority, token, nodeName }))
  await removePair(files.serving)
  return remember(dataDir, { server, authority, nodeName, nodeIp })
}

function remember(dataDir: string, membership: Membership): Membership {
  writePrivateFile(membershipFile(dataDir), JSON.stringify(membership))
  return membership
}
