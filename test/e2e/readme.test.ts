import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, run, temporaryDir } from './support/kapell.ts'
import { leftovers } from './support/machine.ts'
import { stream, type Streaming } from './support/stream.ts'
import { until } from './support/wait.ts'

/** What the README tells people to type does what it says, letter for letter but for the data directory and the port. */
const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string): string => readFileSync(join(root, name), 'utf8')
const readme = read('README.md')
const [, tour = ''] = /## Five minutes\n([^]*?)\n## /.exec(readme) ?? []
const blocks = [...tour.matchAll(/```sh\n([^]*?)```/g)].map(([, block = '']) =>
  block
    .trim()
    .split('\n')
    .map((line) => line.replace(/ +# .*$/, '')),
)

let dir: ReturnType<typeof temporaryDir>
let cluster: Streaming
let env: NodeJS.ProcessEnv

/** As in the second terminal; a program that would go on for ever gets a terminal and a few words. */
const type = (command: string) => {
  const own = command.replace('npm run example:build', `npm run --silent example:build -- --out ${dir.path}/images`)
  return run('sh', ['-c', `cd ${root}; kubectl() { npx kapell kubectl "$@"; }; ${own}`], { env, timeoutMs: 90_000 })
}

beforeAll(async () => {
  dir = temporaryDir('readme')
  env = { KUBECONFIG: join(dir.path, 'kubeconfig'), HOME: dir.path }
  const args = ['--data-dir', dir.path, '--port', String(await freePort()), '--agent-port', '0']
  args.push('--pod-cidr', '10.233.0.0/24', '--service-cluster-ip-range', '10.234.0.0/16')
  // On a terminal, where Ctrl-C reaches npm, its shell and the cluster at once.
  cluster = stream('script', ['-qec', `npm --prefix ${root} start -- ${args.join(' ')}`, '/dev/null'])
  await cluster.says('The cluster is ready', 60_000)
}, 90_000)
afterAll(async () => {
  cluster.write('\x03')
  await cluster.ended
  expect(cluster.output()).toContain('Stopped.')
  expect(cluster.output()).not.toContain('at once;')
  expect(await leftovers(dir.path, '10.233.0.')).toEqual([])
  dir.remove()
}, 60_000)

it('names commands and files that are there', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const documents = ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'charts/examples/language-model/README.md']
  for (const document of documents) {
    const text = read(document)
    for (const [, name = ''] of text.matchAll(/npm run (?:--silent )?([a-z:]+)/g)) expect(scripts).toHaveProperty(name)
    for (const [, link = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g))
      expect({ document, link, isThere: existsSync(join(root, dirname(document), link)) }).toMatchObject({
        isThere: true,
      })
  }
})

it('explains options that there are', async () => {
  const { stdout } = await run('npm', ['--prefix', root, 'start', '--silent', '--', '--help'])
  const [, table = ''] = /## Options of `npm start`\n([^]*?)\n## /.exec(readme) ?? []
  const explained = [...table.matchAll(/`(--[a-z-]+)/g)].map(([, flag = '']) => flag)
  expect(explained.length).toBeGreaterThan(5)
  for (const flag of explained) expect(stdout).toContain(flag)
}, 30_000)

it('tells of machines that join with options that there are', async () => {
  const [, section = ''] = /## Several machines\n([^]*?)\n## /.exec(readme) ?? []
  const flags = [...section.matchAll(/(--[a-z-]+)/g)].map(([, flag = '']) => flag)
  expect(flags).toEqual(expect.arrayContaining(['--advertise-address', '--token', '--ca-cert-hash']))
  const helps = [
    ['start', '--silent', '--', '--help'],
    ...['join', 'token'].map((name) => ['run', '--silent', 'kapell', '--', name, '--help']),
  ]
  const texts = await Promise.all(helps.map(async (args) => (await run('npm', ['--prefix', root, ...args])).stdout))
  for (const flag of flags) expect(texts.join('')).toContain(flag)
}, 60_000)

it('says next what works', async () => {
  const [, next = ''] = /Next:\n([^]*?)\nCtrl-C/.exec(cluster.output().replaceAll('\r', '')) ?? []
  expect(
    next
      .trim()
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual([`export KUBECONFIG=${dir.path}/kubeconfig`, 'kubectl get nodes'])
})

const commands = blocks.slice(1).flat()
const answers: [RegExp, RegExp][] = [
  [/get nodes/, / Ready /],
  [/example:build/, /language-model-v1\.tar\n.*language-model-v2\.tar/],
  [/apply -f/, /deployment.apps\/language-model created\nservice\/language-model created/],
  [/rollout status/, /successfully rolled out/],
  [/get pods/, /( 1\/1 +Running [^]*){10}/],
  [/^curl/, /"language":"german"/],
  [/scale/, /scaled/],
  [/set image/, /image updated/],
  [/rollout undo/, /rolled back/],
]

it.each(commands.filter((line) => !/^alias|logs -f|exec -it/.test(line)))(
  '%s',
  async (command) => {
    const ran = await type(command)
    expect(ran).toMatchObject({ code: 0 })
    const [, expected] = answers.find(([of]) => of.test(command)) ?? []
    expect(ran.stdout).toMatch(expected ?? /this command has no answer in the table/)
    // As a person would wait: the node imports new archives by itself, a rollout without "status" goes on.
    if (command.includes('example:build'))
      await until('the images to be imported', () =>
        readFileSync(join(dir.path, 'log/kapell.log'), 'utf8').includes(':v2'),
      )
  },
  120_000,
)

it.each(commands.filter((line) => /logs -f|exec -it/.test(line)))(
  '%s',
  async (command) => {
    const shell = `npx --prefix ${root} kapell ${command}`
    const terminal = stream('script', ['-qec', shell, '/dev/null'], env)
    if (command.includes('exec')) terminal.write('echo $((6 * 7)); exit\n')
    await terminal.says(command.includes('exec') ? '42' : 'language-model v')
    await terminal.stop()
  },
  60_000,
)
