import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { ApiClient } from '@kapell/controllers/machinery/client'
import { createClient } from '@kapell/controllers/machinery/create-client'
import { errorText } from '@kapell/controllers/machinery/log'
import {
  bootstrapTokenNamespace,
  bootstrapTokenSecretName,
  bootstrapTokenType,
  isBootstrapGroup,
  isBootstrapTokenId,
  isBootstrapTokenUsage,
  parseBootstrapToken,
  readBootstrapSecret,
  type BootstrapSecretFacts,
} from '@kapell/openapi/meta/bootstrap-token'
import { secrets } from '@kapell/openapi/meta/refs'
import { isReason } from '@kapell/openapi/meta/status'
import { UserError } from '../errors.ts'
import { transportFromKubeconfig } from '../kubeconfig.ts'
import { joiningGroup } from '../nodes/cluster-info.ts'
import { dayMs, joinCommand } from './join-command.ts'
import { newToken, parseDuration, tokenSecret } from './secrets.ts'

export const tokenUsage = `kapell token: tokens by which machines join a cluster

  kapell token create [TOKEN]       makes one and prints it
      --print-join-command          prints what to type on the machine that shall join
      --ttl DURATION                how long it is good, such as 24h or 90m; 0 for ever (default 24h)
      --usages LIST                 of authentication,signing (default both)
      --groups LIST                 whoever shows it is a member of these (default ${joiningGroup})
      --description TEXT
  kapell token list
  kapell token delete ID|TOKEN…

  --kubeconfig FILE                 the administrator's (default $KUBECONFIG, else ./.kapell/kubeconfig)
`

/** `kapell token`: resolves with the exit code. */
export async function token(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseFlags(argv)
  const [verb, ...rest] = positionals
  const transport = transportFromKubeconfig(
    resolve(values.kubeconfig ?? process.env['KUBECONFIG'] ?? join('.kapell', 'kubeconfig')),
  )
  const client = createClient(transport, { userAgent: 'kapell-token' })
  try {
    switch (verb) {
      case 'create':
        process.stdout.write(`${await create(client, rest, values)}\n`)
        return 0
      case 'list':
        process.stdout.write(renderTokens(await list(client), new Date()))
        return 0
      case 'delete':
        for (const line of await remove(client, rest)) process.stdout.write(`${line}\n`)
        return 0
      default:
        throw new UserError(`"kapell token" takes create, list or delete; "kapell token --help" tells more`, {
          exitCode: 2,
        })
    }
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(errorText(error), { cause: error })
  } finally {
    await transport.close()
  }
}

type Flags = ReturnType<typeof parseFlags>['values']

async function create(client: ApiClient, names: readonly string[], flags: Flags): Promise<string> {
  const [given, ...more] = names
  if (more.length > 0) throw new UserError('"kapell token create" takes one token')
  const made = given === undefined ? newToken() : parseBootstrapToken(given)
  if (made === undefined) throw new UserError(`"${given}" is no token: it has the form abcdef.0123456789abcdef`)
  const ttlMs = flags.ttl === undefined ? dayMs : parseDuration(flags.ttl)
  if (ttlMs === undefined) throw new UserError(`--ttl takes a time such as 24h or 90m, not "${flags.ttl}"`)
  const usages = listOf(flags.usages, ['authentication', 'signing']).map((usage) => {
    if (isBootstrapTokenUsage(usage)) return usage
    throw new UserError(`--usages takes authentication and signing, not "${usage}"`)
  })
  const groups = listOf(flags.groups, usages.includes('authentication') ? [joiningGroup] : [])
  for (const group of groups)
    if (!isBootstrapGroup(group))
      throw new UserError(`--groups takes groups that begin with "system:bootstrappers:", not "${group}"`)
  const secret = tokenSecret({
    token: made,
    usages,
    groups,
    description: flags.description ?? '',
    ttlMs,
    now: new Date(),
  })
  await client
    .resource(secrets, bootstrapTokenNamespace)
    .create(secret)
    .catch((error: unknown) => {
      if (isReason(error, 'AlreadyExists')) throw new UserError(`a token with id ${made.id} is there already`)
      throw error
    })
  const text = `${made.id}.${made.secret}`
  return flags['print-join-command'] === true ? joinCommand(client, text) : text
}

async function list(client: ApiClient): Promise<BootstrapSecretFacts[]> {
  const { items } = await client
    .resource(secrets, bootstrapTokenNamespace)
    .list({ fieldSelector: `type=${bootstrapTokenType}` })
  return items.map((secret) => readBootstrapSecret(secret, new Date())).filter((facts) => facts !== undefined)
}

async function remove(client: ApiClient, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) throw new UserError('"kapell token delete" takes tokens, or their first halves')
  const lines: string[] = []
  for (const name of names) {
    const id = parseBootstrapToken(name)?.id ?? name
    if (!isBootstrapTokenId(id)) throw new UserError(`"${name}" is no token and no token's first half`)
    await client
      .resource(secrets, bootstrapTokenNamespace)
      .delete(bootstrapTokenSecretName(id))
      .catch((error: unknown) => {
        if (isReason(error, 'NotFound')) throw new UserError(`there is no token with id ${id}`)
        throw error
      })
    lines.push(`bootstrap token "${id}" deleted`)
  }
  return lines
}

const columns = ['TOKEN', 'TTL', 'EXPIRES', 'USAGES', 'DESCRIPTION', 'EXTRA GROUPS'] as const

/** As kubeadm shows them. */
export function renderTokens(tokens: readonly BootstrapSecretFacts[], now: Date): string {
  const rows = tokens.map((facts) => [
    `${facts.id}.${facts.secret}`,
    facts.expiration === undefined ? '<forever>' : facts.expired ? '<invalid>' : leftOf(facts.expiration, now),
    facts.expiration ?? '<never>',
    facts.usages.length === 0 ? '<none>' : facts.usages.join(','),
    facts.description === '' ? '<none>' : facts.description,
    (facts.groups ?? []).slice(1).join(',') || '<none>',
  ])
  const all = [[...columns], ...rows]
  const widths = columns.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  return all
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** The one largest unit, as kubectl tells ages. */
function leftOf(expiration: string, now: Date): string {
  const seconds = Math.max(0, Math.floor((Date.parse(expiration) - now.getTime()) / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)}m`
  return seconds < 2 * 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}

function listOf(text: string | undefined, otherwise: readonly string[]): string[] {
  return text === undefined ? [...otherwise] : text.split(',').filter((one) => one !== '')
}

function parseFlags(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: true,
      options: {
        kubeconfig: { type: 'string' },
        'print-join-command': { type: 'boolean' },
        ttl: { type: 'string' },
        usages: { type: 'string' },
        groups: { type: 'string' },
        description: { type: 'string' },
      },
    })
  } catch (error) {
    const what = (error as Error).message.split('. ')[0]
    throw new UserError(`${what}; "kapell token --help" tells more`, { exitCode: 2, cause: error })
  }
}
