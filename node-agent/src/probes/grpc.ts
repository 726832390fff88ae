import { Client, credentials, status, type ServiceError } from '@grpc/grpc-js'
import type { CheckResult } from './check.ts'

/**
 * grpc.health.v1.Health/Check. Both messages have one field: the request a string `service`, the answer a number
 * `status` (1 is serving), so their bytes are written and read by hand.
 */
export function checkGrpc(target: {
  host: string
  port: number
  service: string
  timeoutMs: number
}): Promise<CheckResult> {
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  const client = new Client(`${host}:${target.port}`, credentials.createInsecure(), {
    'grpc.primary_user_agent': 'kube-probe/1.36',
  })
  const name = Buffer.from(target.service)
  const length = name.length < 128 ? [name.length] : [(name.length & 127) | 128, name.length >> 7]
  const body = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, ...length]), name])
  return new Promise<CheckResult>((resolve) => {
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      (value: Buffer) => value,
      (bytes: Buffer) => bytes,
      body,
      { deadline: Date.now() + target.timeoutMs },
      (error: ServiceError | null, answer?: Buffer) => resolve(verdict(error, answer, target)),
    )
  }).finally(() => client.close())
}

function verdict(
  error: ServiceError | null,
  answer: Buffer | undefined,
  target: { host: string; port: number; timeoutMs: number },
): CheckResult {
  if (error !== null) {
    if (error.code === Number(status.UNIMPLEMENTED)) {
      return {
        ok: false,
        output: `this server does not implement the grpc health protocol (grpc.health.v1.Health): ${error.details}`,
      }
    }
    if (error.code === Number(status.DEADLINE_EXCEEDED) || error.code === Number(status.UNAVAILABLE)) {
      return {
        ok: false,
        output: `timeout: failed to connect service "${target.host}:${target.port}" within ${target.timeoutMs / 1000}s: context deadline exceeded`,
      }
    }
    return { ok: false, output: `error: health rpc probe failed: ${error.message}` }
  }
  const serving = answer !== undefined && answer[0] === 0x08 && answer[1] === 1
  const names = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
  const given = answer?.[0] === 0x08 ? (answer[1] ?? 0) : 0
  return serving
    ? { ok: true, output: '' }
    : { ok: false, output: `service unhealthy (responded with "${names[given] ?? 'UNKNOWN'}")` }
}
