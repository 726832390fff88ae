import { Nominations } from '../framework/nominations.ts'
import type { PluginHandle } from '../plugins/index.ts'
import { profilePlugins } from './profile.ts'
import { readConfiguration } from './read.ts'

const head = 'apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n'
const handle: PluginHandle = {
  namespaceLabels: () => ({}),
  namespacesGeneration: () => 0,
  serviceSelectors: () => [],
  controllerSelector: () => undefined,
  verdictOn: () => undefined,
  isLocal: () => true,
  nominations: new Nominations(),
  budgets: () => ({ all: [], generation: 0 }),
  evict: () => Promise.resolve(),
}
const pluginsOf = (profile: string) => {
  const [first] = readConfiguration(`${head}profiles:\n- ${profile.replaceAll('\n', '\n  ')}`).profiles
  if (first === undefined) throw new Error('no profile')
  return profilePlugins(first, handle)
}
const weights = (profile: string): Record<string, number> =>
  Object.fromEntries(pluginsOf(profile).map(({ plugin, weight }) => [plugin.name, weight]))

describe('readConfiguration', () => {
  it('has one profile with every default when nothing is said', () => {
    const read = readConfiguration(head)
    expect(read.profiles.map(({ schedulerName }) => schedulerName)).toEqual(['default-scheduler'])
    expect(read).toMatchObject({ percentageOfNodesToScore: 0, podInitialBackoffSeconds: 1, podMaxBackoffSeconds: 10 })
  })

  it.each([
    ['no YAML', 'a: [', /^not YAML/],
    ['another version', 'apiVersion: v1\nkind: KubeSchedulerConfiguration', /^apiVersion must be/],
    ['a field that is not there', `${head}profile: []`, /^profile: there is no such field/],
    ['a wrong type', `${head}profiles: 1`, /^profiles must be a list/],
    ['two of one name', `${head}profiles: [{}, {}]`, /two are called "default-scheduler"/],
    ['a percentage out of range', `${head}percentageOfNodesToScore: 101`, /integer from 0 to 100/],
    ['an extender without a URL', `${head}extenders: [{filterVerb: f}]`, /^extenders\[0\].urlPrefix must be a URL/],
    [
      'arguments that nobody takes',
      `${head}profiles: [{pluginConfig: [{name: NodeName, args: {}}]}]`,
      /^profiles\[0\].pluginConfig\[0\].name: "NodeName" takes no arguments/,
    ],
    [
      'a shape that falls back',
      `${head}profiles: [{pluginConfig: [{name: NodeResourcesFit, args: {scoringStrategy: {type: RequestedToCapacityRatio, requestedToCapacityRatio: {shape: [{utilization: 9, score: 1}, {utilization: 3, score: 1}]}}}}]}]`,
      /utilization must rise/,
    ],
  ])('refuses %s, naming the field', (_what, text, message) => {
    expect(() => readConfiguration(text)).toThrow(message)
  })
})

describe('profilePlugins', () => {
  it('changes the weight of a score', () => {
    const set = 'plugins:\n  score:\n    enabled: [{name: TaintToleration, weight: 9}]'
    expect(weights(set)).toMatchObject({ TaintToleration: 9, NodeAffinity: 2 })
  })

  it('takes a plug-in out of one extension point only', () => {
    const plugins = pluginsOf('plugins:\n  score:\n    disabled: [{name: NodeResourcesFit}]')
    const fit = plugins.find(({ plugin }) => plugin.name === 'NodeResourcesFit')?.plugin
    expect([fit?.filter === undefined, fit?.score === undefined]).toEqual([false, true])
  })

  it('disables everything and enables one again', () => {
    const set = "plugins:\n  multiPoint:\n    disabled: [{name: '*'}]\n    enabled: [{name: NodeName}]"
    expect(weights(set)).toEqual({ NodeName: 0 })
  })

  it('refuses plug-ins that nobody knows', () => {
    expect(() => pluginsOf('plugins:\n  filter:\n    enabled: [{name: Nope}]')).toThrow(
      'plugins.filter: there is no plug-in "Nope"',
    )
  })
})
