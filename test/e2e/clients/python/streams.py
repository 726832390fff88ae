"""Checks of what streams to and from a pod, through the official Python client.

Each check prints one JSON line, {"check", "ok", "error"}. Usage: streams.py NAMESPACE, with KUBECONFIG set and a pod
`target` there.
"""

import io
import json
import sys
import tarfile
import traceback

from kubernetes import client, config, watch
from kubernetes.stream import portforward, stream

NAMESPACE = sys.argv[1]
config.load_kube_config()
core = client.CoreV1Api()


def say(**line):
    print(json.dumps(line), flush=True)


def run(command, stdin=None, binary=False):
    """Output, errors and the exit code of a command in the pod."""
    socket = stream(
        core.connect_get_namespaced_pod_exec,
        "target",
        NAMESPACE,
        command=command,
        container="c",
        stdin=stdin is not None,
        stdout=True,
        stderr=True,
        tty=False,
        binary=binary,
        _preload_content=False,
    )
    if stdin is not None:
        socket.write_stdin(stdin)
    out, err = [], []
    while socket.is_open():
        socket.update(timeout=1)
        if socket.peek_stdout():
            out.append(socket.read_stdout())
        if socket.peek_stderr():
            err.append(socket.read_stderr())
    empty = b"" if binary else ""
    return empty.join(out), empty.join(err), socket.returncode


def log():
    # Decoded here: versions of the library differ in what they make of the bytes.
    answer = core.read_namespaced_pod_log("target", NAMESPACE, tail_lines=2, _preload_content=False)
    assert answer.data == b"line 4\nline 5\n", answer.data


def log_follow():
    lines = []
    follower = watch.Watch()
    for line in follower.stream(core.read_namespaced_pod_log, name="target", namespace=NAMESPACE):
        lines.append(line)
        if line == "line 5":
            break
    assert lines[0] == "line 1", lines


def exec():
    assert run(["sh", "-c", "echo out; echo err >&2"]) == ("out\n", "err\n", 0)


def exec_fails():
    assert run(["sh", "-c", "exit 3"])[2] == 3


def exec_stdin():
    assert run(["head", "-n", "1"], stdin="said\n")[0] == "said\n"


def port_forward():
    forwarded = portforward(core.connect_get_namespaced_pod_portforward, "target", NAMESPACE, ports="8080")
    socket = forwarded.socket(8080)
    socket.setblocking(True)
    socket.sendall(b"GET /index.html HTTP/1.0\r\n\r\n")
    answer = b""
    while not answer.endswith(b"web\n"):
        chunk = socket.recv(1024)
        assert chunk, answer
        answer += chunk
    assert forwarded.error(8080) is None, forwarded.error(8080)
    socket.close()


def copy():
    # The library leaves copying to tar, as its examples show.
    content = b"there and back\n"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("sent.txt")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    size = str(len(packed.getvalue()))
    _, err, code = run(["sh", "-c", f"head -c {size} | tar x -C /tmp -f -"], stdin=packed.getvalue(), binary=True)
    assert code == 0, err
    out, _, _ = run(["tar", "c", "-C", "/tmp", "-f", "-", "sent.txt"], binary=True)
    with tarfile.open(fileobj=io.BytesIO(out)) as archive:
        assert archive.extractfile("sent.txt").read() == content


for check in [log, log_follow, exec, exec_fails, exec_stdin, port_forward, copy]:
    name = check.__name__.replace("_", "-")
    try:
        check()
        say(check=name, ok=True)
    except Exception:  # Whatever it is, it is the check's answer.
        say(check=name, ok=False, error=traceback.format_exc())
