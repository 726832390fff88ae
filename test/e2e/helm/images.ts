import { execFileSync } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { buildImageArchive, type ImageFile } from '@kapell/node-agent/images/build'

const applets = 'sh cat echo hostname httpd id ls nc sleep touch true wget'

/** Archives of the two images that the charts name: busybox with a few applets, and node with the libraries it needs. */
export async function buildChartImages(outDir: string): Promise<void> {
  await buildImageArchive(
    {
      name: 'localhost/charts/busybox:1',
      files: { '/bin/busybox': { content: readFileSync('/bin/busybox'), mode: 0o755 } },
      links: Object.fromEntries(applets.split(' ').map((name) => [`/bin/${name}`, '/bin/busybox'])),
      directories: ['/tmp'],
      env: { PATH: '/bin' },
    },
    join(outDir, 'busybox.tar'),
  )
  const files: Record<string, ImageFile> = {
    '/bin/node': { content: readFileSync(realpathSync(process.execPath)), mode: 0o755 },
  }
  // Lines of ldd are "name => path (address)", or "path (address)" for the loader.
  for (const [, path = ''] of execFileSync('ldd', [process.execPath])
    .toString()
    .matchAll(/(\/\S+) \(0x/g))
    files[path] = { content: readFileSync(path), mode: 0o755 }
  await buildImageArchive(
    {
      name: 'localhost/charts/node:1',
      files,
      directories: ['/tmp'],
      env: { PATH: '/bin' },
      entrypoint: ['/bin/node'],
    },
    join(outDir, 'node.tar'),
  )
}
