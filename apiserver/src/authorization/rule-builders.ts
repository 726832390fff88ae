import type { V1PolicyRule } from '@kapell/openapi/types'

/** Rules in short: words are separated by spaces, `core` is the core group. */
const words = (text: string): string[] => text.split(' ').map((word) => (word === 'core' ? '' : word))

export function rule(verbs: string, groups: string, resources: string, names?: string): V1PolicyRule {
  return {
    verbs: words(verbs),
    apiGroups: words(groups),
    resources: words(resources),
    ...(names === undefined ? {} : { resourceNames: words(names) }),
  }
}

export function urls(verbs: string, paths: string): V1PolicyRule {
  return { verbs: words(verbs), nonResourceURLs: words(paths) }
}
