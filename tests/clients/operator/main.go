// An operator as people write them with controller-runtime: it elects a leader, whose reconciler gives
// each ConfigMap labelled "operated" a copy that it owns, holds it by a finalizer and emits an event.
// All requests are protobuf. Standard output gets one line for each thing that a test waits for.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/record"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	label     = "operated"
	finalizer = "clients.kodama.dev/copy"
)

type reconciler struct {
	client.Client
	scheme   *runtime.Scheme
	recorder record.EventRecorder
	name     string
}

// Reconcile makes the copy of one ConfigMap what it should be.
func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var source corev1.ConfigMap
	if err := r.Get(ctx, request.NamespacedName, &source); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if source.Labels[label] == "" {
		return ctrl.Result{}, nil
	}
	if !source.DeletionTimestamp.IsZero() {
		if controllerutil.RemoveFinalizer(&source, finalizer) {
			fmt.Printf("released %s\n", source.Name)
			return ctrl.Result{}, r.Update(ctx, &source)
		}
		return ctrl.Result{}, nil
	}
	if controllerutil.AddFinalizer(&source, finalizer) {
		if err := r.Update(ctx, &source); err != nil {
			return ctrl.Result{}, err
		}
	}
	copied := corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: source.Namespace, Name: source.Name + "-copy"},
	}
	outcome, err := controllerutil.CreateOrUpdate(ctx, r.Client, &copied, func() error {
		copied.Data = source.Data
		if copied.Annotations == nil {
			copied.Annotations = map[string]string{}
		}
		copied.Annotations["by"] = r.name
		return controllerutil.SetControllerReference(&source, &copied, r.scheme)
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	if outcome != controllerutil.OperationResultNone {
		r.recorder.Eventf(&source, corev1.EventTypeNormal, "Copied", "%s by %s", outcome, r.name)
		fmt.Printf("%s %s\n", outcome, copied.Name)
	}
	return ctrl.Result{}, nil
}

func run(name, namespace string) error {
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	lease, renew, retry := 3*time.Second, 2*time.Second, 500*time.Millisecond
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                  clientgoscheme.Scheme,
		Cache:                   cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}},
		Metrics:                 metricsserver.Options{BindAddress: "0"},
		LeaderElection:          true,
		LeaderElectionID:        "operator",
		LeaderElectionNamespace: namespace,
		LeaseDuration:           &lease,
		RenewDeadline:           &renew,
		RetryPeriod:             &retry,
	})
	if err != nil {
		return err
	}
	reconciler := &reconciler{
		Client:   manager.GetClient(),
		scheme:   manager.GetScheme(),
		recorder: manager.GetEventRecorderFor("operator"),
		name:     name,
	}
	if err := ctrl.NewControllerManagedBy(manager).
		For(&corev1.ConfigMap{}).Owns(&corev1.ConfigMap{}).Complete(reconciler); err != nil {
		return err
	}
	go func() {
		<-manager.Elected()
		fmt.Printf("leader %s\n", name)
	}()
	return manager.Start(ctrl.SetupSignalHandler())
}

func main() {
	name := flag.String("name", "", "the candidate's name, written to what it makes")
	namespace := flag.String("in", "default", "the namespace to operate in")
	flag.Parse()
	if err := run(*name, *namespace); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
