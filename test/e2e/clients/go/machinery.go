package main

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/record"
)

var machineryChecks = []check{
	{"leader-election", leaderElection},
	{"events", events},
}

// elect runs for the lease until its context ends; then it lets it go.
func (e *env) elect(ctx context.Context, identity string, leads chan<- string) error {
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Name: "leader", Namespace: e.namespace},
		Client:     e.typed.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
	}
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:            lock,
		ReleaseOnCancel: true,
		// A release that meets a renewal under way fails: then the second waits for the lease to run out.
		LeaseDuration: 5 * time.Second,
		RenewDeadline: 4 * time.Second,
		RetryPeriod:   200 * time.Millisecond,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { leads <- identity },
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return err
	}
	go elector.Run(ctx)
	return nil
}

// awaitLeader is an error when another leads, or nobody in time.
func awaitLeader(ctx context.Context, leads <-chan string, want string) error {
	select {
	case got := <-leads:
		return expect(got == want, "%s leads, not %s", got, want)
	case <-ctx.Done():
		return errors.New("nobody leads: " + want)
	}
}

func leaderElection(ctx context.Context, e *env) error {
	leads := make(chan string, 2)
	firstCtx, resign := context.WithCancel(ctx)
	defer resign()
	if err := e.elect(firstCtx, "first", leads); err != nil {
		return err
	}
	if err := awaitLeader(ctx, leads, "first"); err != nil {
		return err
	}
	if err := e.elect(ctx, "second", leads); err != nil {
		return err
	}
	resign()
	if err := awaitLeader(ctx, leads, "second"); err != nil {
		return err
	}
	lease, err := e.typed.CoordinationV1().Leases(e.namespace).Get(ctx, "leader", metav1.GetOptions{})
	if err != nil {
		return err
	}
	return expect(*lease.Spec.LeaseTransitions > 0, "transitions %d", *lease.Spec.LeaseTransitions)
}

func events(ctx context.Context, e *env) error {
	about, err := e.maps().Get(ctx, "made", metav1.GetOptions{})
	if err != nil {
		return err
	}
	broadcaster := record.NewBroadcaster()
	defer broadcaster.Shutdown()
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: e.typed.CoreV1().Events(e.namespace)})
	recorder := broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "checks"})
	recorder.Event(about, corev1.EventTypeNormal, "Checked", "once")
	recorder.Event(about, corev1.EventTypeNormal, "Checked", "once")
	// The second is a patch of the first.
	return eventually(ctx, func(ctx context.Context) error {
		list, err := e.typed.CoreV1().Events(e.namespace).List(ctx, metav1.ListOptions{FieldSelector: "reason=Checked"})
		if err != nil {
			return err
		}
		return expect(len(list.Items) == 1 && list.Items[0].Count == 2, "%d events", len(list.Items))
	})
}
