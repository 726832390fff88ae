package main

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/restmapper"
)

var dynamicChecks = []check{
	{"discovery", discover},
	{"dynamic", dynamically},
	{"metadata", metadataOnly},
	{"custom-resource", customResource},
}

var (
	deploymentsResource = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	configMapsResource  = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	crdsResource        = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}
)

func (e *env) mapper() (meta.RESTMapper, error) {
	client, err := discovery.NewDiscoveryClientForConfig(e.config)
	if err != nil {
		return nil, err
	}
	return restmapper.NewShortcutExpander(
		restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client)),
		memory.NewMemCacheClient(client),
		func(string) {},
	), nil
}

func discover(_ context.Context, e *env) error {
	mapper, err := e.mapper()
	if err != nil {
		return err
	}
	found, err := mapper.ResourceFor(schema.GroupVersionResource{Resource: "deploy"})
	if err := errors.Join(err, expect(found == deploymentsResource, "deploy is %v", found)); err != nil {
		return err
	}
	mapping, err := mapper.RESTMapping(schema.GroupKind{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"})
	if err != nil {
		return err
	}
	if err := expect(mapping.Scope.Name() == meta.RESTScopeNameRoot, "scope %s", mapping.Scope.Name()); err != nil {
		return err
	}
	if _, _, err := e.typed.Discovery().ServerGroupsAndResources(); err != nil {
		return err
	}
	if _, err := e.typed.Discovery().OpenAPISchema(); err != nil {
		return fmt.Errorf("openapi v2: %w", err)
	}
	paths, err := e.typed.Discovery().OpenAPIV3().Paths()
	if err != nil {
		return err
	}
	if _, err := paths["apis/apps/v1"].Schema("application/json"); err != nil {
		return fmt.Errorf("openapi v3: %w", err)
	}
	version, err := e.typed.Discovery().ServerVersion()
	return errors.Join(err, expect(version != nil && version.Minor == "36", "version %v", version))
}

func object(apiVersion, kind, name string, more map[string]any) *unstructured.Unstructured {
	made := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": apiVersion, "kind": kind, "metadata": map[string]any{"name": name},
	}}
	for key, value := range more {
		made.Object[key] = value
	}
	return made
}

// crud goes once through the verbs on an object that holds a number of replicas.
func crud(ctx context.Context, client dynamic.ResourceInterface, made *unstructured.Unstructured) error {
	name := made.GetName()
	if _, err := client.Create(ctx, made, metav1.CreateOptions{}); err != nil {
		return err
	}
	got, err := client.Patch(ctx, name, types.MergePatchType, []byte(`{"spec":{"replicas":3}}`), metav1.PatchOptions{})
	if err != nil {
		return err
	}
	replicas, _, err := unstructured.NestedInt64(got.Object, "spec", "replicas")
	if err := errors.Join(err, expect(replicas == 3, "patched to %d", replicas)); err != nil {
		return err
	}
	applied := object(made.GetAPIVersion(), made.GetKind(), name, nil)
	applied.SetLabels(map[string]string{"applied": "yes"})
	if got, err = client.Apply(ctx, name, applied, metav1.ApplyOptions{FieldManager: "me"}); err != nil {
		return err
	}
	list, err := client.List(ctx, metav1.ListOptions{LabelSelector: "applied=yes"})
	if err != nil {
		return err
	}
	if err := expect(len(list.Items) == 1 && list.Items[0].GetUID() == got.GetUID(), "%d labelled", len(list.Items)); err != nil {
		return err
	}
	if err := client.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	return client.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{})
}

func dynamically(ctx context.Context, e *env) error {
	template := map[string]any{
		"metadata": map[string]any{"labels": map[string]any{"app": "dynamic"}},
		"spec":     map[string]any{"containers": []any{map[string]any{"name": "web", "image": "web:1"}}},
	}
	selector := map[string]any{"matchLabels": map[string]any{"app": "dynamic"}}
	spec := map[string]any{"replicas": int64(0), "selector": selector, "template": template}
	made := object("apps/v1", "Deployment", "dynamic", map[string]any{"spec": spec})
	return crud(ctx, e.dynamic.Resource(deploymentsResource).Namespace(e.namespace), made)
}

func metadataOnly(ctx context.Context, e *env) error {
	client, err := metadata.NewForConfig(e.config)
	if err != nil {
		return err
	}
	list, err := client.Resource(configMapsResource).Namespace(e.namespace).List(ctx, metav1.ListOptions{LabelSelector: "in=pages"})
	if err != nil {
		return err
	}
	return expect(len(list.Items) == 25 && list.Items[0].Name == "page-00", "%d", len(list.Items))
}

func crd(plural, kind string) *unstructured.Unstructured {
	spec := map[string]any{"type": "object", "properties": map[string]any{
		"replicas": map[string]any{"type": "integer", "minimum": int64(0), "default": int64(1)},
	}}
	version := map[string]any{
		"name": "v1", "served": true, "storage": true,
		"subresources": map[string]any{"status": map[string]any{}},
		"schema": map[string]any{"openAPIV3Schema": map[string]any{
			"type": "object", "properties": map[string]any{"spec": spec},
		}},
	}
	return object("apiextensions.k8s.io/v1", "CustomResourceDefinition", plural+".clients.example.com", map[string]any{
		"spec": map[string]any{
			"group": "clients.example.com", "scope": "Namespaced", "versions": []any{version},
			"names": map[string]any{"plural": plural, "kind": kind},
		},
	})
}

func customResource(ctx context.Context, e *env) error {
	crds := e.dynamic.Resource(crdsResource)
	made := crd("widgets", "Widget")
	if _, err := crds.Create(ctx, made, metav1.CreateOptions{}); err != nil {
		return err
	}
	mapper, err := e.mapper()
	if err != nil {
		return err
	}
	var mapping *meta.RESTMapping
	if err := eventually(ctx, func(context.Context) error {
		mapping, err = mapper.RESTMapping(schema.GroupKind{Group: "clients.example.com", Kind: "Widget"})
		return err
	}); err != nil {
		return err
	}
	widgets := e.dynamic.Resource(mapping.Resource).Namespace(e.namespace)
	wrong := object("clients.example.com/v1", "Widget", "wrong", map[string]any{"spec": map[string]any{"replicas": int64(-1)}})
	if _, err := widgets.Create(ctx, wrong, metav1.CreateOptions{}); err == nil {
		return errors.New("took what its schema forbids")
	}
	one := object("clients.example.com/v1", "Widget", "one", map[string]any{"spec": map[string]any{}})
	if err := crud(ctx, widgets, one); err != nil {
		return err
	}
	return crds.Delete(ctx, made.GetName(), metav1.DeleteOptions{})
}
