import { unresolvable, type Plugin } from '../../framework/plugin.ts'

const name = 'DynamicResources'

/** Where nobody knows of devices, pods with claims wait: placing one without its devices would be worse. */
export const withoutDevices: Plugin = {
  name,
  preFilter: (_state, { pod }) =>
    (pod.spec?.resourceClaims ?? []).length === 0 ? 'skip' : unresolvable(name, 'devices are not known here'),
  postFilter: () => ({ message: 'no new claims to deallocate' }),
}
