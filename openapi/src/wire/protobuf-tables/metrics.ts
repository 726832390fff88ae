/** Discovery, and usage of nodes and pods; the notation is explained in ../protobuf-schema.ts. */
export const metricsMessages: Record<string, string> = {
  'apidiscovery/v2': `
    APIGroupDiscovery metadata=1:.ObjectMeta versions=2:*APIVersionDiscovery
    APIGroupDiscoveryList metadata=1:.ListMeta items=2:*APIGroupDiscovery
    APIResourceDiscovery resource=1 responseKind=2:.GroupVersionKind scope=3 singularResource=4 verbs=5:*
      shortNames=6:* categories=7:* subresources=8:*APISubresourceDiscovery
    APISubresourceDiscovery subresource=1 responseKind=2:.GroupVersionKind acceptedTypes=3:*.GroupVersionKind
      verbs=4:*
    APIVersionDiscovery version=1 resources=2:*APIResourceDiscovery freshness=3
  `,
  'metrics/v1beta1': `
    ContainerMetrics name=1 usage=2:%Q
    NodeMetrics metadata=1:.ObjectMeta timestamp=2:T window=3:D usage=4:%Q
    NodeMetricsList metadata=1:.ListMeta items=2:*NodeMetrics
    PodMetrics metadata=1:.ObjectMeta timestamp=2:T window=3:D containers=4:*ContainerMetrics
    PodMetricsList metadata=1:.ListMeta items=2:*PodMetrics
  `,
}
