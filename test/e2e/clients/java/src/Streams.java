import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.LocalPortForward;
import io.fabric8.kubernetes.client.dsl.ContainerResource;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import io.fabric8.kubernetes.client.dsl.LogWatch;
import io.fabric8.kubernetes.client.dsl.PodResource;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** What streams to and from a pod that is there, "target". */
final class Streams {
  private record Outcome(String out, String err, int code) {}

  private final KubernetesClient client;
  private final String namespace;

  Streams(KubernetesClient client, String namespace) {
    this.client = client;
    this.namespace = namespace;
  }

  void addTo(Map<String, Main.Check> checks) {
    checks.put("log", this::log);
    checks.put("log-follow", this::logFollow);
    checks.put("exec", this::exec);
    checks.put("exec-fails", this::execFails);
    checks.put("exec-stdin", this::execStdin);
    checks.put("port-forward", this::portForward);
    checks.put("copy", this::copy);
  }

  private PodResource pod() {
    return client.pods().inNamespace(namespace).withName("target");
  }

  private ContainerResource container() {
    return pod().inContainer("c");
  }

  private Outcome run(InputStream input, String... command) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    var quiet = input == null ? container() : container().readingInput(input);
    try (ExecWatch running = quiet.writingOutput(out).writingError(err).exec(command)) {
      int code = running.exitCode().get(60, TimeUnit.SECONDS);
      return new Outcome(out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8), code);
    }
  }

  private void log() {
    String text = pod().tailingLines(2).getLog();
    Main.expect(text.equals("line 4\nline 5\n"), text);
  }

  private void logFollow() throws Exception {
    try (LogWatch watch = pod().watchLog();
        BufferedReader lines = new BufferedReader(new InputStreamReader(watch.getOutput()))) {
      String line = lines.readLine();
      while (line != null && !line.equals("line 5")) line = lines.readLine();
      Main.expect(line != null, "the log ended");
    }
  }

  private void exec() throws Exception {
    Outcome outcome = run(null, "sh", "-c", "echo out; echo err >&2");
    Main.expect(outcome.equals(new Outcome("out\n", "err\n", 0)), outcome);
  }

  private void execFails() throws Exception {
    Outcome outcome = run(null, "sh", "-c", "exit 3");
    Main.expect(outcome.code() == 3, outcome);
  }

  private void execStdin() throws Exception {
    Outcome outcome = run(new ByteArrayInputStream("said\n".getBytes(StandardCharsets.UTF_8)), "head", "-n", "1");
    Main.expect(outcome.out().equals("said\n"), outcome);
  }

  private void portForward() throws Exception {
    try (LocalPortForward forward = pod().portForward(8080)) {
      URI page = URI.create("http://127.0.0.1:" + forward.getLocalPort() + "/index.html");
      try (InputStream answer = page.toURL().openStream()) {
        String text = new String(answer.readAllBytes(), StandardCharsets.UTF_8);
        Main.expect(text.equals("web\n"), text);
      }
    }
  }

  private void copy() throws Exception {
    Path directory = Files.createTempDirectory("kapell-copy-");
    Path sent = Files.writeString(directory.resolve("sent.txt"), "there and back\n");
    Main.expect(container().file("/tmp/sent.txt").upload(sent), "not uploaded");
    Path back = directory.resolve("back.txt");
    Main.expect(container().file("/tmp/sent.txt").copy(back), "not copied");
    Main.expect(Files.readString(back).equals("there and back\n"), Files.readString(back));
  }
}
