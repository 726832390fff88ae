import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startCluster } from '@kapell/cli'
import { stockTool } from '@kapell/cli/kubectl'
import { Kubectl, run, temporaryDir, type Ran } from '../support/kapell.ts'
import { until } from '../support/wait.ts'

/** One command of kubectl's, what it prints, and what the objects are like afterwards. Rows of a table run in order. */
export interface Row {
  what: string
  /** The arguments as in a shell: blanks part them, single quotes keep them; {dir} is where `files` are, {node} the node's name. */
  run: string
  /** Standard input: text, or an object or several as JSON. */
  input?: string | object
  /** Written before it runs, by name; those called editor* may be executed. */
  files?: Record<string, string | object>
  env?: Record<string, string>
  /** 0 unless said. */
  code?: number
  /** Standard output: whole when text, a part when a pattern. */
  says?: string | RegExp | readonly RegExp[]
  /** Standard error, likewise. */
  warns?: string | RegExp
  /** Objects afterwards by "resource/name" in namespace default or by path: a part of each, undefined when gone. */
  then?: Record<string, object | undefined>
  /** The same, but what it says and what is true afterwards may take a moment. */
  eventually?: true
  /** The first minor version of kubectl that says it so. */
  since?: number
}

/** A cluster for a table. */
export interface Plane {
  readonly kubectl: Kubectl
  readonly dir: string
  file(name: string, content: string | object): string
  close(): Promise<void>
}

/** kubectl as released with 1.34, two minors before ours, or ours. */
export type KubectlVersion = 'v34' | 'v36'

class OtherKubectl extends Kubectl {
  override readonly program: string
  constructor(kubeconfig: string, program: string) {
    super(kubeconfig)
    this.program = program
  }
}

/**
 * Starts a control plane with a node on which nothing really runs. With KAPELL_TABLE_KUBECONFIG the rows are asked of that
 * cluster instead, an original for one: it should answer all but those that need a node.
 */
export async function startPlane(name: string, version: KubectlVersion = 'v36'): Promise<Plane> {
  const { path: dir, remove } = temporaryDir(name)
  const against = process.env['KAPELL_TABLE_KUBECONFIG']
  const cluster =
    against === undefined ? await startCluster({ dataDir: join(dir, 'data'), simulatedNodes: 1 }) : undefined
  const kubeconfig = join(dir, 'kubeconfig')
  if (cluster === undefined) copyFileSync(against!, kubeconfig)
  else writeFileSync(kubeconfig, cluster.kubeconfig, { mode: 0o600 })
  return {
    dir,
    kubectl: new OtherKubectl(kubeconfig, stockTool('kubectl', version)),
    file: (called, content) => writeInto(dir, called, content),
    close: async () => {
      await cluster?.close()
      remove()
    },
  }
}

export function writeInto(dir: string, name: string, content: string | object): string {
  const path = join(dir, name)
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  chmodSync(path, name.startsWith('editor') ? 0o700 : 0o600)
  return path
}

/** Makes a test of every row that this kubectl knows. */
export function tableOf(plane: () => Plane, rows: readonly Row[], version: KubectlVersion = 'v36'): void {
  const known = rows.filter(({ since = 0 }) => since <= Number(version.slice(1)))
  it.each(known.map((row) => [row.what, row] as const))('%s', async (_, row) => {
    const p = plane()
    for (const [name, content] of Object.entries(row.files ?? {})) p.file(name, content)
    const once = async (): Promise<void> => {
      check(row, await command(p, row))
      for (const [ref, is] of Object.entries(row.then ?? {})) await checkObject(p, ref, is)
    }
    if (row.eventually !== true) return once()
    let failure: unknown
    await until(
      row.what,
      () =>
        once().then(
          () => true,
          (error: unknown) => {
            failure = error
            return false
          },
        ),
      { timeoutMs: 50_000 },
    ).catch(() => {
      throw failure
    })
  })
}

async function command(plane: Plane, row: Row): Promise<Ran> {
  const node = row.run.includes('{node}')
    ? await plane.kubectl.run('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}')
    : ''
  const fill = (text: string): string => text.replaceAll('{dir}', plane.dir).replaceAll('{node}', node)
  const env = Object.fromEntries(Object.entries(row.env ?? {}).map(([name, value]) => [name, fill(value)]))
  const input = typeof row.input === 'object' ? JSON.stringify(row.input) : row.input
  return run(plane.kubectl.program, words(fill(row.run)), {
    env: { ...plane.kubectl.env, ...env },
    ...(input === undefined ? {} : { input }),
  })
}

function check(row: Row, ran: Ran): void {
  if (ran.code !== (row.code ?? 0)) throw new Error(`exited with ${ran.code}: ${ran.stderr}${ran.stdout}`)
  const patterns = row.says === undefined ? [] : Array.isArray(row.says) ? row.says : [row.says]
  for (const says of patterns as (string | RegExp)[]) expectText(ran.stdout, says)
  if (row.warns !== undefined) expectText(ran.stderr, row.warns)
}

function expectText(text: string, is: string | RegExp): void {
  if (typeof is === 'string') expect(text).toBe(is)
  else expect(text).toMatch(is)
}

async function checkObject(plane: Plane, ref: string, is: object | undefined): Promise<void> {
  const ran = await plane.kubectl.try(['get', '--raw', ref.startsWith('/') ? ref : pathOf(ref)])
  if (is === undefined) return expect(ran.stderr).toContain('(NotFound)')
  if (ran.code !== 0) throw new Error(`${ref}: ${ran.stderr}`)
  expect(JSON.parse(ran.stdout)).toMatchObject(is)
}

const groups: Record<string, string> = {
  deployments: '/apis/apps/v1',
  statefulsets: '/apis/apps/v1',
  daemonsets: '/apis/apps/v1',
  replicasets: '/apis/apps/v1',
  jobs: '/apis/batch/v1',
  cronjobs: '/apis/batch/v1',
  horizontalpodautoscalers: '/apis/autoscaling/v2',
  poddisruptionbudgets: '/apis/policy/v1',
  ingresses: '/apis/networking.k8s.io/v1',
  roles: '/apis/rbac.authorization.k8s.io/v1',
  rolebindings: '/apis/rbac.authorization.k8s.io/v1',
  clusterroles: '/apis/rbac.authorization.k8s.io/v1',
  clusterrolebindings: '/apis/rbac.authorization.k8s.io/v1',
  priorityclasses: '/apis/scheduling.k8s.io/v1',
  certificatesigningrequests: '/apis/certificates.k8s.io/v1',
}
const clusterScoped = new Set(
  'namespaces nodes clusterroles clusterrolebindings priorityclasses certificatesigningrequests'.split(' '),
)

function pathOf(ref: string): string {
  const [resource = '', name = ''] = ref.split('/')
  const group = groups[resource] ?? '/api/v1'
  return clusterScoped.has(resource)
    ? `${group}/${resource}/${name}`
    : `${group}/namespaces/default/${resource}/${name}`
}

/** As a shell parts words, with single quotes only. */
export function words(text: string): string[] {
  return [...text.matchAll(/(?:[^\s']|'[^']*')+/g)].map(([word]) => word.replaceAll("'", ''))
}

/** Objects in one text, as kubectl reads them from standard input. */
export const documents = (...objects: object[]): string => objects.map((o) => JSON.stringify(o)).join('\n---\n')
