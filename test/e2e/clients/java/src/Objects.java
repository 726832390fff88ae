import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ConfigMapList;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Objects made, listed, changed and deleted. */
final class Objects {
  private final KubernetesClient client;
  private final String namespace;

  Objects(KubernetesClient client, String namespace) {
    this.client = client;
    this.namespace = namespace;
  }

  void makeNamespace() {
    client.namespaces().resource(new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build()).create();
  }

  void addTo(Map<String, Main.Check> checks) {
    checks.put("discovery", this::discovery);
    checks.put("create", this::create);
    checks.put("update", this::update);
    checks.put("list-pages", this::listPages);
    checks.put("delete", this::delete);
    checks.put("delete-collection", this::deleteCollection);
    checks.put("custom-resource", this::customResource);
  }

  static ConfigMap configMap(String name, Map<String, String> labels, Map<String, String> data) {
    return new ConfigMapBuilder()
        .withNewMetadata().withName(name).withLabels(labels).endMetadata()
        .withData(data)
        .build();
  }

  private Resource<ConfigMap> map(ConfigMap map) {
    return client.configMaps().inNamespace(namespace).resource(map);
  }

  private Resource<ConfigMap> map(String name) {
    return client.configMaps().inNamespace(namespace).withName(name);
  }

  static void refused(int code, Main.Check check) throws Exception {
    try {
      check.run();
    } catch (KubernetesClientException error) {
      Main.expect(error.getCode() == code && error.getStatus() != null, error);
      return;
    }
    throw new AssertionError("not refused with " + code);
  }

  private void discovery() {
    Main.expect("36".equals(client.getKubernetesVersion().getMinor()), client.getKubernetesVersion().getMinor());
    Main.expect(client.supports("apps/v1", "Deployment"), "no Deployment");
    Main.expect(!client.supports("apps/v1", "Nothing"), "what does not exist");
  }

  private void create() throws Exception {
    ConfigMap made = map(configMap("made", null, Map.of("a", "1"))).create();
    Main.expect(made.getMetadata().getUid() != null, made);
    refused(409, () -> map(configMap("made", null, null)).create());
    refused(422, () -> map(configMap("Bad_Name", null, null)).create());
    map(configMap("dry", null, null)).dryRun().create();
    Main.expect(map("dry").get() == null, "a dry run made it");
  }

  private void update() throws Exception {
    ConfigMap old = map(configMap("updated", null, null)).create();
    ConfigMap next = new ConfigMapBuilder(old).withData(Map.of("b", "2")).build();
    Main.expect(map(next).update().getData().equals(Map.of("b", "2")), "not updated");
    refused(409, () -> map(new ConfigMapBuilder(old).withData(Map.of("c", "3")).build()).update());
    ConfigMap edited = map("updated").edit(one -> new ConfigMapBuilder(one).addToData("d", "4").build());
    Main.expect(edited.getData().equals(Map.of("b", "2", "d", "4")), edited.getData());
  }

  private void listPages() {
    for (int i = 0; i < 25; i++) map(configMap(String.format("page-%02d", i), Map.of("in", "pages"), null)).create();
    Set<String> names = new HashSet<>();
    List<Integer> sizes = new ArrayList<>();
    String more = null;
    do {
      ConfigMapList page =
          client.configMaps().inNamespace(namespace).withLabel("in", "pages")
              .list(new ListOptionsBuilder().withLimit(10L).withContinue(more).build());
      page.getItems().forEach(one -> names.add(one.getMetadata().getName()));
      sizes.add(page.getItems().size());
      more = page.getMetadata().getContinue();
    } while (more != null && !more.isEmpty());
    Main.expect(names.size() == 25 && sizes.equals(List.of(10, 10, 5)), names + " in pages of " + sizes);
  }

  private void delete() {
    map(configMap("removed", null, null)).create();
    Main.expect(map("removed").delete().size() == 1, "nothing deleted");
    Main.expect(map("removed").get() == null, "still there");
    Main.expect(map("removed").delete().isEmpty(), "deleted what is not there");
  }

  private void deleteCollection() {
    Map<String, String> labels = Map.of("in", "collection");
    for (String name : List.of("one", "two", "three")) map(configMap("collected-" + name, labels, null)).create();
    client.configMaps().inNamespace(namespace).withLabels(labels).delete();
    List<ConfigMap> left = client.configMaps().inNamespace(namespace).withLabels(labels).list().getItems();
    Main.expect(left.isEmpty(), left);
    Main.expect(map("made").get() != null, "deleted what was not selected");
  }

  private static final String DEFINITION =
      """
      apiVersion: apiextensions.k8s.io/v1
      kind: CustomResourceDefinition
      metadata: { name: widgets.java.example.com }
      spec:
        group: java.example.com
        scope: Namespaced
        names: { plural: widgets, kind: Widget }
        versions:
          - name: v1
            served: true
            storage: true
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    properties: { replicas: { type: integer, minimum: 0, default: 1 } }
      """;

  private static GenericKubernetesResource widget(String name, Map<String, Object> spec) {
    GenericKubernetesResource made = new GenericKubernetesResource();
    made.setApiVersion("java.example.com/v1");
    made.setKind("Widget");
    made.setMetadata(configMap(name, null, null).getMetadata());
    made.setAdditionalProperty("spec", spec);
    return made;
  }

  private void customResource() throws Exception {
    Resource<CustomResourceDefinition> definition =
        client.apiextensions().v1().customResourceDefinitions().load(
            new java.io.ByteArrayInputStream(DEFINITION.getBytes()));
    definition.create();
    Main.eventually(() -> {
      CustomResourceDefinition now = definition.get();
      return now.getStatus() != null && now.getStatus().getConditions() != null && now.getStatus().getConditions().stream()
          .anyMatch(one -> one.getType().equals("Established") && one.getStatus().equals("True"));
    }, "Established");
    ResourceDefinitionContext context = new ResourceDefinitionContext.Builder()
        .withGroup("java.example.com").withVersion("v1").withKind("Widget").withPlural("widgets")
        .withNamespaced(true).build();
    MixedOperation<GenericKubernetesResource, ?, Resource<GenericKubernetesResource>> all =
        client.genericKubernetesResources(context);
    var widgets = all.inNamespace(namespace);
    Main.expect(widgets.resource(widget("one", Map.of())).create().get("spec", "replicas").equals(1), "no default");
    refused(422, () -> widgets.resource(widget("wrong", Map.of("replicas", -1))).create());
    GenericKubernetesResource edited = widgets.withName("one").edit(one -> {
      one.setAdditionalProperty("spec", Map.of("replicas", 3));
      return one;
    });
    Main.expect(edited.get("spec", "replicas").equals(3), edited);
    widgets.withName("one").delete();
    definition.delete();
  }
}
