import { randomUUID } from 'node:crypto'
import { parseApiVersion, type KubeObject, type ObjectMeta } from '@kapell/openapi/meta/object'
import type { RemoteConversion } from '../registry/definition.ts'
import { plainFailure } from '../registry/storage-errors.ts'
import type { WebhookCaller } from '../server/webhook-client.ts'
import type { CrdConversion } from './types.ts'

/** Conversion between versions by a webhook. Source: "Versions in CustomResourceDefinitions", "Webhook conversion". */

const timeoutMs = 30_000
const knownReviews = ['v1', 'v1beta1']

interface Review {
  kind?: string
  apiVersion?: string
  response?: {
    uid?: string
    convertedObjects?: (KubeObject | null)[]
    result?: { status?: string; message?: string }
  }
}

function nameOf(object: KubeObject): string {
  const { group, version } = parseApiVersion(object.apiVersion ?? '')
  return `${group === '' ? version : `${group}/${version}`}, Kind=${object.kind ?? ''}`
}

const failure = (from: KubeObject, why: string): Error =>
  plainFailure(`conversion webhook for ${nameOf(from)} failed: ${why}`)

/** A webhook may change labels and annotations; whatever else metadata says stays. Throws for another object. */
function withOwnMetadata(converted: KubeObject, original: KubeObject): KubeObject {
  const { metadata: own = {} } = original
  const { metadata: given = {} } = converted
  for (const field of ['name', 'namespace', 'uid'] as const) {
    if ((given[field] ?? '') === (own[field] ?? '')) continue
    throw failure(original, `metadata.${field} was changed from ${own[field] ?? ''} to ${given[field] ?? ''}`)
  }
  const metadata: ObjectMeta = { ...own }
  delete metadata.labels
  delete metadata.annotations
  if (given.labels !== undefined && given.labels !== null) metadata.labels = given.labels
  if (given.annotations !== undefined && given.annotations !== null) metadata.annotations = given.annotations
  return { ...converted, metadata }
}

/**
 * Converts objects that are stored in `storedAs` (or in older versions) to and from `served`. Only what is of another
 * version is sent. Rejects with a plain 500 when the webhook cannot be reached, refuses, or answers nonsense.
 */
export function webhookConversion(options: {
  conversion: CrdConversion
  served: string
  storedAs: string
  call: WebhookCaller
  /** Prunes and defaults, of the served version. */
  repair: (object: KubeObject) => KubeObject
}): RemoteConversion {
  const { webhook } = options.conversion
  const version = webhook?.conversionReviewVersions?.find((one) => knownReviews.includes(one)) ?? 'v1'

  async function ask(objects: readonly KubeObject[], desired: string): Promise<KubeObject[]> {
    const [first] = objects
    if (first === undefined) return []
    const uid = randomUUID()
    const request = { uid, desiredAPIVersion: desired, objects }
    const body = { kind: 'ConversionReview', apiVersion: `apiextensions.k8s.io/${version}`, request }
    let review: Review
    try {
      review = (await options.call({ config: webhook?.clientConfig ?? {}, body, timeoutMs })) as Review
    } catch (error) {
      throw failure(first, error instanceof Error ? error.message : String(error))
    }
    const { response } = review ?? {}
    if (response === undefined || response === null) throw failure(first, 'no response provided')
    if (response.uid !== uid) throw failure(first, `expected response.uid ${JSON.stringify(uid)}`)
    if (response.result?.status !== 'Success') {
      throw failure(first, response.result?.message ?? 'the webhook gave no reason')
    }
    const converted = response.convertedObjects ?? []
    if (converted.length !== objects.length) {
      throw plainFailure(
        `conversion webhook for ${nameOf(first)} returned ${converted.length} objects, expected ${objects.length}`,
      )
    }
    return objects.map((original, i) => {
      const object = converted[i]
      if (typeof object !== 'object' || object === null) throw failure(original, `object ${i} is no object`)
      if (object.apiVersion !== desired || object.kind !== original.kind) {
        throw failure(original, `object ${i} is ${nameOf(object)}, expected ${desired}, Kind=${original.kind ?? ''}`)
      }
      return withOwnMetadata(object, original)
    })
  }

  /** Those of another version converted, all in their order. */
  async function convert(objects: readonly KubeObject[], desired: string): Promise<KubeObject[]> {
    const others = objects.filter((object) => object.apiVersion !== desired)
    if (others.length === 0) return [...objects]
    const converted = await ask(others, desired)
    let next = 0
    return objects.map((object) => (object.apiVersion === desired ? object : (converted[next++] ?? object)))
  }

  return {
    fromStored: async (objects) => (await convert(objects, options.served)).map(options.repair),
    toStored: async (object) => {
      const [stored] = await convert([object], options.storedAs)
      return stored ?? object
    },
  }
}
