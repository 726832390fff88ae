import { fromBinary } from '@bufbuild/protobuf'
import type { Cri } from './client.ts'
import { TaskEventSchema, TaskExitSchema, type Envelope } from './gen/events_pb.ts'
import { ContainerEventType } from './gen/runtime_pb.ts'
import { isUnimplemented } from './grpc-client.ts'

/** Something happened to a container or a sandbox (CRI gives both ids of one kind). */
export interface ContainerEvent {
  type: 'started' | 'exited' | 'oom' | 'deleted'
  containerId: string
}

const topics = ['/tasks/start', '/tasks/exit', '/tasks/oom', '/containers/delete']

/**
 * Events as they happen, until the signal aborts or the runtime goes away (then it throws RuntimeCallError: subscribe
 * again and list, events in between are lost). containerd's own stream exists in all its versions; CRI's, which
 * other runtimes have, is used where that is missing.
 */
export async function* containerEvents(cri: Cri, signal: AbortSignal): AsyncGenerator<ContainerEvent> {
  try {
    const filters = topics.map((topic) => `namespace==k8s.io,topic=="${topic}"`)
    for await (const envelope of cri.events.subscribe({ filters }, { signal })) {
      const event = readEnvelope(envelope)
      if (event !== undefined) yield event
    }
  } catch (error) {
    if (!isUnimplemented(error)) throw error
    for await (const event of cri.runtime.getContainerEvents({}, { signal })) {
      const type = criType(event.containerEventType)
      if (type !== undefined) yield { type, containerId: event.containerId }
    }
  }
}

function readEnvelope(envelope: Envelope): ContainerEvent | undefined {
  const bytes = envelope.event?.value
  if (bytes === undefined) return undefined
  if (envelope.topic === '/tasks/exit') {
    const exit = fromBinary(TaskExitSchema, bytes)
    // The end of an exec is not the end of its container.
    return exit.id === exit.containerId ? { type: 'exited', containerId: exit.containerId } : undefined
  }
  const { containerId } = fromBinary(TaskEventSchema, bytes)
  if (envelope.topic === '/tasks/start') return { type: 'started', containerId }
  if (envelope.topic === '/tasks/oom') return { type: 'oom', containerId }
  return { type: 'deleted', containerId }
}

function criType(type: ContainerEventType): ContainerEvent['type'] | undefined {
  switch (type) {
    case ContainerEventType.CONTAINER_STARTED_EVENT:
      return 'started'
    case ContainerEventType.CONTAINER_STOPPED_EVENT:
      return 'exited'
    case ContainerEventType.CONTAINER_DELETED_EVENT:
      return 'deleted'
    case ContainerEventType.CONTAINER_CREATED_EVENT:
      return undefined
  }
}
