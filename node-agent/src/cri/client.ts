import { connectGrpc, type ServiceClient } from './grpc-client.ts'
import { Events } from './gen/events_pb.ts'
import { ImageService, RuntimeService } from './gen/runtime_pb.ts'

export type RuntimeServiceClient = ServiceClient<typeof RuntimeService>
export type ImageServiceClient = ServiceClient<typeof ImageService>
export type EventsClient = ServiceClient<typeof Events>

/** A container runtime: containerd over CRI, or a scripted one that implements the same calls. */
export interface Cri {
  runtime: RuntimeServiceClient
  images: ImageServiceClient
  /** containerd's own event stream. */
  events: EventsClient
  socket: string
  close(): void
}

/** Milliseconds; upstream's runtime request timeout. Pulls say their own. */
const requestDeadlineMs = 120_000

/** Connects lazily: the first call tells whether the runtime answers. */
export function connectCri(socket: string): Cri {
  const connection = connectGrpc({ socket, metadata: { 'containerd-namespace': 'k8s.io' } })
  return {
    runtime: connection.service(RuntimeService, requestDeadlineMs),
    images: connection.service(ImageService, requestDeadlineMs),
    events: connection.service(Events, requestDeadlineMs),
    socket,
    close: () => connection.close(),
  }
}
