/** containerd, and the network of its pods. */
import { inside, startInside } from "./holder.ts";
import { run, runAny } from "./host_commands.ts";
import { type Layout, network } from "./layout.ts";
import { type ProcessId, until } from "./processes.ts";

/** The address of containerd, seen from inside the rig. */
export const runtimeSocket = "/run/containerd/containerd.sock";

/** Writes containerd's configuration, and that of the pods' network. */
export async function configureRuntime(layout: Layout, pauseName: string): Promise<void> {
  const folder = `${layout.state}/etc/cni`;
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${layout.state}/etc/containerd.toml`, runtimeConfig(folder, pauseName));
  await Deno.writeTextFile(`${folder}/10-rig.conflist`, JSON.stringify(podNetwork(), null, 2));
}

/** Starts containerd and waits until it answers. */
export async function startRuntime(layout: Layout, holder: ProcessId): Promise<ProcessId> {
  const part = await startInside(layout, holder, "containerd", [
    ...["containerd", "--config", `${layout.state}/etc/containerd.toml`],
  ]);
  await until(`containerd (see ${layout.logs}/containerd.log)`, async () => {
    return (await runAny(inside(holder, ctr("version")))).code === 0;
  });
  return part;
}

/** Imports an image's archive into containerd. */
export async function importImage(holder: ProcessId, archive: string): Promise<void> {
  await run(inside(holder, ctr("images", "import", "--no-unpack=false", archive)));
}

/** As {@link importImage}, if containerd doesn't have the image of the name; only then is its archive requested. */
export async function bringImage(
  holder: ProcessId,
  name: string,
  archive: () => Promise<string>,
): Promise<void> {
  const found = await run(inside(holder, ctr("images", "list", "--quiet", `name==${name}`)));
  if (found.trim() === "") await importImage(holder, await archive());
}

function ctr(...words: string[]): string[] {
  return ["ctr", "--address", runtimeSocket, "--namespace", "k8s.io", ...words];
}

/** Returns the configuration. The reasons for each line that isn't obvious are beside it in the file itself. */
function runtimeConfig(networkFolder: string, pauseName: string): string {
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt"]
[grpc]
  address = "${runtimeSocket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseName}"
  # Where CAP_SYS_RESOURCE is missing, a sandbox can't lower its own score, and would not start.
  restrict_oom_score_adj = true
  disable_apparmor = true
  # Under the state folder, which is the rig's own, and not /run/netns.
  netns_mounts_under_state_dir = true
  max_concurrent_downloads = 1
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${networkFolder}"
[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
`;
}

/** https://www.cni.dev/plugins/current/main/bridge/ */
function podNetwork(): Record<string, unknown> {
  return {
    cniVersion: "1.0.0",
    name: "rig",
    plugins: [{
      type: "bridge",
      bridge: network.bridge,
      isGateway: true,
      ipMasq: false,
      hairpinMode: true,
      ipam: {
        type: "host-local",
        dataDir: "/run/cni",
        ranges: [[{ subnet: network.podSubnet, gateway: network.nodeAddress }]],
        routes: [{ dst: "0.0.0.0/0" }],
      },
    }],
  };
}
