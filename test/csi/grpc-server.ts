import {
  create,
  fromBinary,
  toBinary,
  type DescMethodUnary,
  type DescService,
  type MessageInitShape,
  type MessageShape,
} from '@bufbuild/protobuf'
import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js'

/** What answers a service's calls; those that are left out are answered with "unimplemented". */
export type Handlers<S extends DescService> = {
  [K in keyof S['method']]?: S['method'][K] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>) => Promise<MessageInitShape<O>> | MessageInitShape<O>
    : never
}

/** One service made ready for a server; its methods are unary. */
export function service<S extends DescService>(description: S, handlers: Handlers<S>) {
  const methods = Object.entries(description.method as Record<string, DescMethodUnary>)
  const definition = Object.fromEntries(
    methods.map(([key, { name, input, output }]) => [
      key,
      {
        path: `/${description.typeName}/${name}`,
        requestStream: false,
        responseStream: false,
        requestSerialize: (value: MessageShape<typeof input>) => Buffer.from(toBinary(input, value)),
        requestDeserialize: (bytes: Buffer) => fromBinary(input, bytes),
        responseSerialize: (value: MessageShape<typeof output>) => Buffer.from(toBinary(output, value)),
        responseDeserialize: (bytes: Buffer) => fromBinary(output, bytes),
      },
    ]),
  )
  const implementation = Object.fromEntries(
    methods.map(([key, { output }]) => [
      key,
      (call: ServerUnaryCall<unknown, unknown>, answer: sendUnaryData<unknown>) => {
        const handler = (handlers as Record<string, ((request: unknown) => unknown) | undefined>)[key]
        if (handler === undefined) {
          answer({ code: status.UNIMPLEMENTED, details: `${key} is not implemented` })
          return
        }
        Promise.resolve()
          .then(() => handler(call.request))
          .then((result) => answer(null, create(output, result as MessageInitShape<typeof output>)))
          .catch((error: unknown) => answer({ code: status.INTERNAL, details: (error as Error).message }))
      },
    ]),
  )
  return { definition, implementation }
}

/** Listens on a unix socket; the answer ends it. */
export async function listen(socket: string, services: readonly ReturnType<typeof service>[]): Promise<() => void> {
  const server = new Server()
  for (const { definition, implementation } of services) server.addService(definition, implementation)
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    )
  })
  return () => server.forceShutdown()
}
