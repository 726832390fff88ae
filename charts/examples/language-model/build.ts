import { buildImageArchive } from '@kapell/node-agent/images/build'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { trainModel, type Corpus } from './train.ts'

/** What each version of the model knows; between them a rolling update can be watched. */
const versions: Record<string, string[]> = {
  v1: ['english', 'german', 'french'],
  v2: ['english', 'german', 'french', 'spanish', 'italian'],
}
const applets = [
  'sh',
  'httpd',
  'awk',
  'head',
  'cat',
  'ls',
  'ps',
  'echo',
  'sleep',
  'kill',
  'hostname',
  'nslookup',
  'id',
  'env',
]
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/**
 * Trains the model and writes language-model-v1.tar and -v2.tar: images of this machine's static busybox and a few
 * small files. Needs neither a registry nor docker. Errors: no static busybox.
 */
export async function buildLanguageModel(options: { outDir: string; busybox?: string }): Promise<string[]> {
  const busybox = await staticBusybox(options.busybox)
  const image = async (name: string) => readFile(here(`image/${name}`))
  await mkdir(options.outDir, { recursive: true })
  const files: string[] = []
  for (const [version, languages] of Object.entries(versions)) {
    const corpus: Corpus = {}
    for (const language of languages) corpus[language] = await readFile(here(`corpus/${language}.txt`), 'utf8')
    const file = join(options.outDir, `language-model-${version}.tar`)
    await buildImageArchive(
      {
        name: `language-model:${version}`,
        files: {
          '/bin/busybox': { content: busybox, mode: 0o755 },
          '/start': { content: await image('start'), mode: 0o755 },
          '/srv/model.tsv': trainModel(corpus),
          '/srv/predict.awk': await image('predict.awk'),
          '/srv/www/index.html': await image('index.html'),
          '/srv/www/healthz': 'ok\n',
          '/srv/www/cgi-bin/predict': { content: await image('predict'), mode: 0o755 },
        },
        links: Object.fromEntries(applets.map((applet) => [`/bin/${applet}`, 'busybox'])),
        directories: ['/tmp'],
        env: { PATH: '/bin', VERSION: version },
        entrypoint: ['/start'],
      },
      file,
    )
    files.push(file)
  }
  return files
}

async function staticBusybox(path?: string): Promise<Uint8Array> {
  for (const candidate of path === undefined ? ['/bin/busybox', '/usr/bin/busybox'] : [path]) {
    const bytes = await readFile(candidate).catch(() => undefined)
    if (bytes !== undefined && isStatic(bytes)) return bytes
  }
  throw new Error('a static busybox is needed: install the Debian package busybox-static, or say --busybox FILE')
}

/** A dynamic executable names its loader in a program header of type 3. Source: elf(5), 64 bits, little-endian. */
function isStatic(elf: Uint8Array): boolean {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength)
  if (elf.length < 64 || view.getUint32(0) !== 0x7f454c46) return false
  const table = Number(view.getBigUint64(32, true))
  const [size, count] = [view.getUint16(54, true), view.getUint16(56, true)]
  for (let at = 0; at < count; at += 1) {
    if (view.getUint32(table + at * size, true) === 3) return false
  }
  return true
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { out: { type: 'string', default: '.kapell/images' }, busybox: { type: 'string' } },
  })
  try {
    const files = await buildLanguageModel({
      outDir: values.out,
      ...(values.busybox === undefined ? {} : { busybox: values.busybox }),
    })
    for (const file of files) process.stdout.write(`${file}\n`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
