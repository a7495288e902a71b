package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// What is kept: each in a folder of its own, with its files in "files" and what is known of it in "about.json".
const (
	volumes   = "volumes"
	snapshots = "snapshots"
)

type folders struct{ root string }

// about is what is known of a volume or a snapshot. It is written last: without it there is none.
type about struct {
	Size    int64     `json:"size"`
	Source  string    `json:"source,omitempty"`
	TakenAt time.Time `json:"takenAt"`
}

func newFolders(root string) (folders, error) {
	for _, kind := range []string{volumes, snapshots} {
		if err := os.MkdirAll(filepath.Join(root, kind), 0o755); err != nil {
			return folders{}, err
		}
	}
	return folders{root}, nil
}

// path is that of the name alone: an id comes from any user who may write volumes, and could lead elsewhere.
func (f folders) path(kind, id string, more ...string) string {
	return filepath.Join(append([]string{f.root, kind, filepath.Base("/" + id)}, more...)...)
}

func (f folders) read(kind, id string) (about, error) {
	var kept about
	text, err := os.ReadFile(f.path(kind, id, "about.json"))
	if err != nil {
		return kept, status.Errorf(codes.NotFound, "%s has no %q", kind, id)
	}
	return kept, json.Unmarshal(text, &kept)
}

func (f folders) snapshot(id string) (about, error) { return f.read(snapshots, id) }

func (f folders) makeVolume(id string, size int64, snapshot string) error {
	if _, err := f.read(volumes, id); err == nil {
		return nil
	}
	from := ""
	if snapshot != "" {
		from = f.path(snapshots, snapshot, "files")
	}
	return f.fill(volumes, id, from, about{Size: size, TakenAt: time.Now()})
}

func (f folders) makeSnapshot(id, volume string) (about, error) {
	if kept, err := f.read(snapshots, id); err == nil {
		return kept, nil
	}
	source, err := f.read(volumes, volume)
	if err != nil {
		return about{}, err
	}
	kept := about{Size: source.Size, Source: volume, TakenAt: time.Now()}
	return kept, f.fill(snapshots, id, f.path(volumes, volume, "files"), kept)
}

// fill recreates the folder, also if an interrupted try has left one.
func (f folders) fill(kind, id, from string, kept about) error {
	if err := f.remove(kind, id); err != nil {
		return err
	}
	files := f.path(kind, id, "files")
	if err := os.MkdirAll(files, 0o755); err != nil {
		return err
	}
	// MkdirAll is subject to the umask; a pod may run as any user.
	if err := os.Chmod(files, 0o777); err != nil {
		return err
	}
	if from != "" {
		if output, err := exec.Command("cp", "-a", "--", from+"/.", files).CombinedOutput(); err != nil {
			return status.Errorf(codes.Internal, "cp: %v: %s", err, output)
		}
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	return os.WriteFile(f.path(kind, id, "about.json"), text, 0o600)
}

func (f folders) remove(kind, id string) error { return os.RemoveAll(f.path(kind, id)) }
