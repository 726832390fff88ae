import { parse } from 'yaml'
import {
  defaultConfiguration,
  pluginPoints,
  type ExtenderConfiguration,
  type PluginPoint,
  type PluginSet,
  type Profile,
  type SchedulerConfiguration,
} from './configuration.ts'
import { pluginArgs } from './plugin-args.ts'
import { ConfigurationError, Fields } from './reader.ts'

/**
 * Reads a `KubeSchedulerConfiguration` of kubescheduler.config.k8s.io/v1, YAML or JSON. What upstream's has for its own
 * process (leaderElection, clientConnection, parallelism and the like) is accepted and changes nothing here.
 * @throws ConfigurationError
 */
export function readConfiguration(text: string): SchedulerConfiguration {
  const top = new Fields(parsed(text), '')
  top.only(...ours, ...ofTheProcess)
  if (top.text('apiVersion') !== 'kubescheduler.config.k8s.io/v1')
    throw new ConfigurationError('apiVersion must be kubescheduler.config.k8s.io/v1')
  if (top.text('kind') !== 'KubeSchedulerConfiguration')
    throw new ConfigurationError('kind must be KubeSchedulerConfiguration')
  const profiles = top.list('profiles').map(profile)
  const names = profiles.map(({ schedulerName }) => schedulerName)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new ConfigurationError(`profiles: two are called "${twice}"`)
  const seconds = { least: 1, most: 3600 }
  const configuration = {
    profiles: profiles.length === 0 ? defaultConfiguration.profiles : profiles,
    percentageOfNodesToScore: top.integer('percentageOfNodesToScore', { least: 0, most: 100 }) ?? 0,
    podInitialBackoffSeconds: top.integer('podInitialBackoffSeconds', seconds) ?? 1,
    podMaxBackoffSeconds: top.integer('podMaxBackoffSeconds', seconds) ?? 10,
    extenders: top.list('extenders').map(extender),
  }
  if (configuration.podMaxBackoffSeconds < configuration.podInitialBackoffSeconds)
    throw new ConfigurationError('podMaxBackoffSeconds must not be less than podInitialBackoffSeconds')
  if (configuration.extenders.filter(({ bindVerb }) => bindVerb !== '').length > 1)
    throw new ConfigurationError('extenders: only one can implement bind')
  return configuration
}

const ours = [
  'apiVersion',
  'kind',
  'profiles',
  'percentageOfNodesToScore',
  'podInitialBackoffSeconds',
  'podMaxBackoffSeconds',
  'extenders',
]
const ofTheProcess = [
  'parallelism',
  'leaderElection',
  'clientConnection',
  'enableProfiling',
  'enableContentionProfiling',
  'delayCacheUntilActive',
]

function parsed(text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    throw new ConfigurationError(`not YAML: ${(error as Error).message.split('\n')[0]}`, { cause: error })
  }
}

function profile(fields: Fields): Profile {
  fields.only('schedulerName', 'percentageOfNodesToScore', 'plugins', 'pluginConfig')
  const percentage = fields.integer('percentageOfNodesToScore', { least: 0, most: 100 })
  return {
    schedulerName: fields.text('schedulerName') ?? 'default-scheduler',
    plugins: plugins(fields.object('plugins')?.only(...pluginPoints)),
    args: pluginArgs(fields.list('pluginConfig')),
    ...(percentage === undefined ? {} : { percentageOfNodesToScore: percentage }),
  }
}

function plugins(fields: Fields | undefined): Profile['plugins'] {
  const sets: Partial<Record<PluginPoint, PluginSet>> = {}
  for (const point of pluginPoints) {
    const set = fields?.object(point)?.only('enabled', 'disabled')
    if (set === undefined) continue
    sets[point] = {
      enabled: set.list('enabled').map((one) => {
        const weight = one.only('name', 'weight').integer('weight', { least: 0, most: 100 })
        return { name: one.text('name') ?? '', ...(weight === undefined || weight === 0 ? {} : { weight }) }
      }),
      disabled: set.list('disabled').map((one) => one.only('name', 'weight').text('name') ?? ''),
    }
  }
  return sets
}

function extender(fields: Fields): ExtenderConfiguration {
  fields.only(
    'urlPrefix',
    'filterVerb',
    'prioritizeVerb',
    'bindVerb',
    'preemptVerb',
    'weight',
    'enableHTTPS',
    'tlsConfig',
    'httpTimeout',
    'nodeCacheCapable',
    'managedResources',
    'ignorable',
  )
  const urlPrefix = fields.text('urlPrefix') ?? ''
  if (!URL.canParse(urlPrefix)) throw new ConfigurationError(`${fields.path('urlPrefix')} must be a URL`)
  if (fields.raw('tlsConfig') !== undefined)
    throw new ConfigurationError(`${fields.path('tlsConfig')} is not supported; use a urlPrefix that is trusted`)
  const prioritizeVerb = fields.text('prioritizeVerb') ?? ''
  const weight = fields.integer('weight', { least: 0, most: 2 ** 31 - 1 }) ?? 0
  if (prioritizeVerb !== '' && weight < 1)
    throw new ConfigurationError(`${fields.path('weight')} must be positive when there is a prioritizeVerb`)
  return {
    urlPrefix: urlPrefix.replace(/\/$/, ''),
    filterVerb: fields.text('filterVerb') ?? '',
    prioritizeVerb,
    bindVerb: fields.text('bindVerb') ?? '',
    preemptVerb: fields.text('preemptVerb') ?? '',
    weight,
    httpTimeoutMs: timeout(fields),
    nodeCacheCapable: fields.flag('nodeCacheCapable') ?? false,
    managedResources: fields.list('managedResources').map((one) => ({
      name: one.only('name', 'ignoredByScheduler').text('name') ?? '',
      ignoredByScheduler: one.flag('ignoredByScheduler') ?? false,
    })),
    ignorable: fields.flag('ignorable') ?? false,
  }
}

/** As "5s" or "200ms"; upstream's default is five seconds. */
function timeout(fields: Fields): number {
  const text = fields.text('httpTimeout') ?? '5s'
  const [, amount = '', unit = ''] = /^(\d{1,6})(ms|s|m)$/.exec(text) ?? []
  const unitMs = { ms: 1, s: 1000, m: 60_000 }[unit]
  if (unitMs === undefined) throw new ConfigurationError(`${fields.path('httpTimeout')} must be a duration such as 5s`)
  return Number(amount) * unitMs
}
