package main

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/utils/ptr"
)

var objectChecks = []check{
	{"create", create},
	{"update", update},
	{"list-pages", listPages},
	{"delete", remove},
	{"delete-collection", deleteCollection},
	{"subresources", subresources},
}

func (e *env) maps() typedcorev1.ConfigMapInterface { return e.typed.CoreV1().ConfigMaps(e.namespace) }

func configMap(name string, labels, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Data: data}
}

func create(ctx context.Context, e *env) error {
	made, err := e.maps().Create(ctx, configMap("made", nil, map[string]string{"a": "1"}), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if err := expect(made.UID != "" && made.ResourceVersion != "" && made.Data["a"] == "1", "made %v", made); err != nil {
		return err
	}
	_, err = e.maps().Create(ctx, configMap("made", nil, nil), metav1.CreateOptions{})
	if err := expect(apierrors.IsAlreadyExists(err), "again: %v", err); err != nil {
		return err
	}
	_, err = e.maps().Create(ctx, configMap("Bad_Name", nil, nil), metav1.CreateOptions{})
	if err := expect(apierrors.IsInvalid(err), "bad name: %v", err); err != nil {
		return err
	}
	dry := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
	if _, err := e.maps().Create(ctx, configMap("dry", nil, nil), dry); err != nil {
		return err
	}
	_, err = e.maps().Get(ctx, "dry", metav1.GetOptions{})
	return expect(apierrors.IsNotFound(err), "after a dry run: %v", err)
}

func update(ctx context.Context, e *env) error {
	old, err := e.maps().Create(ctx, configMap("updated", nil, nil), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	next := old.DeepCopy()
	next.Data = map[string]string{"b": "2"}
	next.BinaryData = map[string][]byte{"raw": {0, 255}}
	got, err := e.maps().Update(ctx, next, metav1.UpdateOptions{})
	if err != nil {
		return err
	}
	if err := expect(got.Data["b"] == "2" && got.BinaryData["raw"][1] == 255, "updated %v", got); err != nil {
		return err
	}
	_, err = e.maps().Update(ctx, old, metav1.UpdateOptions{})
	return expect(apierrors.IsConflict(err), "with an old version: %v", err)
}

func listPages(ctx context.Context, e *env) error {
	labels := map[string]string{"in": "pages"}
	for i := range 25 {
		if _, err := e.maps().Create(ctx, configMap(fmt.Sprintf("page-%02d", i), labels, nil), metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	seen, version, sizes := map[string]bool{}, "", []int{}
	options := metav1.ListOptions{LabelSelector: "in=pages", Limit: 10}
	for {
		page, err := e.maps().List(ctx, options)
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			seen[item.Name] = true
		}
		sizes = append(sizes, len(page.Items))
		if err := expect(version == "" || version == page.ResourceVersion, "pages of two versions"); err != nil {
			return err
		}
		version, options.Continue = page.ResourceVersion, page.Continue
		if options.Continue == "" {
			break
		}
	}
	if err := expect(len(seen) == 25 && fmt.Sprint(sizes) == "[10 10 5]", "%d in pages of %v", len(seen), sizes); err != nil {
		return err
	}
	one, err := e.maps().List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=page-07"})
	if err != nil {
		return err
	}
	return expect(len(one.Items) == 1, "by a field: %d", len(one.Items))
}

func remove(ctx context.Context, e *env) error {
	made, err := e.maps().Create(ctx, configMap("removed", nil, nil), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	other := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: ptr.To(made.UID + "x")}}
	err = e.maps().Delete(ctx, "removed", other)
	if err := expect(apierrors.IsConflict(err), "with another UID: %v", err); err != nil {
		return err
	}
	if err := e.maps().Delete(ctx, "removed", *metav1.NewPreconditionDeleteOptions(string(made.UID))); err != nil {
		return err
	}
	err = e.maps().Delete(ctx, "removed", metav1.DeleteOptions{})
	return expect(apierrors.IsNotFound(err), "again: %v", err)
}

func deleteCollection(ctx context.Context, e *env) error {
	labels := map[string]string{"in": "collection"}
	for _, name := range []string{"one", "two", "three"} {
		if _, err := e.maps().Create(ctx, configMap("collected-"+name, labels, nil), metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	selected := metav1.ListOptions{LabelSelector: "in=collection"}
	if err := e.maps().DeleteCollection(ctx, metav1.DeleteOptions{}, selected); err != nil {
		return err
	}
	left, err := e.maps().List(ctx, selected)
	if err != nil {
		return err
	}
	if err := expect(len(left.Items) == 0, "%d left", len(left.Items)); err != nil {
		return err
	}
	_, err = e.maps().Get(ctx, "made", metav1.GetOptions{})
	return err
}

func deployment(name string) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: ptr.To[int32](0),
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "web:1"}}},
			},
		},
	}
}

func subresources(ctx context.Context, e *env) error {
	deployments := e.typed.AppsV1().Deployments(e.namespace)
	if _, err := deployments.Create(ctx, deployment("scaled"), metav1.CreateOptions{}); err != nil {
		return err
	}
	scale, err := deployments.GetScale(ctx, "scaled", metav1.GetOptions{})
	if err != nil {
		return err
	}
	// Whatever the controllers have written since is none of this request's business.
	scale.Spec.Replicas, scale.ResourceVersion = 2, ""
	if scale, err = deployments.UpdateScale(ctx, "scaled", scale, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if err := expect(scale.Spec.Replicas == 2, "scaled to %d", scale.Spec.Replicas); err != nil {
		return err
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "robot"}}
	accounts := e.typed.CoreV1().ServiceAccounts(e.namespace)
	if _, err := accounts.Create(ctx, account, metav1.CreateOptions{}); err != nil {
		return err
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: ptr.To[int64](900)}}
	token, err := accounts.CreateToken(ctx, "robot", request, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token.Status.Token}}
	reviewed, err := e.typed.AuthenticationV1().TokenReviews().Create(ctx, review, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	want := "system:serviceaccount:" + e.namespace + ":robot"
	return expect(reviewed.Status.Authenticated && reviewed.Status.User.Username == want, "token of %v", reviewed.Status)
}
