package main

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
)

var patchChecks = []check{
	{"patch-json", patchJSON},
	{"patch-merge", patchMerge},
	{"patch-strategic", patchStrategic},
	{"apply", apply},
	{"apply-conflict", applyConflict},
}

func (e *env) patched(ctx context.Context, name string, kind types.PatchType, patch string) (*corev1.ConfigMap, error) {
	made := configMap(name, nil, map[string]string{"keep": "k", "drop": "d"})
	if _, err := e.maps().Create(ctx, made, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	return e.maps().Patch(ctx, name, kind, []byte(patch), metav1.PatchOptions{})
}

func patchJSON(ctx context.Context, e *env) error {
	patch := `[{"op":"test","path":"/data/keep","value":"k"},{"op":"remove","path":"/data/drop"},{"op":"add","path":"/data/new","value":"n"}]`
	got, err := e.patched(ctx, "patch-json", types.JSONPatchType, patch)
	if err != nil {
		return err
	}
	if err := expect(len(got.Data) == 2 && got.Data["new"] == "n", "%v", got.Data); err != nil {
		return err
	}
	failing := `[{"op":"test","path":"/data/keep","value":"other"}]`
	_, err = e.maps().Patch(ctx, "patch-json", types.JSONPatchType, []byte(failing), metav1.PatchOptions{})
	return expect(apierrors.IsInvalid(err), "a test that fails: %v", err)
}

func patchMerge(ctx context.Context, e *env) error {
	got, err := e.patched(ctx, "patch-merge", types.MergePatchType, `{"data":{"drop":null,"new":"n"}}`)
	if err != nil {
		return err
	}
	return expect(len(got.Data) == 2 && got.Data["new"] == "n", "%v", got.Data)
}

func patchStrategic(ctx context.Context, e *env) error {
	deployments := e.typed.AppsV1().Deployments(e.namespace)
	if _, err := deployments.Create(ctx, deployment("strategic"), metav1.CreateOptions{}); err != nil {
		return err
	}
	patch := `{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"side:1"}]}}}}`
	got, err := deployments.Patch(ctx, "strategic", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	if err != nil {
		return err
	}
	names := []string{}
	for _, container := range got.Spec.Template.Spec.Containers {
		names = append(names, container.Name)
	}
	slices.Sort(names)
	return expect(slices.Equal(names, []string{"side", "web"}), "containers %v", names)
}

func apply(ctx context.Context, e *env) error {
	options := metav1.ApplyOptions{FieldManager: "first"}
	whole := applycorev1.ConfigMap("applied", e.namespace).WithData(map[string]string{"a": "1", "b": "2"})
	first, err := e.maps().Apply(ctx, whole, options)
	if err != nil {
		return err
	}
	again, err := e.maps().Apply(ctx, whole, options)
	if err != nil {
		return err
	}
	if err := expect(again.ResourceVersion == first.ResourceVersion, "applied again, it changed"); err != nil {
		return err
	}
	less := applycorev1.ConfigMap("applied", e.namespace).WithData(map[string]string{"a": "1"})
	got, err := e.maps().Apply(ctx, less, options)
	if err != nil {
		return err
	}
	if err := expect(len(got.Data) == 1, "what is no longer applied stays: %v", got.Data); err != nil {
		return err
	}
	extracted, err := applycorev1.ExtractConfigMap(got, "first")
	if err != nil {
		return err
	}
	return expect(len(extracted.Data) == 1 && extracted.Data["a"] == "1", "extracted %v", extracted.Data)
}

func applyConflict(ctx context.Context, e *env) error {
	want := func(value string) *applycorev1.ConfigMapApplyConfiguration {
		return applycorev1.ConfigMap("contested", e.namespace).WithData(map[string]string{"a": value})
	}
	if _, err := e.maps().Apply(ctx, want("1"), metav1.ApplyOptions{FieldManager: "first"}); err != nil {
		return err
	}
	_, err := e.maps().Apply(ctx, want("2"), metav1.ApplyOptions{FieldManager: "second"})
	if err := expect(apierrors.IsConflict(err), "no conflict: %v", err); err != nil {
		return err
	}
	got, err := e.maps().Apply(ctx, want("2"), metav1.ApplyOptions{FieldManager: "second", Force: true})
	if err != nil {
		return err
	}
	return expect(got.Data["a"] == "2", "by force: %v", got.Data)
}
