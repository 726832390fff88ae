import type { V1Service } from '@kapell/openapi/types'

/** Variables in the manner of Docker links for every Service of the namespace. Source: docs, "Discovering services". */
export function serviceEnv(services: readonly V1Service[]): Map<string, string> {
  const env = new Map<string, string>()
  for (const service of services) {
    const ip = service.spec?.clusterIP
    const ports = service.spec?.ports ?? []
    if (ip === undefined || ip === '' || ip === 'None' || ports.length === 0) continue
    const prefix = envName(service.metadata?.name ?? '')
    env.set(`${prefix}_SERVICE_HOST`, ip)
    env.set(`${prefix}_SERVICE_PORT`, String(ports[0]!.port))
    for (const port of ports) {
      if (port.name !== undefined && port.name !== '')
        env.set(`${prefix}_SERVICE_PORT_${envName(port.name)}`, String(port.port))
    }
    const host = ip.includes(':') ? `[${ip}]` : ip
    ports.forEach((port, index) => {
      const protocol = port.protocol ?? 'TCP'
      const url = `${protocol.toLowerCase()}://${host}:${port.port}`
      const stem = `${prefix}_PORT_${port.port}_${protocol}`
      if (index === 0) env.set(`${prefix}_PORT`, url)
      env.set(stem, url)
      env.set(`${stem}_PROTO`, protocol.toLowerCase())
      env.set(`${stem}_PORT`, String(port.port))
      env.set(`${stem}_ADDR`, ip)
    })
  }
  return env
}

const envName = (name: string): string => name.toUpperCase().replaceAll('-', '_')
