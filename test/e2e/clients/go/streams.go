package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/util/exec"
	"k8s.io/utils/ptr"
)

// What streams to and from a pod named "target", over WebSocket and over SPDY.
var streamChecks = []check{
	{"log", podLog},
	{"log-follow", logFollow},
	{"exec", overBoth(execute)},
	{"exec-fails", overBoth(executeFails)},
	{"exec-stdin", overBoth(executeStdin)},
	{"port-forward", portForward},
	{"copy", overBoth(copyBothWays)},
}

type dial func(e *env, request *rest.Request) (remotecommand.Executor, error)

func overWebSocket(e *env, request *rest.Request) (remotecommand.Executor, error) {
	return remotecommand.NewWebSocketExecutor(e.config, "GET", request.URL().String())
}

func overSPDY(e *env, request *rest.Request) (remotecommand.Executor, error) {
	return remotecommand.NewSPDYExecutor(e.config, "POST", request.URL())
}

func overBoth(run func(context.Context, *env, dial) error) func(context.Context, *env) error {
	return func(ctx context.Context, e *env) error {
		if err := run(ctx, e, overWebSocket); err != nil {
			return fmt.Errorf("over WebSocket: %w", err)
		}
		if err := run(ctx, e, overSPDY); err != nil {
			return fmt.Errorf("over SPDY: %w", err)
		}
		return nil
	}
}

func (e *env) inPod(ctx context.Context, how dial, stdin io.Reader, command ...string) (string, string, error) {
	options := &corev1.PodExecOptions{Container: "c", Command: command, Stdin: stdin != nil, Stdout: true, Stderr: true}
	request := e.typed.CoreV1().RESTClient().Post().Namespace(e.namespace).Resource("pods").Name("target").
		SubResource("exec").VersionedParams(options, scheme.ParameterCodec)
	executor, err := how(e, request)
	if err != nil {
		return "", "", err
	}
	var out, errors bytes.Buffer
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: stdin, Stdout: &out, Stderr: &errors})
	return out.String(), errors.String(), err
}

func podLog(ctx context.Context, e *env) error {
	options := &corev1.PodLogOptions{TailLines: ptr.To[int64](2)}
	text, err := e.typed.CoreV1().Pods(e.namespace).GetLogs("target", options).DoRaw(ctx)
	if err != nil {
		return err
	}
	return expect(string(text) == "line 4\nline 5\n", "%q", text)
}

func logFollow(ctx context.Context, e *env) error {
	stream, err := e.typed.CoreV1().Pods(e.namespace).GetLogs("target", &corev1.PodLogOptions{Follow: true}).Stream(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	var text bytes.Buffer
	for !strings.Contains(text.String(), "line 5\n") {
		if _, err := io.CopyN(&text, stream, 1); err != nil {
			return err
		}
	}
	return nil
}

func execute(ctx context.Context, e *env, how dial) error {
	out, errors, err := e.inPod(ctx, how, nil, "sh", "-c", "echo out; echo err >&2")
	if err != nil {
		return err
	}
	return expect(out == "out\n" && errors == "err\n", "%q %q", out, errors)
}

func executeFails(ctx context.Context, e *env, how dial) error {
	_, _, err := e.inPod(ctx, how, nil, "sh", "-c", "exit 3")
	var code exec.CodeExitError
	return expect(errors.As(err, &code) && code.Code == 3, "%v", err)
}

func executeStdin(ctx context.Context, e *env, how dial) error {
	input := strings.Repeat("x", 300_000)
	out, _, err := e.inPod(ctx, how, strings.NewReader(input), "wc", "-c")
	if err != nil {
		return err
	}
	return expect(strings.TrimSpace(out) == "300000", "%q", out)
}

func copyBothWays(ctx context.Context, e *env, how dial) error {
	content := []byte("there and back\n")
	var packed bytes.Buffer
	writer := tar.NewWriter(&packed)
	header := &tar.Header{Name: "sent.txt", Mode: 0o644, Size: int64(len(content))}
	if err := errors.Join(writer.WriteHeader(header), second(writer.Write(content)), writer.Close()); err != nil {
		return err
	}
	if _, why, err := e.inPod(ctx, how, &packed, "tar", "xmf", "-", "-C", "/tmp"); err != nil {
		return fmt.Errorf("%w: %s", err, why)
	}
	out, _, err := e.inPod(ctx, how, nil, "tar", "cf", "-", "-C", "/tmp", "sent.txt")
	if err != nil {
		return err
	}
	reader := tar.NewReader(strings.NewReader(out))
	if _, err := reader.Next(); err != nil {
		return err
	}
	back, err := io.ReadAll(reader)
	if err != nil {
		return err
	}
	return expect(bytes.Equal(back, content), "%q", back)
}

func second(_ int, err error) error { return err }

func portForward(ctx context.Context, e *env) error {
	round, upgrader, err := spdy.RoundTripperFor(e.config)
	if err != nil {
		return err
	}
	url := e.typed.CoreV1().RESTClient().Post().Namespace(e.namespace).Resource("pods").Name("target").
		SubResource("portforward").URL()
	tunnel, err := portforward.NewSPDYOverWebsocketDialer(url, e.config)
	if err != nil {
		return err
	}
	direct := spdy.NewDialer(upgrader, &http.Client{Transport: round}, "POST", url)
	for _, dialer := range []httpstream.Dialer{tunnel, direct} {
		if err := fetchThrough(ctx, dialer); err != nil {
			return err
		}
	}
	return nil
}

func fetchThrough(ctx context.Context, dialer httpstream.Dialer) error {
	stop, ready := make(chan struct{}), make(chan struct{})
	defer close(stop)
	forwarder, err := portforward.New(dialer, []string{"0:8080"}, stop, ready, io.Discard, io.Discard)
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- forwarder.ForwardPorts() }()
	select {
	case <-ready:
	case err := <-failed:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return err
	}
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/index.html", ports[0].Local))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	return expect(string(text) == "web\n", "%q", text)
}
