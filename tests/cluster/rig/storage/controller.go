package main

import (
	"context"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// controller makes and removes volumes and snapshots. Each call may come again, and then finds what it has made.
type controller struct {
	csi.UnimplementedControllerServer
	folders folders
}

func (controller) ControllerGetCapabilities(context.Context, *csi.ControllerGetCapabilitiesRequest) (*csi.ControllerGetCapabilitiesResponse, error) {
	answer := &csi.ControllerGetCapabilitiesResponse{}
	for _, kind := range []csi.ControllerServiceCapability_RPC_Type{
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME,
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_SNAPSHOT,
	} {
		rpc := &csi.ControllerServiceCapability_RPC{Type: kind}
		answer.Capabilities = append(answer.Capabilities,
			&csi.ControllerServiceCapability{Type: &csi.ControllerServiceCapability_Rpc{Rpc: rpc}})
	}
	return answer, nil
}

func (c controller) CreateVolume(_ context.Context, request *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	size := request.GetCapacityRange().GetRequiredBytes()
	source := request.GetVolumeContentSource()
	snapshot := source.GetSnapshot().GetSnapshotId()
	if source != nil && snapshot == "" {
		return nil, status.Error(codes.InvalidArgument, "a volume is made of a snapshot, or of nothing")
	}
	if snapshot != "" {
		kept, err := c.folders.snapshot(snapshot)
		if err != nil {
			return nil, err
		}
		if size < kept.Size {
			return nil, status.Errorf(codes.OutOfRange, "snapshot %s needs %d bytes", snapshot, kept.Size)
		}
	}
	if err := c.folders.makeVolume(request.GetName(), size, snapshot); err != nil {
		return nil, err
	}
	volume := &csi.Volume{VolumeId: request.GetName(), CapacityBytes: size, ContentSource: source}
	return &csi.CreateVolumeResponse{Volume: volume}, nil
}

func (c controller) DeleteVolume(_ context.Context, request *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	return &csi.DeleteVolumeResponse{}, c.folders.remove(volumes, request.GetVolumeId())
}

func (c controller) CreateSnapshot(_ context.Context, request *csi.CreateSnapshotRequest) (*csi.CreateSnapshotResponse, error) {
	kept, err := c.folders.makeSnapshot(request.GetName(), request.GetSourceVolumeId())
	if err != nil {
		return nil, err
	}
	return &csi.CreateSnapshotResponse{Snapshot: &csi.Snapshot{
		SnapshotId:     request.GetName(),
		SourceVolumeId: kept.Source,
		SizeBytes:      kept.Size,
		CreationTime:   timestamppb.New(kept.TakenAt),
		ReadyToUse:     true,
	}}, nil
}

func (c controller) DeleteSnapshot(_ context.Context, request *csi.DeleteSnapshotRequest) (*csi.DeleteSnapshotResponse, error) {
	return &csi.DeleteSnapshotResponse{}, c.folders.remove(snapshots, request.GetSnapshotId())
}

func (controller) ValidateVolumeCapabilities(_ context.Context, request *csi.ValidateVolumeCapabilitiesRequest) (*csi.ValidateVolumeCapabilitiesResponse, error) {
	confirmed := &csi.ValidateVolumeCapabilitiesResponse_Confirmed{VolumeCapabilities: request.GetVolumeCapabilities()}
	return &csi.ValidateVolumeCapabilitiesResponse{Confirmed: confirmed}, nil
}
