// Command rig is a whole Kubernetes in one executable: the first argument says which part of it
// this process is, or the name it is called by. One executable is built once and kept; five would
// each link the same code.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	kubectlutil "k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// parts are those that bring a cobra command of their own; each is made only when it is asked for,
// since making one registers flags and metrics for the whole process.
var parts = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
	"provisioner":             newProvisionerCommand,
}

func main() {
	part := filepath.Base(os.Args[0])
	if !isPart(part) {
		if len(os.Args) < 2 || !isPart(os.Args[1]) {
			fmt.Fprintln(os.Stderr, "usage: rig "+strings.Join(partNames(), "|")+" [flags]")
			os.Exit(2)
		}
		// Each part reads os.Args itself, as if it were an executable of its own.
		part, os.Args = os.Args[1], os.Args[1:]
	}
	switch part {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kubectl":
		// kubectl prints its errors itself and gives some of them exit codes of their own.
		kubectlutil.CheckErr(cli.RunNoErrOutput(kubectl.NewDefaultKubectlCommand()))
	default:
		os.Exit(cli.Run(parts[part]()))
	}
}

func isPart(name string) bool {
	return slices.Contains(partNames(), name)
}

func partNames() []string {
	names := append(slices.Collect(maps.Keys(parts)), "etcd", "kubectl")
	slices.Sort(names)
	return names
}
