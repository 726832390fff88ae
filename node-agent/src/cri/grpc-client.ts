import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf'
import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js'

export interface GrpcCallOptions {
  /** Milliseconds until the call fails with DEADLINE_EXCEEDED; 0 for none (streams). */
  deadlineMs?: number
  /** Aborting cancels the call. */
  signal?: AbortSignal
}

type Call<M> =
  M extends DescMethodUnary<infer I extends DescMessage, infer O extends DescMessage>
    ? (request: MessageInitShape<I>, options?: GrpcCallOptions) => Promise<MessageShape<O>>
    : M extends DescMethodServerStreaming<infer I extends DescMessage, infer O extends DescMessage>
      ? (request: MessageInitShape<I>, options?: GrpcCallOptions) => AsyncIterable<MessageShape<O>>
      : never

/** One function a method, named as in the service: what a fake runtime implements too. */
export type ServiceClient<S extends DescService> = { [K in keyof S['method']]: Call<S['method'][K]> }

/** A failed call. `code` is gRPC's: 5 not found, 12 unimplemented, 14 unavailable. */
export class RuntimeCallError extends Error {
  readonly code: number
  readonly method: string
  /** What the runtime itself said. */
  readonly details: string
  constructor(method: string, error: { code: number; details: string }, socket: string) {
    super(describe(method, error, socket))
    this.name = 'RuntimeCallError'
    this.code = error.code
    this.method = method
    this.details = error.details
  }
}

function describe(method: string, error: { code: number; details: string }, socket: string): string {
  if (error.code === Number(status.UNAVAILABLE)) {
    return `the container runtime does not answer on ${socket} (${method}): is containerd running? ${error.details}`
  }
  if (error.code === Number(status.DEADLINE_EXCEEDED)) {
    return `the container runtime on ${socket} took too long to answer ${method}`
  }
  return `rpc error: code = ${codeName(error.code)} desc = ${error.details}`
}

/** NOT_FOUND as the runtime's Go clients print it: NotFound. */
function codeName(code: number): string {
  const name = status[code] ?? 'UNKNOWN'
  return name
    .toLowerCase()
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}

export const isNotFound = (error: unknown): boolean => error instanceof RuntimeCallError && error.code === 5
export const isDeadlineExceeded = (error: unknown): boolean => error instanceof RuntimeCallError && error.code === 4
export const isUnimplemented = (error: unknown): boolean => error instanceof RuntimeCallError && error.code === 12
export const isUnavailable = (error: unknown): boolean => error instanceof RuntimeCallError && error.code === 14

export interface GrpcConnection {
  service<S extends DescService>(service: S, defaultDeadlineMs: number): ServiceClient<S>
  close(): void
}

const maxMessageBytes = 64 * 1024 * 1024

/** A connection to a gRPC server on a unix socket; it reconnects by itself, soon, for as long as it lives. */
export function connectGrpc(options: { socket: string; metadata?: Record<string, string> }): GrpcConnection {
  const { socket } = options
  const client = new Client(`unix:${socket}`, credentials.createInsecure(), {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.min_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 1000,
  })
  const metadata = (): Metadata => {
    const result = new Metadata()
    for (const [key, value] of Object.entries(options.metadata ?? {})) result.set(key, value)
    return result
  }

  const unary = (service: DescService, method: DescMethod, defaultDeadlineMs: number) => {
    const path = `/${service.typeName}/${method.name}`
    return (request: MessageInitShape<DescMessage>, call: GrpcCallOptions = {}): Promise<MessageShape<DescMessage>> =>
      new Promise((resolve, reject) => {
        if (call.signal?.aborted === true) {
          reject(call.signal.reason as Error)
          return
        }
        const deadlineMs = call.deadlineMs ?? defaultDeadlineMs
        const abort = (): void => running.cancel()
        const running = client.makeUnaryRequest(
          path,
          (value: MessageShape<DescMessage>) => Buffer.from(toBinary(method.input, value)),
          (bytes: Buffer) => fromBinary(method.output, bytes),
          create(method.input, request),
          metadata(),
          deadlineMs > 0 ? { deadline: Date.now() + deadlineMs } : {},
          (error: ServiceError | null, value?: MessageShape<DescMessage>) => {
            call.signal?.removeEventListener('abort', abort)
            if (error === null && value !== undefined) resolve(value)
            else if (call.signal?.aborted === true) reject(call.signal.reason as Error)
            else reject(new RuntimeCallError(method.name, error ?? { code: 13, details: 'no answer' }, socket))
          },
        )
        call.signal?.addEventListener('abort', abort, { once: true })
      })
  }

  const serverStreaming = (service: DescService, method: DescMethod) => {
    const path = `/${service.typeName}/${method.name}`
    return async function* (
      request: MessageInitShape<DescMessage>,
      call: GrpcCallOptions = {},
    ): AsyncGenerator<MessageShape<DescMessage>> {
      const stream = client.makeServerStreamRequest(
        path,
        (value: MessageShape<DescMessage>) => Buffer.from(toBinary(method.input, value)),
        (bytes: Buffer) => fromBinary(method.output, bytes),
        create(method.input, request),
        metadata(),
        call.deadlineMs !== undefined && call.deadlineMs > 0 ? { deadline: Date.now() + call.deadlineMs } : {},
      )
      const abort = (): void => stream.cancel()
      call.signal?.addEventListener('abort', abort, { once: true })
      try {
        for await (const message of stream) yield message as MessageShape<DescMessage>
      } catch (error) {
        if (call.signal?.aborted === true) return
        throw new RuntimeCallError(method.name, error as ServiceError, socket)
      } finally {
        call.signal?.removeEventListener('abort', abort)
        stream.cancel()
      }
    }
  }

  return {
    service<S extends DescService>(service: S, defaultDeadlineMs: number) {
      const calls = Object.entries(service.method).map(([key, method]: [string, DescMethod]) => [
        key,
        method.methodKind === 'unary' ? unary(service, method, defaultDeadlineMs) : serverStreaming(service, method),
      ])
      return Object.fromEntries(calls) as ServiceClient<S>
    },
    close: () => client.close(),
  }
}
