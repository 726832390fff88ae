import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** What watches goes on where it was when the server comes back. */
final class Watches {
  private final KubernetesClient client;
  private final String namespace;

  Watches(KubernetesClient client, String namespace) {
    this.client = client;
    this.namespace = namespace;
  }

  void addTo(Map<String, Main.Check> checks) {
    checks.put("leader-election", this::leaderElection);
    checks.put("watch-through-restart", this::watch);
    checks.put("informer-through-restart", this::informer);
  }

  private void makeAndRemove(String name, List<String> seen) throws InterruptedException {
    Resource<ConfigMap> resource =
        client.configMaps().inNamespace(namespace).resource(Objects.configMap(name, null, null));
    resource.create();
    Main.eventually(() -> Collections.frequency(seen, "added " + name) == 1, seen);
    resource.delete();
    Main.eventually(() -> Collections.frequency(seen, "deleted " + name) == 1, seen);
  }

  private void aroundRestart(String prefix, List<String> seen) throws Exception {
    makeAndRemove(prefix + "-before", seen);
    Main.restart();
    makeAndRemove(prefix + "-after", seen);
  }

  private void watch() throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    Watcher<ConfigMap> watcher = new Watcher<>() {
      @Override
      public void eventReceived(Action action, ConfigMap map) {
        seen.add(action.name().toLowerCase() + " " + map.getMetadata().getName());
      }

      @Override
      public void onClose(WatcherException why) {
        seen.add("closed " + why);
      }
    };
    try (var watching = client.configMaps().inNamespace(namespace).watch(watcher)) {
      aroundRestart("watch", seen);
    }
  }

  private void informer() throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    ResourceEventHandler<ConfigMap> handler = new ResourceEventHandler<>() {
      @Override
      public void onAdd(ConfigMap map) {
        seen.add("added " + map.getMetadata().getName());
      }

      @Override
      public void onUpdate(ConfigMap old, ConfigMap map) {}

      @Override
      public void onDelete(ConfigMap map, boolean unknown) {
        seen.add("deleted " + map.getMetadata().getName());
      }
    };
    try (var informer = client.configMaps().inNamespace(namespace).inform(handler)) {
      aroundRestart("informer", seen);
      Main.expect(Collections.frequency(seen, "added made") == 1, "the restart added anew what was there");
    }
  }

  private void leaderElection() throws Exception {
    List<String> leads = new CopyOnWriteArrayList<>();
    var first = elect("first", leads);
    Main.eventually(() -> leads.equals(List.of("first")), leads);
    var second = elect("second", leads);
    first.cancel(true);
    Main.eventually(() -> leads.equals(List.of("first", "second")), leads);
    second.cancel(true);
  }

  private java.util.concurrent.CompletableFuture<?> elect(String identity, List<String> leads) {
    return client.leaderElector()
        .withConfig(new LeaderElectionConfigBuilder()
            .withName("leader")
            .withLock(new LeaseLock(namespace, "leader", identity))
            .withReleaseOnCancel()
            .withLeaseDuration(Duration.ofSeconds(5))
            .withRenewDeadline(Duration.ofSeconds(4))
            .withRetryPeriod(Duration.ofMillis(200))
            .withLeaderCallbacks(new LeaderCallbacks(() -> leads.add(identity), () -> {}, id -> {}))
            .build())
        .build()
        .start();
  }
}
