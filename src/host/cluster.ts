/** The embedded cluster as the actions use it, and the process that serves it in the background. */
import { definedOnly } from "../base/json_value.ts";
import type {
  ClusterControl,
  ClusterRef,
  ClusterStart,
  ClusterState,
  ClusterWait,
  RunningCluster,
} from "../actions/cluster_control.ts";
import { systemClock as clock } from "../base/clock.ts";
import type { Host, TestCluster } from "../actions/host.ts";
import { KodamaError } from "../base/errors.ts";
import type { ClusterRecord, ClusterStatus } from "../../packages/cluster/control/control.ts";
import type { ServeOptions } from "../../packages/cluster/control/serve.ts";
import type { SignalSource } from "../terminal/driver/signals.ts";
import type { Places } from "../config/paths.ts";
import { TrustedFiles } from "../sandbox/trust.ts";
import { filePath } from "../files/file_path.ts";
import { serveClusterCommand } from "../cli/program.ts";
import { endSignal } from "./signals.ts";

/** The initial world of a cluster by default. */
const defaultWorld = "weka";

/** Controls the user's own cluster, and those that are stored in folders of their own. */
export async function clusterControl(places: Places): Promise<ClusterControl> {
  const { clusterDown, clusterStatus, clusterUp } = await import(
    "../../packages/cluster/control/control.ts"
  );
  const folderOf = ({ data }: ClusterRef) =>
    data === undefined ? `${places.configDir}/cluster` : absolute(data);
  const status = async (ref: ClusterRef): Promise<ClusterState> => {
    const found = await clusterStatus({ folder: folderOf(ref) });
    if (found.phase === "stopped") return { phase: "stopped", ended: null, died: diedOf(found) };
    const running = runningOf(found.record);
    if (running !== undefined) return running;
    const { world = "", pods = { ready: 0, expected: 0 } } = found.record ?? {};
    return { phase: "starting", world, pods };
  };
  return {
    async up({ signal, onEvent, ...start }) {
      const plan = await planOf(folderOf(start), start);
      const command = serveCommand(plan);
      for await (const event of clusterUp({ ...plan, command, clock, signal })) {
        if (event.kind === "joined" || event.kind === "progress") onEvent(event);
      }
      const state = await status(start);
      if (state.phase === "running") requirePort(state, start);
      return state;
    },
    async serve({ signal, onEvent, ...start }) {
      await serve(await planOf(folderOf(start), start), { signal, onEvent });
    },
    async down({ signal, onEvent, ...ref }) {
      let ended: ClusterRecord | undefined;
      for await (const event of clusterDown({ folder: folderOf(ref), clock, signal })) {
        if (event.kind === "stopped") ended = event.ended;
        else onEvent(event);
      }
      return { phase: "stopped", ended: runningOf(ended) ?? null, died: null };
    },
    status,
  };
}

function absolute(path: string): string {
  const whole = path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
  return whole.replace(/(?<=.)\/+$/, "");
}

/** Throws UsageError for an invalid world. */
async function planOf(folder: string, { data, world, port }: ClusterStart): Promise<ClusterPlan> {
  const { readSavedCluster: readSettled } = await import("../../packages/cluster/saved_state.ts");
  const { resolvedWorld: settledWorld } = await import("../../packages/cluster/worlds/world.ts");
  const settled = data === undefined ? undefined : await readSettled(folder);
  return {
    folder,
    world: settledWorld(world ?? settled?.world ?? defaultWorld, Deno.cwd()),
    keep: data !== undefined,
    ...definedOnly({ port }),
  };
}

function runningOf(record: ClusterRecord | undefined): RunningCluster | undefined {
  if (record?.server === undefined) return undefined;
  const { server, context, kubeconfig, world, pods, pid, startedAt, kept } = record;
  const data = kept ? kubeconfig.slice(0, kubeconfig.lastIndexOf("/")) : null;
  return { phase: "running", server, context, kubeconfig, world, pods, pid, startedAt, data };
}

function diedOf({ died }: Extract<ClusterStatus, { phase: "stopped" }>) {
  if (died === undefined) return null;
  const { record: { pid, startedAt }, log } = died;
  return { pid, startedAt, log };
}

/** A requested port is a promise to its clients. */
function requirePort({ server }: RunningCluster, { port }: ClusterStart): void {
  if (port === undefined || server.endsWith(`:${port}`)) return;
  throw new KodamaError("conflict", `the cluster runs at ${server}, not at port ${port}`, {
    hint: "kodama cluster down, then up again",
  });
}

/** Serves a cluster until the signal. */
async function serve(plan: ClusterPlan, { signal, onEvent }: ClusterWait): Promise<void> {
  const { serveCluster } = await import("../../packages/cluster/control/serve.ts");
  const { parseWorldChoice } = await import("../../packages/cluster/worlds/world.ts");
  const { folder, world, keep, port } = plan;
  const options: ServeOptions = {
    folder,
    world: parseWorldChoice(world),
    worldText: world,
    worldsFolder: filePath(new URL("../../packages/cluster/worlds", import.meta.url)),
    imageRoots: [filePath(new URL("../../packages/cluster/images", import.meta.url))],
    signal,
    onRecord(record) {
      const state = runningOf(record);
      if (record.phase === "ready" && state !== undefined) onEvent({ kind: "ready", state });
      else onEvent({ kind: "progress", pods: record.pods });
    },
    ...(keep ? { keep: { world } } : {}),
    ...definedOnly({ port }),
  };
  await serveCluster(options);
}

/** Runs in the background process: serves the cluster that its arguments describe, until a signal ends it. */
export async function serveUntilSignal(
  args: readonly string[],
  signals: SignalSource,
): Promise<void> {
  using end = endSignal(signals);
  await serve(planOfArgs(args), { signal: end.signal, onEvent: () => {} });
}

/* The command that starts this program again, to serve a cluster in the background. */

/** A cluster to serve. */
interface ClusterPlan {
  /** Absolute. */
  folder: string;
  world: string;
  /** Whether its objects outlive it. */
  keep: boolean;
  port?: number;
}

/** The set `cluster` of `deno.json`, which an installed kodama doesn't have beside it; a test compares them. */
const permissions = [
  "--allow-read",
  "--allow-write",
  "--allow-net",
  "--allow-env",
  "--allow-run",
  "--allow-sys",
];

/** Returns the whole command line: program first. */
export function serveCommand(plan: ClusterPlan): string[] {
  const args = [
    serveClusterCommand,
    plan.folder,
    plan.world,
    plan.keep ? "keep" : "begin",
    ...(plan.port === undefined ? [] : [String(plan.port)]),
  ];
  // A file that `deno compile` created is program and runtime in a single file, with its permissions inside.
  if (Deno.build.standalone) return [Deno.execPath(), ...args];
  const flags = ["--quiet", "--no-prompt", ...permissions, ...moduleFlags()];
  return [Deno.execPath(), "run", ...flags, Deno.mainModule, ...args];
}

/**
 * An installed kodama is JavaScript with all that it needs beside it; from source it has deno.json. Its launcher's flags
 * of V8 are for commands: with their small heap, the server needs a third more processor time for 300 pods. With others
 * it would reject the code that the commands have cached, and replace it by its own.
 */
function moduleFlags(): string[] {
  const installed = Deno.mainModule.endsWith(".js");
  return installed
    ? ["--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-code-cache"]
    : [];
}

/** Returns the plan that {@link serveCommand}'s arguments describe. */
function planOfArgs(args: readonly string[]): ClusterPlan {
  const [folder = "", world = "", keep, port] = args;
  return {
    folder,
    world,
    keep: keep === "keep",
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}

/**
 * Starts an embedded cluster for a test, in a folder of its own that is removed with it, and waits until it is ready.
 *
 * @param hostOf returns a host with this folder and kubeconfig.
 */
export async function testCluster(
  { world, trusted }: { world: string; trusted: TrustedFiles },
  signal: AbortSignal,
  hostOf: (places: { configDir: string; kubeconfig: string }) => Host,
): Promise<TestCluster> {
  // Its pods are processes of this machine.
  if (!TrustedFiles.is(trusted)) throw new Error(`the world ${world} isn't trusted`);
  const root = await Deno.makeTempDir({ prefix: "kodama-test-" });
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => Deno.remove(root, { recursive: true }));
  // Apart from the folders of cases: no step writes to kodama's own.
  const configDir = `${root}/home`;
  const kubeconfig = `${configDir}/cluster/kubeconfig`;
  const host = hostOf({ configDir, kubeconfig });
  const control = await clusterControl(host.places);
  const wait = { onEvent: () => {} };
  // The cluster is always stopped: also if the test was stopped while it started.
  cleanup.defer(async () =>
    void await control.down({ ...wait, signal: new AbortController().signal })
  );
  await control.up({ ...wait, signal, world });
  const kept = cleanup.move();
  return {
    host,
    folder: async () => {
      const path = await Deno.makeTempDir({ dir: root });
      return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
