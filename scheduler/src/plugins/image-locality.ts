import type { V1Pod } from '@kapell/openapi/types'
import { maxNodeScore, type Plugin } from '../framework/plugin.ts'
import { stateKey } from '../framework/cycle-state.ts'

const mebibyte = 1024 * 1024
/** Below this much already on the node nothing is won; above the other, nothing more (per container). */
const thresholdBytes = { least: 23 * mebibyte, mostEach: 1000 * mebibyte }

/** The share of all nodes that have an image, by its name. */
const spreadKey = stateKey<ReadonlyMap<string, number>>('ImageLocality')

/** Prefers nodes that have the pod's images, large ones above all; an image that few nodes have counts less. */
export const imageLocality: Plugin = {
  name: 'ImageLocality',
  preScore: (state, { pod }, _nodes, snapshot) => {
    const share = new Map<string, number>()
    for (const image of imagesOf(pod)) {
      const count = snapshot.nodesWithImage(image)
      if (count > 0) share.set(image, count / snapshot.nodes.length)
    }
    if (share.size === 0) return 'skip'
    state.write(spreadKey, share)
    return undefined
  },
  score: (state, { pod }, { node }) => {
    const share = state.read(spreadKey)
    const containers = (pod.spec?.initContainers ?? []).length + (pod.spec?.containers ?? []).length
    let sum = 0
    for (const name of imagesOf(pod)) {
      const part = share.get(name)
      if (part === undefined) continue
      const image = node.status?.images?.find((known) => known.names?.includes(name))
      sum += Math.floor((image?.sizeBytes ?? 0) * part)
    }
    const most = thresholdBytes.mostEach * containers
    const counted = Math.min(Math.max(sum, thresholdBytes.least), most)
    return Math.floor((maxNodeScore * (counted - thresholdBytes.least)) / (most - thresholdBytes.least))
  },
}

/** Of all containers, and of volumes that are images; one that is used twice counts twice. */
function imagesOf({ spec }: V1Pod): string[] {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ image }) => image)
  const volumes = (spec?.volumes ?? []).map(({ image }) => image?.reference)
  return [...containers, ...volumes].flatMap((image) => (image === undefined ? [] : normalized(image)))
}

/** "nginx" means "nginx:latest". */
function normalized(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image
}
