/** The paths of a rig's files, and its own names and addresses. */
import { cacheFolder } from "../harness/cache_folder.ts";
import { filePath } from "../../src/files/file_path.ts";

/** The checkout of this file: two checkouts have two rigs. */
const checkout = filePath(new URL("../../", import.meta.url));

/** Bounds of the addresses used between the rig and this machine: RFC 2544, never routed anywhere. */
const linkNetwork = { base: "198.18", blocks: 1 << 14 };

/** Paths and names of one rig. Nothing here touches the disk. */
export interface Layout {
  /** Executables and images, shared by all rigs of this user. */
  cache: string;
  /** All that belongs to this rig alone; removed by `down`, except {@link Layout.keptLogs}. */
  state: string;
  /** Eight hexadecimal digits of the state folder's path: in the name of all kernel objects of the rig. */
  id: string;
  logs: string;
  /** Logs of a rig that failed to start, retained until the next `up`. */
  keptLogs: string;
  /** Written last by `up`: see `state.ts`. */
  stateFile: string;
  /** One file for each fault that a test has made and not yet undone; it holds the test's process. */
  faults: string;
  /** Held while `up` or `down` works. */
  lockFile: string;
  /** Held while a run of the tests works on the rig. */
  testsLockFile: string;
  /** The administrator's. */
  kubeconfig: string;
  /** The veth on this machine's side: at most 15 characters. */
  linkName: string;
  /** The parent of all containers' cgroups, as a path in every hierarchy. */
  cgroup: string;
}

/** Fixed inside the rig's own network: every rig has the same. */
export const network = {
  bridge: "rig0",
  /** Without one of its own it has that of a pod's link: the others lose the node for half a minute when that pod ends. */
  bridgeHardwareAddress: "02:00:00:00:00:01",
  nodeAddress: "10.244.0.1",
  podSubnet: "10.244.0.0/16",
  serviceSubnet: "10.96.0.0/16",
  /** First of the services' addresses: the API server's own service. */
  apiService: "10.96.0.1",
  /** 443 and not 6443: then the service's address works from pods without a proxy for services. */
  apiPort: 443,
} as const;

/** The variable that marks each process of a rig, with the rig's id as its value. */
export const markerVariable = "KODAMA_RIG";

/** The variable that marks each process of a run of the tests on a rig, with the rig's id as its value. */
export const testsMarkerVariable = "KODAMA_RIG_TESTS";

/** The node's name. */
export const nodeName = "rig";

/** Returns the layout of this checkout's rig; `KODAMA_RIG_STATE` names another state folder. */
export async function findLayout(): Promise<Layout> {
  // Shared by all rigs.
  const cache = cacheFolder("rig");
  const state = Deno.env.get("KODAMA_RIG_STATE") || `${cache}/state/${await shortHash(checkout)}`;
  if (!state.startsWith("/")) throw new Error(`KODAMA_RIG_STATE: ${state} is not an absolute path`);
  // The rig has its own of these: this machine's files there are hidden from it.
  const hidden = ["/run/", "/var/run/", "/var/lib/", "/var/log/"].find((path) =>
    state.startsWith(path)
  );
  if (hidden !== undefined) throw new Error(`the rig's state can't be below ${hidden}: ${state}`);
  const id = await shortHash(state);
  return {
    cache,
    state,
    id,
    logs: `${state}/var/log`,
    keptLogs: `${state}.failed-logs`,
    stateFile: `${state}/state.json`,
    faults: `${state}/faults`,
    lockFile: `${state}.lock`,
    testsLockFile: `${state}.tests.lock`,
    kubeconfig: `${state}/kubeconfig`,
    linkName: `kodama${id}`,
    cgroup: `kodama-${id}`,
  };
}

/**
 * Returns two addresses of a network of four, `host` on this machine and `rig` inside. `attempt` counts up when another
 * rig already holds the block.
 */
export function linkAddresses(id: string, attempt: number): { host: string; rig: string } {
  const block = (parseInt(id, 16) + attempt) % linkNetwork.blocks;
  const [third, fourth] = [block >> 6, (block & 63) * 4];
  const prefix = `${linkNetwork.base}.${third}`;
  return { host: `${prefix}.${fourth + 1}`, rig: `${prefix}.${fourth + 2}` };
}

async function shortHash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest.slice(0, 4)).toHex();
}
