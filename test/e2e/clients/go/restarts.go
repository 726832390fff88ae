package main

import (
	"context"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	toolswatch "k8s.io/client-go/tools/watch"
)

// What watches goes on where it was when the server comes back.
var restartChecks = []check{
	{"informer-through-restart", informerThroughRestart},
	{"dynamic-informer-through-restart", dynamicInformerThroughRestart},
	{"watch-through-restart", watchThroughRestart},
}

// log holds what a watcher has told, in order.
type log struct {
	mutex sync.Mutex
	lines []string
}

func (l *log) add(kind string, object any) {
	if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
		object = tombstone.Obj
	}
	accessor, err := meta.Accessor(object)
	if err != nil {
		return
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.lines = append(l.lines, kind+" "+accessor.GetName())
}

func (l *log) count(line string) (count int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, one := range l.lines {
		if one == line {
			count++
		}
	}
	return count
}

func (l *log) awaitOnce(ctx context.Context, line string) error {
	return eventually(ctx, func(context.Context) error {
		return expect(l.count(line) == 1, "%q seen %d times in %v", line, l.count(line), l.lines)
	})
}

func (l *log) handler() cache.ResourceEventHandler {
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { l.add("add", object) },
		DeleteFunc: func(object any) { l.add("delete", object) },
	}
}

func (e *env) makeAndRemove(ctx context.Context, name string, seen *log, added, deleted string) error {
	if _, err := e.maps().Create(ctx, configMap(name, nil, nil), metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := seen.awaitOnce(ctx, added+" "+name); err != nil {
		return err
	}
	if err := e.maps().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return err
	}
	return seen.awaitOnce(ctx, deleted+" "+name)
}

func (e *env) aroundRestart(ctx context.Context, prefix string, seen *log, added, deleted string) error {
	if err := e.makeAndRemove(ctx, prefix+"-before", seen, added, deleted); err != nil {
		return err
	}
	if err := e.restart(); err != nil {
		return err
	}
	return e.makeAndRemove(ctx, prefix+"-after", seen, added, deleted)
}

func informerThroughRestart(ctx context.Context, e *env) error {
	factory := informers.NewSharedInformerFactoryWithOptions(e.typed, 0, informers.WithNamespace(e.namespace))
	seen := &log{}
	lister := factory.Core().V1().ConfigMaps().Lister()
	if _, err := factory.Core().V1().ConfigMaps().Informer().AddEventHandler(seen.handler()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	factory.StartWithContext(ctx)
	factory.WaitForCacheSync(ctx.Done())
	if _, err := lister.ConfigMaps(e.namespace).Get("made"); err != nil {
		return err
	}
	if err := e.aroundRestart(ctx, "informer", seen, "add", "delete"); err != nil {
		return err
	}
	return expect(seen.count("add made") == 1, "the restart added anew what was there")
}

func dynamicInformerThroughRestart(ctx context.Context, e *env) error {
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(e.dynamic, 0, e.namespace, nil)
	seen := &log{}
	if _, err := factory.ForResource(configMapsResource).Informer().AddEventHandler(seen.handler()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return e.aroundRestart(ctx, "dynamic-informer", seen, "add", "delete")
}

func watchThroughRestart(ctx context.Context, e *env) error {
	list, err := e.maps().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	source := &cache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return e.maps().Watch(ctx, options)
		},
	}
	watcher, err := toolswatch.NewRetryWatcherWithContext(ctx, list.ResourceVersion, source)
	if err != nil {
		return err
	}
	defer watcher.Stop()
	seen := &log{}
	go func() {
		for event := range watcher.ResultChan() {
			if configMap, ok := event.Object.(*corev1.ConfigMap); ok {
				seen.add(string(event.Type), configMap)
			}
		}
	}()
	return e.aroundRestart(ctx, "watch", seen, string(watch.Added), string(watch.Deleted))
}
