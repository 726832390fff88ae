import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

async function tool(name: string, args: string[]): Promise<void> {
  try {
    await run(name, args, { timeout: 30_000 })
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    throw new Error(`${name} ${args.join(' ')}: ${stderr.trim() || (error as Error).message}`)
  }
}

export async function mountTmpfs(dir: string, sizeBytes?: number): Promise<void> {
  await tool('mount', [
    '-t',
    'tmpfs',
    '-o',
    sizeBytes === undefined ? 'nosuid' : `nosuid,size=${sizeBytes}`,
    'tmpfs',
    dir,
  ])
}

/** `source` may be a path below /proc/PID/fd: it is not resolved again. */
export async function bindMount(source: string, target: string): Promise<void> {
  await tool('mount', ['--no-canonicalize', '--bind', source, target])
}

/** Takes away what is mounted at or below a directory, the innermost first. */
export async function unmountBelow(dir: string): Promise<void> {
  for (const point of (await mountPoints()).filter((at) => at === dir || at.startsWith(`${dir}/`)).reverse()) {
    await tool('umount', [point]).catch(() => tool('umount', ['-l', point]))
  }
}

export async function isMountPoint(dir: string): Promise<boolean> {
  return (await mountPoints()).includes(dir)
}

/** In order of mounting. Source: proc(5), mountinfo; special characters are octal escapes. */
async function mountPoints(): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8')
  return text
    .split('\n')
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))),
    )
    .filter((point) => point !== '')
}
