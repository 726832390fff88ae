import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A patch of every type. */
final class Patches {
  private final KubernetesClient client;
  private final String namespace;

  Patches(KubernetesClient client, String namespace) {
    this.client = client;
    this.namespace = namespace;
  }

  void addTo(Map<String, Main.Check> checks) {
    checks.put("patch-json", this::json);
    checks.put("patch-merge", this::merge);
    checks.put("patch-strategic", this::strategic);
    checks.put("apply", this::apply);
    checks.put("apply-conflict", this::applyConflict);
  }

  private void patched(String name, PatchType type, String patch) {
    ConfigMap made = Objects.configMap(name, null, Map.of("keep", "k", "drop", "d"));
    Resource<ConfigMap> resource = client.configMaps().inNamespace(namespace).resource(made);
    resource.create();
    ConfigMap got = resource.patch(PatchContext.of(type), patch);
    Main.expect(got.getData().equals(Map.of("keep", "k", "new", "n")), got.getData());
  }

  private void json() {
    String patch =
        """
        [{"op":"remove","path":"/data/drop"},{"op":"add","path":"/data/new","value":"n"}]""";
    patched("patch-json", PatchType.JSON, patch);
  }

  private void merge() {
    patched("patch-merge", PatchType.JSON_MERGE, "{\"data\":{\"drop\":null,\"new\":\"n\"}}");
  }

  private void strategic() {
    Map<String, String> labels = Map.of("app", "strategic");
    Deployment made = new DeploymentBuilder()
        .withNewMetadata().withName("strategic").endMetadata()
        .withNewSpec()
        .withReplicas(0)
        .withNewSelector().withMatchLabels(labels).endSelector()
        .withNewTemplate()
        .withNewMetadata().withLabels(labels).endMetadata()
        .withNewSpec().addNewContainer().withName("web").withImage("web:1").endContainer().endSpec()
        .endTemplate()
        .endSpec()
        .build();
    client.apps().deployments().inNamespace(namespace).resource(made).create();
    String patch =
        """
        {"spec":{"template":{"spec":{"containers":[{"name":"side","image":"side:1"}]}}}}""";
    Deployment got = client.apps().deployments().inNamespace(namespace).withName("strategic")
        .patch(PatchContext.of(PatchType.STRATEGIC_MERGE), patch);
    Set<String> names = got.getSpec().getTemplate().getSpec().getContainers().stream()
        .map(Container::getName).collect(Collectors.toSet());
    Main.expect(names.equals(Set.of("side", "web")), names);
  }

  private ConfigMap applied(String name, Map<String, String> data, String manager, boolean force) {
    ConfigMap whole = new ConfigMapBuilder(Objects.configMap(name, null, data))
        .editMetadata().withNamespace(namespace).endMetadata().build();
    var resource = client.configMaps().inNamespace(namespace).resource(whole).fieldManager(manager);
    return force ? resource.forceConflicts().serverSideApply() : resource.serverSideApply();
  }

  private void apply() {
    ConfigMap first = applied("applied", Map.of("a", "1", "b", "2"), "first", false);
    ConfigMap again = applied("applied", Map.of("a", "1", "b", "2"), "first", false);
    String version = again.getMetadata().getResourceVersion();
    Main.expect(version.equals(first.getMetadata().getResourceVersion()), "applied again, it changed");
    ConfigMap less = applied("applied", Map.of("a", "1"), "first", false);
    Main.expect(less.getData().equals(Map.of("a", "1")), less.getData());
  }

  private void applyConflict() throws Exception {
    applied("contested", Map.of("a", "1"), "first", false);
    Objects.refused(409, () -> applied("contested", Map.of("a", "2"), "second", false));
    Main.expect(applied("contested", Map.of("a", "2"), "second", true).getData().equals(Map.of("a", "2")), "by force");
  }
}
