import type { V1APIService } from '@kapell/openapi/types'

/** A group's version that another API server answers for, as an APIService names it. */
export interface RemoteService {
  /** "v1beta1.metrics.k8s.io". */
  name: string
  group: string
  version: string
  service: { namespace: string; name: string; port: number }
  /** PEM; whom to believe. Undefined: the machine's own authorities. */
  ca: string | undefined
  insecureSkipTlsVerify: boolean
  groupPriority: number
  versionPriority: number
}

const defaultPort = 443

/** Undefined for what this server answers itself. */
export function remoteOf(object: V1APIService): RemoteService | undefined {
  const { spec } = object
  if (spec?.service === undefined) return undefined
  const { group = '', version = '', caBundle = '', service } = spec
  return {
    name: object.metadata?.name ?? '',
    group,
    version,
    service: {
      namespace: service.namespace ?? '',
      name: service.name ?? '',
      port: service.port ?? defaultPort,
    },
    ca: caBundle === '' ? undefined : Buffer.from(caBundle, 'base64').toString('utf8'),
    insecureSkipTlsVerify: spec.insecureSkipTLSVerify === true,
    groupPriority: spec.groupPriorityMinimum,
    versionPriority: spec.versionPriority,
  }
}

export const serverNameOf = ({ service }: RemoteService): string => `${service.name}.${service.namespace}.svc`
