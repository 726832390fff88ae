import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * Checks of a running server through fabric8's client. Each check prints one JSON line, {"check", "ok", "error"}; a line
 * {"ask":"restart"} asks whoever started us to restart the server, and is answered on standard input.
 *
 * <p>Usage: Main NAMESPACE, with KUBECONFIG set; or: Main NAMESPACE streams, where a pod "target" is there.
 */
public final class Main {
  interface Check {
    void run() throws Exception;
  }

  private static final BufferedReader INPUT = new BufferedReader(new InputStreamReader(System.in));

  static void restart() throws Exception {
    System.out.println("{\"ask\":\"restart\"}");
    INPUT.readLine();
  }

  static void expect(boolean holds, Object why) {
    if (!holds) throw new AssertionError(String.valueOf(why));
  }

  /** A bound against hanging, not a measure. */
  static void eventually(BooleanSupplier probe, Object why) throws InterruptedException {
    long deadline = System.nanoTime() + 60_000_000_000L;
    while (!probe.getAsBoolean()) {
      expect(System.nanoTime() < deadline, "gave up waiting: " + why);
      Thread.sleep(50);
    }
  }

  private static String quote(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') quoted.append('\\').append(c);
      else if (c < ' ') quoted.append(String.format("\\u%04x", (int) c));
      else quoted.append(c);
    }
    return quoted.append('"').toString();
  }

  private static void perform(String name, Check check) {
    try {
      check.run();
      System.out.println("{\"check\":" + quote(name) + ",\"ok\":true}");
    } catch (Throwable error) {
      String text = error + " at " + error.getStackTrace()[0];
      System.out.println("{\"check\":" + quote(name) + ",\"ok\":false,\"error\":" + quote(text) + "}");
    }
  }

  public static void main(String[] args) {
    // Bounds against hanging, not measures: the library's own are short for a busy machine.
    System.setProperty("kubernetes.connection.timeout", "60000");
    System.setProperty("kubernetes.request.timeout", "60000");
    System.setProperty("kubernetes.websocket.timeout", "60000");
    try (KubernetesClient client = new KubernetesClientBuilder().build()) {
      Map<String, Check> checks = new LinkedHashMap<>();
      if (args.length > 1 && args[1].equals("streams")) {
        new Streams(client, args[0]).addTo(checks);
      } else {
        Objects objects = new Objects(client, args[0]);
        objects.makeNamespace();
        objects.addTo(checks);
        new Patches(client, args[0]).addTo(checks);
        new Watches(client, args[0]).addTo(checks);
      }
      checks.forEach(Main::perform);
    }
    System.exit(0);
  }
}
