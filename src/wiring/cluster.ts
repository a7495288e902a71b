/** The embedded cluster as the actions see it, and the process that serves it in the background. */
import type { ClusterControl, ClusterState } from "../actions/host.ts";
import { KodamaError } from "../base/errors.ts";
import type { ClusterStatus } from "../cluster/control/control.ts";
import type { ServeOptions } from "../cluster/control/serve.ts";
import { serveWord } from "../cli/hidden_words.ts";
import type { EndSignal, SignalSource } from "../cli/invocation.ts";
import type { Places } from "../config/places.ts";
import { filePath } from "./file_path.ts";

/** What a cluster begins with when nobody says otherwise. */
const defaultWorld = "weka";

/** Control of the cluster in the user's own folder. */
export async function clusterControl(places: Places): Promise<ClusterControl> {
  const { clusterDown, clusterStatus, clusterUp } = await import("../cluster/control/control.ts");
  const { parseWorldChoice } = await import("../cluster/worlds/world.ts");
  const { systemClock: clock } = await import("../cluster/node/clock.ts");
  const folder = `${places.configDir}/cluster`;
  const status = async (): Promise<ClusterState> => stateOf(await clusterStatus({ folder }));
  return {
    async up({ world = defaultWorld, signal }) {
      parseWorldChoice(world);
      const command = serveCommand(folder, world);
      for await (const _event of clusterUp({ folder, world, command, clock, signal })) {
        // Its end is what is waited for.
      }
      return await status();
    },
    async down({ signal }) {
      for await (const _event of clusterDown({ folder, clock, signal })) {
        // As above.
      }
      return await status();
    },
    status,
  };
}

function stateOf(status: ClusterStatus): ClusterState {
  if (status.phase === "stopped") return { phase: "stopped" };
  const { record } = status;
  if (record?.server === undefined) {
    throw new KodamaError("conflict", "the embedded cluster is still starting", {
      hint: "kodama cluster up waits until it is ready",
    });
  }
  const { server, context, kubeconfig, world } = record;
  return { phase: "running", server, context, kubeconfig, world };
}

/** The words that start this program again, to serve the cluster of a folder. */
function serveCommand(folder: string, world: string): string[] {
  // A file that `deno compile` made is program and runtime in one, with its permissions inside.
  if (Deno.build.standalone) return [Deno.execPath(), serveWord, folder, world];
  // An installed kodama is JavaScript and has all that it needs beside it; from source it has deno.json.
  const installed = Deno.mainModule.endsWith(".js");
  const own = installed ? ["--no-config", "--no-lock", "--no-remote", "--no-npm"] : [];
  // All of them: what a node reads of its processes lies in /proc, which Deno opens for nothing less.
  const flags = ["--quiet", "--no-prompt", ...own, "--allow-all"];
  return [Deno.execPath(), "run", ...flags, Deno.mainModule, serveWord, folder, world];
}

/** Serves the cluster of a folder until a signal ends it. */
export async function serveUntilSignal(
  [folder = "", world = ""]: readonly string[],
  signals: SignalSource,
): Promise<void> {
  const { serveCluster } = await import("../cluster/control/serve.ts");
  const { parseWorldChoice } = await import("../cluster/worlds/world.ts");
  const stop = new AbortController();
  using _listening = signals.listen((name: EndSignal) => {
    // It lives on when the terminal goes that it was started from.
    if (name !== "SIGHUP") stop.abort();
  });
  const options: ServeOptions = {
    folder,
    world: parseWorldChoice(world),
    worldText: world,
    worldsFolder: filePath(new URL("../cluster/worlds", import.meta.url)),
    imageRoots: [filePath(new URL("../cluster/images", import.meta.url))],
    signal: stop.signal,
  };
  await serveCluster(options);
}
