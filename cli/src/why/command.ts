import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { UserError } from '../errors.ts'
import { findKubectl } from '../kubectl.ts'
import { renderPlacement } from './render.ts'
import { placementGroup, placementVersion, type PodPlacement } from './resource.ts'

export const whyUsage = `kubectl kapell why pod/NAME: why a pod is pending, or where it is

  -n, --namespace NAME   (default the context's)
  -o, --output json      the whole answer: every plug-in's word on every node
  --context, --kubeconfig, --as, --as-group   as for kubectl
`

/** The kubectl plug-in: asks through kubectl itself, so that it reaches the cluster as kubectl does. */
export function why(argv: readonly string[]): number {
  const { values, positionals } = parse(argv)
  const name = podName(positionals)
  const global = (['context', 'kubeconfig', 'as', 'as-group'] as const).flatMap((flag) => {
    const value = values[flag]
    return value === undefined ? [] : [`--${flag}=${value}`]
  })
  const namespace =
    values.namespace ?? (ask([...global, 'config', 'view', '--minify', '-o', 'jsonpath={..namespace}']) || 'default')
  const path = `/apis/${placementGroup}/${placementVersion}/namespaces/${encodeURIComponent(namespace)}/podplacements/${encodeURIComponent(name)}`
  const placement = JSON.parse(ask([...global, 'get', '--raw', path])) as PodPlacement
  if (values.output !== undefined && values.output !== 'json')
    throw new UserError(`-o takes json, not "${values.output}"`, { exitCode: 2 })
  process.stdout.write(
    values.output === 'json' ? `${JSON.stringify(placement, null, 2)}\n` : renderPlacement(placement),
  )
  return 0
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        namespace: { type: 'string', short: 'n' },
        output: { type: 'string', short: 'o' },
        context: { type: 'string' },
        kubeconfig: { type: 'string' },
        as: { type: 'string' },
        'as-group': { type: 'string' },
      },
    })
  } catch (error) {
    throw new UserError(`${(error as Error).message.split('. ')[0]}`, { exitCode: 2, cause: error })
  }
}

/** "pod/x", "pods/x", "po/x", "pod x" or "x". */
function podName(words: readonly string[]): string {
  const [first = '', second] = words
  const [kind, name] = second !== undefined ? [first, second] : first.includes('/') ? first.split('/') : ['pod', first]
  if (name === undefined || name === '' || !['pod', 'pods', 'po'].includes(kind ?? ''))
    throw new UserError('say which pod: kubectl kapell why pod/NAME', { exitCode: 2 })
  return name
}

function ask(args: readonly string[]): string {
  const run = spawnSync(findKubectl(), args, { encoding: 'utf8' })
  if (run.error !== undefined) throw new UserError(`cannot run kubectl: ${run.error.message}`)
  if (run.status !== 0) throw new UserError(run.stderr.trim().replace(/^Error from server[^:]*: /, ''))
  return run.stdout
}
