// A CSI driver whose volumes and snapshots are folders of this machine: on one node that is all that they have to be.
// What asks it is Kubernetes' own: kubelet, csi-provisioner, csi-snapshotter. https://github.com/container-storage-interface/spec
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

func main() {
	name := flag.String("name", "", "the driver's name, as classes have it")
	node := flag.String("node", "", "the node's name")
	root := flag.String("root", "", "the folder that holds volumes and snapshots")
	socket := flag.String("socket", "", "where the driver listens")
	registry := flag.String("registration-socket", "", "where kubelet asks who it is")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := serve(ctx, *name, *node, *root, *socket, *registry); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, name, node, root, socket, registry string) error {
	folders, err := newFolders(root)
	if err != nil {
		return err
	}
	driver := grpc.NewServer()
	csi.RegisterIdentityServer(driver, identity{name: name})
	csi.RegisterControllerServer(driver, controller{folders: folders})
	csi.RegisterNodeServer(driver, nodeServer{name: node, folders: folders})
	kubelet := grpc.NewServer()
	registration.RegisterRegistrationServer(kubelet, registrar{name: name, socket: socket})
	failed := make(chan error, 2)
	for path, server := range map[string]*grpc.Server{socket: driver, registry: kubelet} {
		// One that was killed has left its socket.
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return err
		}
		listener, err := net.Listen("unix", path)
		if err != nil {
			return err
		}
		go func() { failed <- server.Serve(listener) }()
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		driver.GracefulStop()
		kubelet.GracefulStop()
		return nil
	}
}

// identity says what the driver is and can.
type identity struct {
	csi.UnimplementedIdentityServer
	name string
}

func (i identity) GetPluginInfo(context.Context, *csi.GetPluginInfoRequest) (*csi.GetPluginInfoResponse, error) {
	return &csi.GetPluginInfoResponse{Name: i.name, VendorVersion: "1"}, nil
}

func (identity) GetPluginCapabilities(context.Context, *csi.GetPluginCapabilitiesRequest) (*csi.GetPluginCapabilitiesResponse, error) {
	service := &csi.PluginCapability_Service{Type: csi.PluginCapability_Service_CONTROLLER_SERVICE}
	capability := &csi.PluginCapability{Type: &csi.PluginCapability_Service_{Service: service}}
	return &csi.GetPluginCapabilitiesResponse{Capabilities: []*csi.PluginCapability{capability}}, nil
}

func (identity) Probe(context.Context, *csi.ProbeRequest) (*csi.ProbeResponse, error) {
	return &csi.ProbeResponse{}, nil
}

// registrar announces the driver's socket to kubelet, as node-driver-registrar does.
type registrar struct {
	registration.UnimplementedRegistrationServer
	name, socket string
}

func (r registrar) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type:              registration.CSIPlugin,
		Name:              r.name,
		Endpoint:          r.socket,
		SupportedVersions: []string{"1.0.0"},
	}, nil
}

func (registrar) NotifyRegistrationStatus(_ context.Context, status *registration.RegistrationStatus) (*registration.RegistrationStatusResponse, error) {
	if !status.PluginRegistered {
		fmt.Fprintln(os.Stderr, "kubelet refuses the driver:", status.Error)
	}
	return &registration.RegistrationStatusResponse{}, nil
}
