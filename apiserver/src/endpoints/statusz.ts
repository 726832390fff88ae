import type { RequestContext } from '../pipeline/context.ts'
import { bytesAnswer, type Answer } from '../server/answer.ts'
import { gitVersion } from '../version.ts'
import { encodeForm } from './encode-form.ts'
import { onlyAccepted, parseAccept } from './negotiate.ts'
import { isPretty } from './pretty.ts'

/**
 * What a person, or a tool, wants to know of a running server. Source: the documentation, "Kubernetes z-pages", and what
 * the original answers.
 */
const types = ['application/json', 'application/yaml', 'text/plain'] as const
const paths = ['/healthz', '/livez', '/metrics', '/readyz', '/statusz', '/version']
const warning =
  'Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.'

const binaryVersion = gitVersion.replace(/^v/, '').replace(/\+.*/, '')
const emulationVersion = binaryVersion.split('.').slice(0, 2).join('.')

interface Wanted {
  type: (typeof types)[number]
  /** Of the structured forms. */
  version?: string
}

/** The first form of an Accept that there is: text, or a structure that is asked for by its name and version. */
export function wantedForm(accept: string): Wanted | undefined {
  if (accept === '') return { type: 'text/plain' }
  for (const { type, parameters } of parseAccept(accept)) {
    const { as, g, v } = parameters
    if (type === 'text/plain' || type === '*/*' || type === 'text/*') return { type: 'text/plain' }
    const found = types.find((one) => one === type)
    const isStructure = as === 'Statusz' && g === 'config.k8s.io' && (v === 'v1alpha1' || v === 'v1beta1')
    if (found !== undefined && isStructure) return { type: found, version: v }
  }
  return undefined
}

/** "0 hr 53 min 55 sec" */
function upFor(seconds: number): string {
  return `${Math.floor(seconds / 3600)} hr ${twoDigits((seconds / 60) % 60)} min ${twoDigits(seconds % 60)} sec`
}
const twoDigits = (value: number): string => String(Math.floor(value)).padStart(2, '0')

/** "Wed Nov 25 13:20:39 UTC 2026" */
function dateText(at: Date): string {
  const [day = '', date = '', month = '', year = '', time = ''] = at.toUTCString().replace(',', '').split(' ')
  return `${day} ${month} ${date.replace(/^0/, ' ')} ${time} UTC ${year}`
}

/** Serves /statusz. Throws 406. */
export async function statusz(context: RequestContext, startedAt: Date): Promise<Answer> {
  const wanted = wantedForm(context.header('accept') ?? '')
  if (wanted === undefined) throw onlyAccepted(types)
  const uptimeSeconds = Math.floor((context.now.getTime() - startedAt.getTime()) / 1000)
  const { type, version } = wanted
  if (type === 'text/plain' || version === undefined) {
    const lines = [
      '',
      'apiserver statusz',
      warning,
      '',
      `Started: ${dateText(startedAt)}`,
      `Up: ${upFor(uptimeSeconds)}`,
      `Go version: node ${process.version}`,
      `Binary version: ${binaryVersion}`,
      `Emulation version: ${emulationVersion}`,
      `Paths: ${paths.join(' ')}`,
    ]
    return bytesAnswer(200, 'text/plain; charset=utf-8', new TextEncoder().encode(`${lines.join('\n')}\n`))
  }
  if (version === 'v1alpha1')
    context.warnings.push('This version of the statusz endpoint is deprecated. Please use a newer version.')
  const value = {
    kind: 'Statusz',
    apiVersion: `config.k8s.io/${version}`,
    metadata: { name: 'apiserver' },
    startTime: startedAt.toISOString().replace(/\.\d+Z$/, 'Z'),
    uptimeSeconds,
    goVersion: `node ${process.version}`,
    binaryVersion,
    emulationVersion,
    paths,
  }
  const answer = await encodeForm(200, value, type, isPretty(context))
  answer.headers['content-type'] = `${type};g=config.k8s.io;v=${version};as=Statusz`
  return answer
}
