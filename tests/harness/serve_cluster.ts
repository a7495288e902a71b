/** The program that `clusterUp` starts in tests: `serve_cluster.ts FOLDER WORLD keep|begin`. */
import { serveCluster } from "../../packages/cluster/control/serve.ts";
import { parseWorldChoice } from "../../packages/cluster/worlds/world.ts";
import { imageRoots, worldsFolder } from "./embedded_cluster.ts";

const [folder = "", worldText = "", keep] = Deno.args;
const stop = new AbortController();
Deno.addSignalListener("SIGTERM", () => stop.abort());
await serveCluster({
  folder,
  worldText,
  world: parseWorldChoice(worldText),
  worldsFolder,
  imageRoots,
  signal: stop.signal,
  ...(keep === "keep" ? { keep: { world: worldText } } : {}),
});
Deno.exit(0);
