import { UserError } from './errors.ts'
import { upUsage } from './options.ts'

const usage = `kapell: a Kubernetes-compatible cluster

  kapell up [options]        start a cluster on this machine ("kapell up --help")
  kapell join ADDRESS …      make this machine a node of a cluster ("kapell join --help")
  kapell token create …      tokens for machines that shall join ("kapell token --help")
  kapell kubectl ARGS…       stock kubectl against the cluster in ./.kapell
  kapell why pod/NAME        why a pod is pending, or where it is (also as "kubectl kapell why")
  kapell version
`

/** The command line's door: picks the command; a failure the user can act on is one line, never a stack trace. */
async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv
  const wantsHelp = rest.includes('--help') || rest.includes('-h')
  switch (command) {
    case 'up': {
      if (wantsHelp) return print(upUsage)
      const { up } = await import('./up.ts')
      return up(rest)
    }
    case 'join': {
      const { joinUsage } = await import('./join/options.ts')
      if (wantsHelp) return print(joinUsage)
      const { join } = await import('./join/command.ts')
      return join(rest)
    }
    case 'token': {
      const { token, tokenUsage } = await import('./token/command.ts')
      return wantsHelp ? print(tokenUsage) : token(rest)
    }
    case 'node': {
      const { node } = await import('./nodes/command.ts')
      return node(rest)
    }
    case 'kubectl': {
      const { runKubectl } = await import('./kubectl.ts')
      return runKubectl(rest, '.kapell')
    }
    case 'why': {
      const { why, whyUsage } = await import('./why/command.ts')
      return wantsHelp ? print(whyUsage) : why(rest)
    }
    case 'precompile': {
      const { precompile } = await import('./precompile.ts')
      return precompile()
    }
    case 'version':
    case '--version': {
      const { gitVersion } = await import('@kapell/apiserver/version')
      return print(`${gitVersion}\n`)
    }
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      return print(usage)
    default:
      throw new UserError(`there is no command "${command}"; "kapell help" lists them`, { exitCode: 2 })
  }
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  const known = error instanceof UserError
  process.stderr.write(`kapell: ${known ? error.message : (error as Error).message}\n`)
  if (!known && process.env['KAPELL_DEBUG'] !== undefined) process.stderr.write(`${(error as Error).stack}\n`)
  process.exitCode = known ? error.exitCode : 1
}
