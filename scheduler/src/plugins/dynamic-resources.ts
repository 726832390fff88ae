import { unresolvable, type Plugin } from '../framework/plugin.ts'

const name = 'DynamicResources'

/**
 * Pods with resource claims wait: allocating devices is not part of this scheduler yet, and placing such a pod without
 * them would be worse than saying so.
 */
export const dynamicResources: Plugin = {
  name,
  preFilter: (_state, { pod }) =>
    (pod.spec?.resourceClaims ?? []).length === 0
      ? 'skip'
      : unresolvable(name, 'allocating resource claims is not supported by this scheduler'),
  postFilter: () => ({ message: 'no new claims to deallocate' }),
}
