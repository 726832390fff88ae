import { ContainerState, PodSandboxState } from '../cri/gen/runtime_pb.ts'
import type { Cri } from '../cri/client.ts'
import { containerNameLabel, podNameLabel, podNamespaceLabel, podUidLabel } from '../pods/labels.ts'

/** /runningpods/: what the runtime runs, whatever the API says of it. */
export async function runningPods(cri: Pick<Cri, 'runtime'>): Promise<object> {
  const [sandboxes, containers] = await Promise.all([cri.runtime.listPodSandbox({}), cri.runtime.listContainers({})])
  const items = sandboxes.items
    .filter(({ state, labels }) => state === PodSandboxState.SANDBOX_READY && labels[podUidLabel] !== undefined)
    .map(({ id, labels }) => ({
      metadata: { name: labels[podNameLabel], namespace: labels[podNamespaceLabel], uid: labels[podUidLabel] },
      spec: {
        containers: containers.containers
          .filter((one) => one.podSandboxId === id && one.state === ContainerState.CONTAINER_RUNNING)
          .map((one) => ({ name: one.labels[containerNameLabel], image: one.imageRef, resources: {} })),
      },
      status: {},
    }))
  return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items }
}
