import { createHash } from 'node:crypto'
import { rename, rm, writeFile } from 'node:fs/promises'
import { normalizeImageName } from './names.ts'
import { tarArchive, type TarEntry } from './tar.ts'

export interface ImageFile {
  content: Uint8Array | string
  /** Default 0644. */
  mode?: number
}

/** An image of one layer, from a few files. */
export interface ImageSpec {
  /** One name or several, as in a pod: "model:v1" becomes docker.io/library/model:v1. */
  name: string | readonly string[]
  /** Absolute path in the image to content; missing parent directories are made. */
  files: Record<string, ImageFile | Uint8Array | string>
  /** Absolute path of a link in the image to its target. */
  links?: Record<string, string>
  /** Empty directories, absolute. */
  directories?: readonly string[]
  entrypoint?: readonly string[]
  cmd?: readonly string[]
  env?: Record<string, string>
  workingDir?: string
  user?: string
  labels?: Record<string, string>
  /** Default: this machine's. */
  architecture?: 'x64' | 'arm64'
}

export interface BuiltImage {
  names: string[]
  /** Digest of the manifest. */
  digest: string
  sizeBytes: number
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
const bytesOf = (content: Uint8Array | string) =>
  typeof content === 'string' ? new TextEncoder().encode(content) : content

/**
 * Writes an image archive that both `docker load` and OCI tools read (OCI image layout plus docker's manifest.json).
 * The same input gives the same bytes and so the same digest. The file appears whole or not at all.
 */
export async function buildImageArchive(image: ImageSpec, outFile: string): Promise<BuiltImage> {
  const { bytes, built } = imageArchive(image)
  const temporary = `${outFile}.${process.pid}.part`
  try {
    await writeFile(temporary, bytes)
    await rename(temporary, outFile)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  return built
}

/** The archive in memory. Errors: a name that is none, a path that is not absolute. */
export function imageArchive(image: ImageSpec): { bytes: Uint8Array; built: BuiltImage } {
  const names = [image.name].flat().map(normalizeImageName)
  const layer = tarArchive(layerEntries(image))
  const layerDigest = sha256(layer)
  const config = json({
    architecture: (image.architecture ?? process.arch) === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {
      ...(image.entrypoint === undefined ? {} : { Entrypoint: image.entrypoint }),
      ...(image.cmd === undefined ? {} : { Cmd: image.cmd }),
      ...(image.env === undefined ? {} : { Env: Object.entries(image.env).map(([key, value]) => `${key}=${value}`) }),
      ...(image.workingDir === undefined ? {} : { WorkingDir: image.workingDir }),
      ...(image.user === undefined ? {} : { User: image.user }),
      ...(image.labels === undefined ? {} : { Labels: image.labels }),
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'kapell' }],
  })
  const configDigest = sha256(config)
  const manifestType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = json({
    schemaVersion: 2,
    mediaType: manifestType,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      digest: `sha256:${configDigest}`,
      size: config.length,
    },
    layers: [
      { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: `sha256:${layerDigest}`, size: layer.length },
    ],
  })
  const digest = sha256(manifest)
  const index = {
    schemaVersion: 2,
    manifests: names.map((name) => ({
      mediaType: manifestType,
      digest: `sha256:${digest}`,
      size: manifest.length,
      annotations: {
        'io.containerd.image.name': name,
        'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
      },
    })),
  }
  const blob = (hash: string) => `blobs/sha256/${hash}`
  const docker = [{ Config: blob(configDigest), RepoTags: names, Layers: [blob(layerDigest)] }]
  const bytes = tarArchive([
    { path: 'oci-layout', content: json({ imageLayoutVersion: '1.0.0' }) },
    { path: 'index.json', content: json(index) },
    { path: 'manifest.json', content: json(docker) },
    { path: 'blobs' },
    { path: 'blobs/sha256' },
    { path: blob(digest), content: manifest },
    { path: blob(configDigest), content: config },
    { path: blob(layerDigest), content: layer },
  ])
  return { bytes, built: { names, digest: `sha256:${digest}`, sizeBytes: bytes.length } }
}

function layerEntries(image: ImageSpec): TarEntry[] {
  const entries = new Map<string, TarEntry>()
  const relative = (path: string) => {
    if (!path.startsWith('/') || path.split('/').includes('..')) throw new Error(`"${path}" must be an absolute path`)
    return path.slice(1).replace(/\/+$/, '')
  }
  const addDirectory = (path: string) => {
    const parts = path.split('/')
    parts.forEach((_, at) => {
      const each = parts.slice(0, at + 1).join('/')
      if (each !== '' && !entries.has(each))
        entries.set(each, { path: each, ...(each === 'tmp' ? { mode: 0o1777 } : {}) })
    })
  }
  const parent = (path: string) => path.split('/').slice(0, -1).join('/')
  for (const path of image.directories ?? []) addDirectory(relative(path))
  for (const [path, file] of Object.entries(image.files)) {
    const at = relative(path)
    addDirectory(parent(at))
    const plain: ImageFile = typeof file === 'string' || file instanceof Uint8Array ? { content: file } : file
    entries.set(at, { path: at, content: bytesOf(plain.content), mode: plain.mode ?? 0o644 })
  }
  for (const [path, target] of Object.entries(image.links ?? {})) {
    const at = relative(path)
    addDirectory(parent(at))
    entries.set(at, { path: at, linkTo: target, mode: 0o777 })
  }
  return [...entries.values()]
}
