import type { V1ContainerPort, V1PodSpec } from '@kapell/openapi/types'
import type { FieldPath } from '@kapell/openapi/meta/field-errors'

interface Placed {
  port: V1ContainerPort
  container: string
  at: string
}

/** Ports that say the same as others, and addresses of a host's port that is not asked for. */
export function portWarnings(spec: V1PodSpec, at: FieldPath): string[] {
  const placed: Placed[] = []
  for (const field of ['initContainers', 'containers'] as const) {
    for (const [i, container] of (spec[field] ?? []).entries()) {
      // Init containers that end have let go of their ports.
      if (field === 'initContainers' && container.restartPolicy !== 'Always') continue
      const here = at.child(field).index(i)
      for (const [j, port] of (container.ports ?? []).entries()) {
        placed.push({ port, container: here.text, at: here.child('ports').index(j).text })
      }
    }
  }
  const hosts: string[] = []
  const repeated: string[] = []
  const named: string[] = []
  const names = new Map<string, Placed>()
  for (const [i, { port, container, at: here }] of placed.entries()) {
    if ((port.hostIP ?? '') !== '' && (port.hostPort ?? 0) === 0) {
      hosts.push(`${here}: hostIP set without hostPort: ${shown(port)}`)
    }
    for (const other of placed.slice(0, i)) {
      if (isSame(port, other.port)) repeated.push(`${here}: duplicate port definition with ${other.at}`)
    }
    const name = port.name ?? ''
    const first = names.get(name)
    if (name === '') continue
    if (first === undefined) names.set(name, { port, container, at: here })
    else if (first.container !== container) {
      const effect = `services and probes that select ports by name will use ${first.at}`
      named.push(`${here}: duplicate port name ${JSON.stringify(name)} with ${first.at}, ${effect}`)
    }
  }
  return [...hosts, ...repeated, ...named]
}

function isSame(a: V1ContainerPort, b: V1ContainerPort): boolean {
  const key = (p: V1ContainerPort): string =>
    `${p.protocol ?? ''} ${p.containerPort} ${p.hostPort ?? 0} ${p.hostIP ?? ''}`
  return key(a) === key(b)
}

const shown = (p: V1ContainerPort): string =>
  `{Name:${p.name ?? ''} HostPort:${p.hostPort ?? 0} ContainerPort:${p.containerPort} Protocol:${p.protocol ?? ''} HostIP:${p.hostIP ?? ''}}`
