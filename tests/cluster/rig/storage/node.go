package main

import (
	"context"
	"os"
	"syscall"

	"github.com/container-storage-interface/spec/lib/go/csi"
)

// nodeServer shows volumes to pods, where kubelet says.
type nodeServer struct {
	csi.UnimplementedNodeServer
	name    string
	folders folders
}

func (n nodeServer) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	return &csi.NodeGetInfoResponse{NodeId: n.name}, nil
}

func (nodeServer) NodeGetCapabilities(context.Context, *csi.NodeGetCapabilitiesRequest) (*csi.NodeGetCapabilitiesResponse, error) {
	return &csi.NodeGetCapabilitiesResponse{}, nil
}

func (n nodeServer) NodePublishVolume(_ context.Context, request *csi.NodePublishVolumeRequest) (*csi.NodePublishVolumeResponse, error) {
	if _, err := n.folders.read(volumes, request.GetVolumeId()); err != nil {
		return nil, err
	}
	target := request.GetTargetPath()
	if err := os.MkdirAll(target, 0o755); err != nil {
		return nil, err
	}
	// One that is there already, of a call whose answer was lost, is taken away first.
	_ = syscall.Unmount(target, syscall.MNT_DETACH)
	from := n.folders.path(volumes, request.GetVolumeId(), "files")
	if err := syscall.Mount(from, target, "", syscall.MS_BIND, ""); err != nil {
		return nil, err
	}
	if request.GetReadonly() {
		flags := uintptr(syscall.MS_BIND | syscall.MS_REMOUNT | syscall.MS_RDONLY)
		if err := syscall.Mount("", target, "", flags, ""); err != nil {
			return nil, err
		}
	}
	return &csi.NodePublishVolumeResponse{}, nil
}

func (nodeServer) NodeUnpublishVolume(_ context.Context, request *csi.NodeUnpublishVolumeRequest) (*csi.NodeUnpublishVolumeResponse, error) {
	target := request.GetTargetPath()
	_ = syscall.Unmount(target, syscall.MNT_DETACH)
	if err := os.Remove(target); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}
