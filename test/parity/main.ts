import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ParityCases, Send } from './case.ts'
import { compare } from './compare.ts'
import { corpora } from './corpus/index.ts'
import { readDocuments } from './documents.ts'
import { drive } from './drive.ts'
import { admittedDifferences, formatCases, readCases, recordedDir, recordedFiles, runtimeConfigOf } from './files.ts'
import { embeddedSender, kubeconfigSender } from './senders.ts'

const usage = `npm run parity [-- options] [FILE…]
  Replays recorded questions (test/parity/recorded, or the files named) against a server of ours, in-process.
  --record              asks a live original again and writes down its answers (--kubeconfig or KUBECONFIG names it);
                        the files named, without their folder, or all
  --kubeconfig FILE     the server to ask; without --record: instead of ours
  --only REGEX          only cases whose name matches
  --ignore PATH,…       body paths left out of every comparison
  --verbose             print each difference
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    record: { type: 'boolean' },
    kubeconfig: { type: 'string' },
    only: { type: 'string' },
    ignore: { type: 'string' },
    verbose: { type: 'boolean' },
    help: { type: 'boolean' },
  },
})

async function record(): Promise<number> {
  const kubeconfig = values.kubeconfig ?? process.env['KUBECONFIG']
  if (kubeconfig === undefined) {
    console.error('parity: --record needs --kubeconfig FILE (or KUBECONFIG) of a live original')
    return 2
  }
  const send = kubeconfigSender(kubeconfig)
  if (positionals.length === 0 || positionals.includes('documents')) {
    const text = JSON.stringify(await readDocuments(send), null, 1)
    writeFileSync(join(recordedDir, 'documents/documents.json'), `${text}\n`)
    console.log('documents: fields and hashes recorded')
  }
  for (const [name, cases] of Object.entries(corpora)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue
    const out: ParityCases = {}
    for (const [title, kase] of Object.entries(cases)) {
      const answers = await drive(kase, send).catch((error: unknown) => {
        console.log(`${title} is left out: ${String(error)}`)
        return undefined
      })
      if (answers === undefined) continue
      out[title] = { ...kase, steps: kase.steps.map((step, i) => ({ ...step, response: answers[i] ?? { code: 0 } })) }
    }
    writeFileSync(join(recordedDir, `${name}.json`), formatCases(out))
    console.log(`${name}: ${Object.keys(out).length} cases recorded`)
  }
  return 0
}

async function replay(senderOf: (name: string) => Promise<Send>): Promise<number> {
  const files =
    positionals.length > 0 ? positionals.map((path) => ({ name: basename(path, '.json'), path })) : recordedFiles()
  const only = new RegExp(values.only ?? '')
  const admitted = admittedDifferences()
  let differing = 0
  for (const { name, path } of files) {
    let same = 0
    const send = await senderOf(name)
    const ignored = values.ignore?.split(',') ?? []
    const cases = Object.entries(readCases(path)).filter(([title]) => only.test(title))
    for (const [title, asked] of cases) {
      const kase = { ...asked, steps: asked.steps.map((s) => ({ ...s, ignore: [...(s.ignore ?? []), ...ignored] })) }
      const differences = await drive(kase, send).then(
        (answers) => compare(kase, answers),
        (error: unknown) => [{ step: -1, what: 'failure', wanted: '', got: String(error) }],
      )
      if (differences.length === 0) {
        same++
        continue
      }
      const isAdmitted = admitted.has(`${name}: ${title}`)
      if (!isAdmitted) differing++
      const what = [...new Set(differences.map((d) => d.what))].join(', ')
      console.log(`${name} ${title}: ${what}${isAdmitted ? ' (differences.md says why)' : ''}`)
      if (values.verbose === true) for (const d of differences) console.log(`    ${JSON.stringify(d)}`)
    }
    console.log(`${name}: ${same} of ${cases.length} the same`)
  }
  return differing === 0 ? 0 : 1
}

async function main(): Promise<number> {
  if (values.help === true) {
    console.log(usage)
    return 0
  }
  if (values.record === true) return record()
  if (values.kubeconfig !== undefined) {
    const send = kubeconfigSender(values.kubeconfig)
    return replay(async () => send)
  }
  const { startCluster } = await import('@kapell/cli')
  // One for each choice of what is served.
  const clusters = new Map<string, Awaited<ReturnType<typeof startCluster>>>()
  try {
    return await replay(async (name) => {
      const runtimeConfig = runtimeConfigOf(name) ?? ''
      const cluster =
        clusters.get(runtimeConfig) ?? (await startCluster({ controllers: false, scheduler: false, runtimeConfig }))
      clusters.set(runtimeConfig, cluster)
      return embeddedSender(cluster)
    })
  } finally {
    for (const cluster of clusters.values()) await cluster.close()
  }
}

process.exitCode = await main()
