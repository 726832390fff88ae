import type { Clock } from '@kapell/controllers/machinery/clock'
import type { V1Container, V1Pod } from '@kapell/openapi/types'
import type { Cri } from '../cri/client.ts'
import { RuntimeCallError } from '../cri/grpc-client.ts'
import type { Image } from '../cri/gen/runtime_pb.ts'
import { Backoff } from './backoff.ts'
import type { PodEvents } from './events.ts'
import type { RegistryAuth } from './pull-secrets.ts'
import type { ImageUser } from './security.ts'

/** A container that cannot start now: its waiting reason and message. */
export class StartError extends Error {
  override readonly name = 'StartError'
  readonly reason: string
  /** When another attempt makes sense, in milliseconds; undefined leaves it to the worker. */
  readonly retryAfterMs: number | undefined
  constructor(reason: string, message: string, retryAfterMs?: number) {
    super(message)
    this.reason = reason
    this.retryAfterMs = retryAfterMs
  }
}

export interface PulledImage {
  /** What to run: the image's id. */
  ref: string
  user: ImageUser
}

export interface ImagePuller {
  /** The image of a container on this node, pulled when its policy says so. Throws StartError. */
  ensure(request: EnsureRequest): Promise<PulledImage>
  /** A pod is gone. */
  forget(uid: string): void
}

export interface EnsureRequest {
  pod: V1Pod
  container: V1Container
  /** The image is a volume's: then it is the pod that events tell of. */
  ofVolume?: boolean
  /** Credentials for the image's registry, in the order to try; empty for none. */
  auth: () => Promise<RegistryAuth[]>
  signal: AbortSignal
}

/** Upstream waits for ever while there is progress; we cannot see progress. */
const pullDeadlineMs = 30 * 60_000

export function createImagePuller(options: { cri: Cri; events: PodEvents; clock: Clock }): ImagePuller {
  const { cri, events, clock } = options
  const backoff = new Backoff({ initialMs: 10_000, maxMs: 300_000 })
  const lastErrors = new Map<string, { message: string; atMs: number }>()
  /** Pods that want the same image at the same time share one pull. */
  const pulling = new Map<string, Promise<string>>()

  const find = async (image: string): Promise<Image | undefined> =>
    (await cri.images.imageStatus({ image: { image } })).image

  const pull = async (image: string, auths: RegistryAuth[]): Promise<string> => {
    let failure: unknown
    for (const auth of auths.length === 0 ? [undefined] : auths) {
      try {
        const request = { image: { image }, ...(auth === undefined ? {} : { auth }) }
        return (await cri.images.pullImage(request, { deadlineMs: pullDeadlineMs })).imageRef
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  return {
    forget: (uid) => {
      backoff.forget(uid)
      for (const key of lastErrors.keys()) if (key.startsWith(uid)) lastErrors.delete(key)
    },
    ensure: async ({ pod, container, ofVolume = false, auth, signal }) => {
      const name = container.image ?? ''
      const quoted = JSON.stringify(name)
      const tell = (type: 'Normal' | 'Warning', reason: string, message: string): void =>
        events(pod, type, reason, message, ofVolume ? undefined : container.name)
      const image = withDefaultTag(name)
      if (image === undefined) {
        const message = `Failed to apply default image tag ${quoted}: couldn't parse image name ${quoted}: ${malformed(name)}`
        tell('Warning', 'InspectFailed', message)
        tell('Warning', 'Failed', 'Error: InvalidImageName')
        throw new StartError('InvalidImageName', message)
      }
      const policy = container.imagePullPolicy ?? (image.endsWith(':latest') ? 'Always' : 'IfNotPresent')
      const present = await find(image).catch((error: unknown) => {
        const message = `Failed to inspect image ${quoted}: ${text(error)}`
        tell('Warning', 'InspectFailed', message)
        throw new StartError('ImageInspectError', message)
      })
      if (present !== undefined && policy !== 'Always') {
        tell('Normal', 'Pulled', `Container image ${quoted} already present on machine and can be accessed by the pod`)
        return pulled(present)
      }
      if (policy === 'Never') {
        const message = `Container image ${quoted} is not present with pull policy of Never`
        tell('Warning', 'ErrImageNeverPull', message)
        tell('Warning', 'Failed', 'Error: ErrImageNeverPull')
        throw new StartError('ErrImageNeverPull', message)
      }
      const key = `${pod.metadata?.uid ?? ''}/${image}`
      const now = clock.now().getTime()
      const waitMs = backoff.remainingMs(key, lastErrors.get(key)?.atMs ?? 0, now)
      if (waitMs > 0) {
        const message = `Back-off pulling image ${quoted}`
        tell('Normal', 'BackOff', message)
        if (!ofVolume) tell('Warning', 'Failed', 'Error: ImagePullBackOff')
        throw new StartError(
          'ImagePullBackOff',
          `${message}: ErrImagePull: ${lastErrors.get(key)?.message ?? ''}`,
          waitMs,
        )
      }
      tell('Normal', 'Pulling', `Pulling image ${quoted}`)
      const started = performance.now()
      try {
        let running = pulling.get(image)
        if (running === undefined) {
          running = auth()
            .then((auths) => pull(image, auths))
            .finally(() => pulling.delete(image))
          // Whoever waits sees the failure; nobody may be waiting any more.
          running.catch(() => {})
          pulling.set(image, running)
        }
        await abortable(running, signal)
        const found = await find(image)
        if (found === undefined) throw new Error(`image ${quoted} was pulled but is not there`)
        const took = seconds(performance.now() - started)
        tell(
          'Normal',
          'Pulled',
          `Successfully pulled image ${quoted} in ${took} (${took} including waiting). Image size: ${found.size} bytes.`,
        )
        lastErrors.delete(key)
        return pulled(found)
      } catch (error) {
        if (signal.aborted) throw error
        const failed = clock.now().getTime()
        backoff.next(key, failed)
        const message = text(error)
        lastErrors.set(key, { message, atMs: failed })
        tell('Warning', 'Failed', `Failed to pull image ${quoted}: ${message}`)
        if (!ofVolume) tell('Warning', 'Failed', 'Error: ErrImagePull')
        throw new StartError('ErrImagePull', message, 1000)
      }
    },
  }
}

const text = (error: unknown): string =>
  error instanceof RuntimeCallError ? error.message : error instanceof Error ? error.message : String(error)

const seconds = (ms: number): string => (ms < 1000 ? `${Math.round(ms)}ms` : `${(ms / 1000).toFixed(3)}s`)

const pulled = (image: Image): PulledImage => ({
  ref: image.id,
  user: { uid: image.uid === undefined ? undefined : Number(image.uid.value), username: image.username },
})

/** What is wrong with a name that is none: capitals are what people are told of by name. */
function malformed(name: string): string {
  const path = name.replace(/[:@].*$/, '')
  if (withDefaultTag(path) !== undefined || withDefaultTag(path.toLowerCase()) === undefined)
    return 'invalid reference format'
  const full = path.includes('/') ? path : `library/${path}`
  return `invalid reference format: repository name (${full}) must be lowercase`
}

/** "nginx" is "nginx:latest"; undefined when it is no image name. Source: OCI distribution spec, references. */
export function withDefaultTag(image: string): string | undefined {
  const host = String.raw`(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d+)?/)?`
  const path = String.raw`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*`
  const match = new RegExp(
    `^(${host}${path})(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@[a-z0-9+._-]+:[0-9a-fA-F]{32,})?$`,
  ).exec(image.slice(0, 512))
  if (match === null || image.length > 512) return undefined
  return match[2] === undefined && match[3] === undefined ? `${image}:latest` : image
}

/** Stops waiting when the signal aborts; what was waited for goes on. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) {
      abort()
      return
    }
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
