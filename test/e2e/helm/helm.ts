import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stockTool } from '@kapell/cli/kubectl'
import { run, type Ran } from '../support/kapell.ts'

export const chart = (name: string): string => fileURLToPath(new URL(`charts/${name}`, import.meta.url))

/** A release as `helm status -o json` tells of it. */
export interface Release {
  name: string
  version: number
  info: { status: string; description: string; notes?: string }
}

/** Stock helm against one cluster, with its caches in a directory of its own. */
export class Helm {
  readonly env: NodeJS.ProcessEnv
  constructor(kubeconfig: string) {
    const home = join(kubeconfig, '..', 'helm')
    mkdirSync(home, { recursive: true })
    this.env = {
      KUBECONFIG: kubeconfig,
      HOME: home,
      HELM_CACHE_HOME: home,
      HELM_CONFIG_HOME: home,
      HELM_DATA_HOME: home,
    }
  }

  try(...args: string[]): Promise<Ran> {
    return run(stockTool('helm'), args, { env: this.env, timeoutMs: 180_000 })
  }

  /** Standard output; throws with what helm said when it fails. */
  async run(...args: string[]): Promise<string> {
    const ran = await this.try(...args)
    if (ran.code !== 0) throw new Error(`helm ${args.join(' ')} exited with ${ran.code}: ${ran.stderr}${ran.stdout}`)
    return ran.stdout
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.run(...args, '-o', 'json')) as T
  }
}
