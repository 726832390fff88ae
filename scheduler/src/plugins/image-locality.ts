import type { V1Node } from '@kapell/openapi/types'
import { maxNodeScore, type Plugin } from '../framework/plugin.ts'
import { stateKey } from '../framework/cycle-state.ts'

const mebibyte = 1024 * 1024
/** Below this much already on the node nothing is won; above the other, nothing more (per container). */
const thresholdBytes = { least: 23 * mebibyte, mostEach: 1000 * mebibyte }

const spreadKey = stateKey<Map<string, number>>('ImageLocality')

/** Prefers nodes that have the pod's images, large ones above all; an image that few nodes have counts less. */
export const imageLocality: Plugin = {
  name: 'ImageLocality',
  preScore: (state, { pod }, _nodes, snapshot) => {
    const images = (pod.spec?.containers ?? []).map((c) => normalized(c.image ?? ''))
    const share = new Map<string, number>()
    for (const { node } of snapshot.nodes)
      for (const name of namesOn(node)) if (images.includes(name)) share.set(name, (share.get(name) ?? 0) + 1)
    if (share.size === 0) return 'skip'
    for (const [name, count] of share) share.set(name, count / snapshot.nodes.length)
    state.write(spreadKey, share)
    return undefined
  },
  score: (state, { pod }, { node }) => {
    const share = state.read(spreadKey)
    const containers = pod.spec?.containers ?? []
    let sum = 0
    for (const container of containers) {
      const name = normalized(container.image ?? '')
      const image = node.status?.images?.find((known) => known.names?.includes(name))
      sum += Math.floor((image?.sizeBytes ?? 0) * (share.get(name) ?? 0))
    }
    const most = thresholdBytes.mostEach * containers.length
    const counted = Math.min(Math.max(sum, thresholdBytes.least), most)
    return Math.floor((maxNodeScore * (counted - thresholdBytes.least)) / (most - thresholdBytes.least))
  },
}

function namesOn(node: V1Node): string[] {
  return (node.status?.images ?? []).flatMap((image) => image.names ?? [])
}

/** "nginx" means "nginx:latest". */
function normalized(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image
}
