import { createRequire } from 'node:module'
import { findTool, run } from '../runtime/exec.ts'

/** Runs nftables scripts, one after the other. A failed script changes nothing; the Error has nftables' own words. */
export interface Nft {
  readonly kind: 'library' | 'command'
  run(script: string): Promise<void>
  /** Whether the kernel has this table ("ip kapell"), told by a chain that is always in it: "services" unless said. */
  hasTable(table: string, chain?: string): Promise<boolean>
  close(): Promise<void>
}

type Native = (...args: unknown[]) => unknown
interface NativeAsync extends Native {
  async(...args: unknown[]): void
}

/**
 * nftables through libnftables.so.1 in this process (a small change takes a fraction of a millisecond), or where the
 * library cannot be loaded through the command `nft`. Errors: neither is installed.
 */
export function openNft(options: { prefer?: 'library' | 'command'; command?: readonly string[] } = {}): Nft {
  if (options.command !== undefined) return commandNft(options.command)
  if (options.prefer !== 'command') {
    try {
      return libraryNft()
    } catch {
      // No library, no koffi build for this machine: the command does the same, slower.
    }
  }
  const nft = findTool('nft')
  if (nft === undefined)
    throw new Error('nftables is not installed: run with --install-runtime, or install the Debian package nftables')
  return commandNft([nft])
}

function commandNft(command: readonly string[]): Nft {
  const [tool, ...args] = command
  const inTurn = turns()
  return {
    kind: 'command',
    run: (script) => inTurn(async () => void (await run(tool!, [...args, '-f', '-'], { input: script }))),
    hasTable: (table, chain = 'services') =>
      inTurn(() =>
        run(tool!, [...args, 'list', 'chain', ...table.split(' '), chain]).then(
          () => true,
          () => false,
        ),
      ),
    close: () => Promise.resolve(),
  }
}

function libraryNft(): Nft {
  const koffi = createRequire(import.meta.url)('koffi') as {
    load(path: string): { func(declaration: string): NativeAsync }
  }
  const library = koffi.load('libnftables.so.1')
  const open = library.func('void *nft_ctx_new(uint32_t flags)')
  const free = library.func('void nft_ctx_free(void *ctx)')
  const bufferOutput = library.func('int nft_ctx_buffer_output(void *ctx)')
  const bufferError = library.func('int nft_ctx_buffer_error(void *ctx)')
  const outputText = library.func('const char *nft_ctx_get_output_buffer(void *ctx)')
  const errorText = library.func('const char *nft_ctx_get_error_buffer(void *ctx)')
  const runBuffer = library.func('int nft_run_cmd_from_buffer(void *ctx, const char *buf)')
  const context = open(0)
  bufferOutput(context)
  bufferError(context)
  const inTurn = turns()
  let closed = false
  // On koffi's thread, so that a large script does not hold up the event loop; the context is for one at a time.
  const execute = (script: string) =>
    new Promise<void>((resolve, reject) => {
      if (closed) {
        reject(new Error('nftables was closed'))
        return
      }
      runBuffer.async(context, script, (failure: Error | null, code: number) => {
        if (failure !== null) {
          reject(failure)
          return
        }
        const said = String(errorText(context) ?? '')
        outputText(context)
        if (code === 0) resolve()
        else reject(new Error(`nftables: ${said.trim().slice(0, 2000)}`))
      })
    })
  return {
    kind: 'library',
    run: (script) => inTurn(() => execute(script)),
    hasTable: (table, chain = 'services') =>
      inTurn(() =>
        execute(`list chain ${table} ${chain}\n`).then(
          () => true,
          () => false,
        ),
      ),
    close: () =>
      inTurn(() => {
        if (!closed) free(context)
        closed = true
        return Promise.resolve()
      }),
  }
}

function turns(): <T>(job: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (job) => {
    const next = last.then(job, job)
    last = next.catch(() => undefined)
    return next
  }
}
