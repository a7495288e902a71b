/**
 * The rig's namespaces: processes, mounts and network of its own.
 *
 * They have no names and no files. They last as long as their first process, so that a rig whose driver was killed can
 * be removed completely.
 */
import { run, startDetached } from "./host_commands.ts";
import { type Layout, linkAddresses, markerVariable, network } from "./layout.ts";
import {
  childrenOf,
  identify,
  innerProcessId,
  isAlive,
  type ProcessId,
  programName,
  signalProcess,
  until,
} from "./processes.ts";

/**
 * Kernel settings that kubelet changes for the whole machine. In the rig it changes copies of these files, so that a
 * test cluster doesn't affect the other programs of this machine.
 */
const machineSettings = [
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
];

/** Returns the environment of each process of the rig. */
function markedEnvironment(layout: Layout): Record<string, string> {
  return { [markerVariable]: layout.id };
}

/** Starts the first process of new namespaces. */
export async function startHolder(layout: Layout, pause: string): Promise<ProcessId> {
  const outer = await startDetached([
    ...["unshare", "--mount", "--propagation", "private", "--net", "--uts", "--ipc"],
    ...["--pid", "--fork", "--kill-child=KILL", "--mount-proc", pause],
  ], { log: `${layout.logs}/holder.log`, env: markedEnvironment(layout) });
  let holder: ProcessId | undefined;
  await until("the rig's namespaces", async () => {
    const [child] = await childrenOf(outer);
    if (child !== undefined && await programName(child) === "pause") holder = await identify(child);
    return holder !== undefined;
  });
  if (holder === undefined) throw new Error("the rig's first process has no id");
  return holder;
}

/** Returns the args that run a program inside the rig. */
export function inside(holder: ProcessId, command: readonly string[]): string[] {
  const namespaces = ["--mount", "--net", "--uts", "--ipc", "--pid"];
  return ["nsenter", "--target", String(holder.pid), ...namespaces, "--", ...command];
}

/** Starts a part of the cluster inside, in the background. Its log is `NAME.log`. */
export async function startInside(
  layout: Layout,
  holder: ProcessId,
  name: string,
  command: readonly string[],
): Promise<ProcessId> {
  const log = `${layout.logs}/${name}.log`;
  const innerId = await startDetached(command, {
    log,
    env: markedEnvironment(layout),
    enter: inside(holder, []),
  });
  // An orphan in the rig becomes the child of its first process, which also reaps it.
  for (const pid of await childrenOf(holder.pid)) {
    if (await innerProcessId(pid) !== innerId) continue;
    const part = await identify(pid);
    if (part !== undefined) return part;
  }
  throw new Error(`${name} ended as soon as it was started (see ${log})`);
}

/** Ends a part that was started with {@link startInside}. */
export async function stopInside(part: ProcessId, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (!await signalProcess(part, signal)) return;
  await until(`the end of process ${part.pid}`, async () => !await isAlive(part));
}

/** Sets up the rig's mounts: if a program's folder is fixed, the rig's own is mounted over it. */
export async function mountFolders(layout: Layout, holder: ProcessId): Promise<void> {
  const settings = `${layout.state}/settings`;
  for (const name of machineSettings) {
    const copy = `${settings}/${name}`;
    await Deno.mkdir(copy.slice(0, copy.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(copy, await Deno.readTextFile(`/proc/sys/${name}`));
  }
  const script = `
    mount --make-rshared /
    mount -t tmpfs -o mode=755 rig /run
    for folder in lib log; do mount --bind "$1/var/$folder" "/var/$folder"; done
    for name in ${machineSettings.join(" ")}; do
      mount --bind "$1/settings/$name" "/proc/sys/$name"
    done`;
  await run(inside(holder, ["sh", "-ec", script, "sh", layout.state]));
}

/**
 * Sets up the rig's network: a bridge that carries the node's address, and a link to this machine.
 *
 * The link's addresses are of a range that is never routed, and the rig has a route to the other end of the link only:
 * a packet from elsewhere gets no answer.
 *
 * @returns The rig's address on the link.
 */
export async function connectNetwork(layout: Layout, holder: ProcessId): Promise<string> {
  const { host, rig } = await freeAddresses(layout);
  await run([
    ...["ip", "link", "add", layout.linkName, "type", "veth"],
    ...["peer", "name", "machine", "netns", String(holder.pid)],
  ]);
  await run(["ip", "address", "add", `${host}/30`, "dev", layout.linkName]);
  await run(["ip", "link", "set", layout.linkName, "up"]);
  const script = `
    ip link set lo up
    ip link add ${network.bridge} address ${network.bridgeHardwareAddress} type bridge
    ip address add ${network.nodeAddress}/16 dev ${network.bridge}
    ip address add ${network.apiService}/32 dev ${network.bridge}
    ip link set ${network.bridge} up
    ip address add ${rig}/30 dev machine
    ip link set machine up
    ip route add default dev ${network.bridge}`;
  await run(inside(holder, ["sh", "-ec", script]));
  return rig;
}

/** Returns a block of addresses that no interface of this machine has. */
async function freeAddresses(layout: Layout): Promise<{ host: string; rig: string }> {
  const interfaces: { addr_info?: { local?: string }[] }[] = JSON.parse(
    await run(["ip", "-json", "-4", "address", "show"]),
  );
  const taken = new Set(interfaces.flatMap((one) => one.addr_info ?? []).map((one) => one.local));
  for (let attempt = 0; attempt < 64; attempt++) {
    const addresses = linkAddresses(layout.id, attempt);
    if (!taken.has(addresses.host) && !taken.has(addresses.rig)) return addresses;
  }
  throw new Error("no free block of addresses in 198.18.0.0/16: too many rigs run on this machine");
}
