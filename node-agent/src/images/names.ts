const reference =
  /^(?<name>(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>[a-z0-9]+:[0-9a-f]{32,}))?$/

/**
 * The full name of an image, as CRI knows it: "busybox" is docker.io/library/busybox:latest.
 * Errors: not an image reference. Source: the distribution project's reference grammar.
 */
export function normalizeImageName(name: string): string {
  const parsed = reference.exec(name)?.groups
  if (parsed === undefined) throw new Error(`"${name}" is not a valid image name`)
  const path = parsed['name']!
  const slash = path.indexOf('/')
  const first = slash < 0 ? '' : path.slice(0, slash)
  const hasDomain = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase()
  const domain = hasDomain ? (first === 'index.docker.io' ? 'docker.io' : first) : 'docker.io'
  const rest = hasDomain ? path.slice(slash + 1) : path
  const full = `${domain}/${domain === 'docker.io' && !rest.includes('/') ? 'library/' : ''}${rest}`
  const digest = parsed['digest']
  const tag = parsed['tag'] ?? (digest === undefined ? 'latest' : undefined)
  return `${full}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`
}

interface IndexManifest {
  digest?: string
  annotations?: Record<string, string>
}

export interface ArchiveName {
  name: string
  /** Of the manifest; absent for docker's format. */
  digest?: string
  /** The importer of containerd will not find this name by itself. */
  needsTag: boolean
}

/**
 * The names under which the images of an archive are to be known. Docker archives say them in RepoTags; OCI layouts
 * in annotations: containerd's own, or "ref.name", which is a full reference with some tools and only a tag with
 * others: then the file's name is the image's.
 */
export function archiveNames(archive: {
  indexJson?: string | undefined
  manifestJson?: string | undefined
  fileName: string
}): ArchiveName[] {
  const index = parse(archive.indexJson) as { manifests?: IndexManifest[] } | undefined
  const docker = parse(archive.manifestJson) as { RepoTags?: string[] | null }[] | undefined
  const manifests = Array.isArray(index?.manifests) ? index.manifests : []
  const own = manifests.flatMap(({ digest, annotations = {} }): ArchiveName[] => {
    const known = annotations['io.containerd.image.name']
    if (known !== undefined) return [{ name: normalizeImageName(known), ...(digest && { digest }), needsTag: false }]
    return []
  })
  if (own.length > 0) return unique(own)
  const tags = Array.isArray(docker) ? docker.flatMap((each) => each.RepoTags ?? []) : []
  if (index === undefined && tags.length > 0) {
    return unique(tags.map((tag) => ({ name: normalizeImageName(tag), needsTag: false })))
  }
  const base = archive.fileName
    .replace(/\.(tar|tgz|tar\.gz)$/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  const fromRefs = manifests.flatMap(({ digest, annotations = {} }): ArchiveName[] => {
    const ref = annotations['org.opencontainers.image.ref.name']
    if (digest === undefined) return []
    const name = ref === undefined ? `${base}:latest` : /[/:]/.test(ref) ? ref : `${base}:${ref}`
    return [{ name: normalizeImageName(name), digest, needsTag: true }]
  })
  // Docker before 25 wrote no names into the index, but RepoTags beside it: one image, so the digest is its.
  if (tags.length > 0 && manifests.length === 1 && manifests[0]!.digest !== undefined) {
    const digest = manifests[0]!.digest
    return unique(tags.map((tag) => ({ name: normalizeImageName(tag), digest, needsTag: true })))
  }
  return unique(fromRefs)
}

function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('the archive holds a malformed index')
  }
}

const unique = (names: ArchiveName[]): ArchiveName[] => [...new Map(names.map((each) => [each.name, each])).values()]
