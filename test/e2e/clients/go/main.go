// Checks of a running server through client-go. Each check prints one JSON line, {"check", "ok", "error"}; a line
// {"ask":"restart"} asks whoever started us to restart the server, and is answered on standard input.
//
// Usage: clients json|protobuf|cbor NAMESPACE, with KUBECONFIG set; or: clients streams NAMESPACE, where a pod "target"
// is there.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	corev1 "k8s.io/api/core/v1"
)

// A bound against hanging, not a measure.
const checkTimeout = 60 * time.Second

type env struct {
	config    *rest.Config
	typed     kubernetes.Interface
	dynamic   dynamic.Interface
	namespace string
	input     *bufio.Reader
}

type check struct {
	name string
	run  func(context.Context, *env) error
}

func say(line map[string]any) {
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

// restart returns when the server is up again, on the same port and the same data.
func (e *env) restart() error {
	say(map[string]any{"ask": "restart"})
	_, err := e.input.ReadString('\n')
	return err
}

func formatOf(name string) (contentType, accept string, err error) {
	switch name {
	case "json", "streams":
		return "application/json", "application/json", nil
	case "protobuf":
		return "application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf,application/json", nil
	case "cbor":
		return "application/cbor", "application/cbor,application/json", nil
	}
	return "", "", fmt.Errorf("unknown format %q", name)
}

func connect(format, namespace string) (*env, error) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	plain := rest.CopyConfig(config)
	if config.ContentType, config.AcceptContentTypes, err = formatOf(format); err != nil {
		return nil, err
	}
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	dynamicClient, err := dynamic.NewForConfig(plain)
	if err != nil {
		return nil, err
	}
	return &env{config, typed, dynamicClient, namespace, bufio.NewReader(os.Stdin)}, nil
}

func (e *env) makeNamespace(ctx context.Context) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: e.namespace}}
	_, err := e.typed.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{})
	return err
}

// expect is an error unless what was wanted holds.
func expect(holds bool, format string, args ...any) error {
	if holds {
		return nil
	}
	return fmt.Errorf(format, args...)
}

// eventually waits until the probe says so; its last error tells why it never did.
func eventually(ctx context.Context, probe func(context.Context) error) error {
	var last error
	err := wait.PollUntilContextCancel(ctx, 50*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		last = probe(ctx)
		return last == nil, nil
	})
	return errors.Join(err, last)
}

func (e *env) perform(c check) {
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
	defer cancel()
	if err := c.run(ctx, e); err != nil {
		say(map[string]any{"check": c.name, "ok": false, "error": err.Error()})
		return
	}
	say(map[string]any{"check": c.name, "ok": true})
}

func main() {
	e, err := connect(os.Args[1], os.Args[2])
	lists := [][]check{objectChecks, patchChecks, dynamicChecks, machineryChecks, restartChecks}
	if os.Args[1] == "streams" {
		lists = [][]check{streamChecks}
	} else if err == nil {
		err = e.makeNamespace(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, list := range lists {
		for _, c := range list {
			e.perform(c)
		}
	}
}
