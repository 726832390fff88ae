import type { V1Lifecycle, V1Probe } from '@kapell/openapi/types'
import { forbidden, invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { httpHeaderName, portName } from '@kapell/openapi/meta/names'
import { inRange, nameErrors, nonNegative, unsupported, type IntOrString } from '../../../common/validation.ts'

/** Probes and lifecycle hooks. Source: "Configure Liveness, Readiness and Startup Probes". */

interface Handler {
  exec?: { command?: string[] }
  httpGet?: { host?: string; path?: string; port: IntOrString; scheme?: string; httpHeaders?: { name: string }[] }
  tcpSocket?: { port: IntOrString }
  grpc?: { port: number }
  sleep?: { seconds: number }
}

export function validatePort(at: FieldPath, port: IntOrString): FieldError[] {
  return typeof port === 'number' ? inRange(at, port, 1, 65535) : nameErrors(at, port, portName)
}

function validateHandler(handler: Handler, at: FieldPath, graceSeconds: number | undefined): FieldError[] {
  const errors: FieldError[] = []
  let handlers = 0
  const only = (field: keyof Handler, check: (here: FieldPath) => FieldError[]): void => {
    const here = at.child(field)
    if (handlers > 0) errors.push(forbidden(here, 'may not specify more than 1 handler type'))
    else errors.push(...check(here))
    handlers++
  }
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler
  if (exec !== undefined)
    only('exec', (here) => ((exec.command ?? []).length === 0 ? [required(here.child('command'))] : []))
  if (httpGet !== undefined) only('httpGet', (here) => validateHttpGet(httpGet, here))
  if (tcpSocket !== undefined) only('tcpSocket', (here) => validatePort(here.child('port'), tcpSocket.port ?? 0))
  if (grpc !== undefined) only('grpc', (here) => inRange(here.child('port'), grpc.port ?? 0, 1, 65535))
  if (sleep !== undefined) only('sleep', (here) => validateSleep(sleep.seconds ?? 0, here, graceSeconds))
  if (handlers === 0) errors.push(required(at, 'must specify a handler type'))
  return errors
}

function validateHttpGet(get: NonNullable<Handler['httpGet']>, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if ((get.path ?? '') === '') errors.push(required(at.child('path')))
  errors.push(...validatePort(at.child('port'), get.port))
  const scheme = get.scheme ?? ''
  if (scheme !== 'HTTP' && scheme !== 'HTTPS') errors.push(unsupported(at.child('scheme'), scheme, ['HTTP', 'HTTPS']))
  for (const header of get.httpHeaders ?? []) {
    errors.push(...nameErrors(at.child('httpHeaders'), header.name, httpHeaderName))
  }
  return errors
}

function validateSleep(seconds: number, at: FieldPath, graceSeconds: number | undefined): FieldError[] {
  const grace = graceSeconds ?? 0
  return seconds < 0 || (graceSeconds !== undefined && seconds > grace)
    ? [invalid(at, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`)]
    : []
}

type ProbeKind = 'liveness' | 'readiness' | 'startup'

export function validateProbe(probe: V1Probe | undefined, kind: ProbeKind, at: FieldPath): FieldError[] {
  if (probe === undefined) return []
  const errors = validateHandler(probe, at, undefined)
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    if ((probe[field] ?? 0) < 0) errors.push(...nonNegative(at.child(field), probe[field]))
  }
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0) {
    errors.push(invalid(at.child('terminationGracePeriodSeconds'), grace, 'must be greater than 0'))
  }
  if (kind === 'readiness') {
    if (grace !== undefined) {
      errors.push(invalid(at.child('terminationGracePeriodSeconds'), grace, 'must not be set for readinessProbes'))
    }
  } else if (probe.successThreshold !== 1) {
    errors.push(invalid(at.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1'))
  }
  return errors
}

export function validateLifecycle(
  lifecycle: V1Lifecycle | undefined,
  graceSeconds: number | undefined,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = []
  if (lifecycle?.postStart !== undefined) {
    errors.push(...validateHandler(lifecycle.postStart, at.child('postStart'), graceSeconds))
  }
  if (lifecycle?.preStop !== undefined) {
    errors.push(...validateHandler(lifecycle.preStop, at.child('preStop'), graceSeconds))
  }
  return errors
}
