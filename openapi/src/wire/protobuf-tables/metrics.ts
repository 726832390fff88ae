/** Usage of nodes and pods; the notation is explained in ../protobuf-schema.ts. */
export const metricsMessages: Record<string, string> = {
  'metrics/v1beta1': `
    ContainerMetrics name=1 usage=2:%Q
    NodeMetrics metadata=1:.ObjectMeta timestamp=2:T window=3:D usage=4:%Q
    NodeMetricsList metadata=1:.ListMeta items=2:*NodeMetrics
    PodMetrics metadata=1:.ObjectMeta timestamp=2:T window=3:D containers=4:*ContainerMetrics
    PodMetricsList metadata=1:.ListMeta items=2:*PodMetrics
  `,
}
