import { Client, credentials, type ServiceError } from '@grpc/grpc-js'

/** One call with the bytes already made: for asking whether a runtime answers, without its generated client. */
export class RawCri {
  readonly #client: Client

  constructor(socket: string) {
    this.#client = new Client(`unix://${socket}`, credentials.createInsecure(), {
      // A containerd that is just starting must be tried again at once, not after a second.
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 500,
    })
  }

  call(path: string, request: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => new Uint8Array(bytes),
        request,
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, answer?: Uint8Array) => {
          if (error !== null || answer === undefined) reject(error ?? new Error('no answer'))
          else resolve(answer)
        },
      )
    })
  }

  close(): void {
    this.#client.close()
  }
}

/** A protobuf field of wire type 2: string, bytes or message. */
export function lengthDelimited(field: number, value: Uint8Array | string): Uint8Array {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
  return Uint8Array.from([...varint((field << 3) | 2), ...varint(bytes.length), ...bytes])
}

function varint(value: number): number[] {
  const out: number[] = []
  while (value > 127) {
    out.push((value & 127) | 128)
    value = Math.floor(value / 128)
  }
  out.push(value)
  return out
}

/** The length-delimited fields of a message, in order. Errors: bytes that are no protobuf message. */
export function fieldsOf(bytes: Uint8Array): { field: number; bytes: Uint8Array }[] {
  const out: { field: number; bytes: Uint8Array }[] = []
  let at = 0
  const read = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++]
      if (byte === undefined || scale > 2 ** 63) throw new Error('malformed protobuf message')
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = read()
    const wire = tag & 7
    if (wire === 0) read()
    else if (wire === 1) at += 8
    else if (wire === 5) at += 4
    else if (wire === 2) {
      const length = read()
      if (at + length > bytes.length) throw new Error('malformed protobuf message')
      out.push({ field: Math.floor(tag / 8), bytes: bytes.subarray(at, at + length) })
      at += length
    } else throw new Error('malformed protobuf message')
  }
  return out
}

/** Whether the image service knows an image by this name. ImageStatusRequest.image = 1, ImageSpec.image = 1. */
export async function criKnowsImage(cri: RawCri, name: string): Promise<boolean> {
  const answer = await cri.call(
    '/runtime.v1.ImageService/ImageStatus',
    lengthDelimited(1, lengthDelimited(1, name)),
    5000,
  )
  return fieldsOf(answer).some((each) => each.field === 1 && each.bytes.length > 0)
}

/** Identifiers of all pod sandboxes. ListPodSandboxResponse.items = 1, PodSandbox.id = 1. */
export async function criSandboxIds(cri: RawCri): Promise<string[]> {
  const answer = await cri.call('/runtime.v1.RuntimeService/ListPodSandbox', new Uint8Array(), 5000)
  return fieldsOf(answer)
    .filter((each) => each.field === 1)
    .map((each) => new TextDecoder().decode(fieldsOf(each.bytes).find((inner) => inner.field === 1)?.bytes))
}

/** Stops a sandbox with all its containers and removes it. Both requests: pod_sandbox_id = 1. */
export async function criRemoveSandbox(cri: RawCri, id: string, timeoutMs: number): Promise<void> {
  const request = lengthDelimited(1, id)
  await cri.call('/runtime.v1.RuntimeService/StopPodSandbox', request, timeoutMs)
  await cri.call('/runtime.v1.RuntimeService/RemovePodSandbox', request, timeoutMs)
}
