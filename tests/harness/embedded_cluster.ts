/** An embedded cluster for a test, in this process: a fresh folder, a free port, removed at the end. */
import {
  type EmbeddedCluster,
  type EmbeddedClusterOptions,
  startCluster,
} from "../../packages/cluster/cluster.ts";
import { type AuditEvent, auditEvent } from "../../packages/cluster/api/testing/audit.ts";
import { parseWorldChoice } from "../../packages/cluster/worlds/world.ts";
import { filePath } from "../../src/files/file_path.ts";
import { TestFolder } from "./test_folder.ts";

const root = filePath(new URL("../../", import.meta.url));

/** The folder of the shipped worlds. */
export const worldsFolder = `${root}packages/cluster/worlds`;

/** The images that come with kodama. */
export const imageRoots: readonly string[] = [`${root}packages/cluster/images`];

/** A cluster with its kubeconfig as a file, and a home folder for the programs that use it. */
export interface TestCluster extends AsyncDisposable {
  readonly cluster: EmbeddedCluster;
  /** The temporary folder: `home`, `cluster`, `kubeconfig`. */
  readonly folder: string;
  readonly kubeconfig: string;
  /** The environment of programs: the cluster's kubeconfig, and a home of their own. */
  readonly env: Readonly<Record<string, string>>;
}

/** The options of a test's cluster: those of any, and its audit log. */
export type TestClusterOptions = Omit<Partial<EmbeddedClusterOptions>, "audit"> & {
  audit?: (event: AuditEvent) => void;
};

/** Starts a cluster and waits until all of its world that can run does. */
export async function startTestCluster(
  world = "empty",
  { audit, ...options }: TestClusterOptions = {},
): Promise<TestCluster> {
  await using stack = new AsyncDisposableStack();
  const { path: folder } = stack.use(await TestFolder.open("kodama-cluster-"));
  const failures: string[] = [];
  const cluster = stack.use(
    await startCluster({
      folder: `${folder}/cluster`,
      world: parseWorldChoice(world),
      worldsFolder,
      imageRoots,
      onError: (controller, error) => failures.push(`${controller}: ${error}`),
      ...(audit === undefined ? {} : { audit: (facts) => audit(auditEvent(facts)) }),
      ...options,
    }),
  );
  await cluster.ready({ signal: AbortSignal.timeout(120_000) });
  const kubeconfig = `${folder}/kubeconfig`;
  await Deno.mkdir(`${folder}/home`);
  await Deno.writeTextFile(kubeconfig, cluster.kubeconfig, { mode: 0o600 });
  const owned = stack.move();
  return {
    cluster,
    folder,
    kubeconfig,
    env: sessionEnvironment(folder, kubeconfig),
    async [Symbol.asyncDispose]() {
      await owned.disposeAsync();
      // A controller that threw is a bug, whatever the test found.
      if (failures.length > 0) throw new Error(failures.join("\n"));
    },
  };
}

/** Returns such an environment in which new sessions have the embedded cluster's image. */
export function sessionEnvironment(folder: string, kubeconfig: string): Record<string, string> {
  return { ...testEnvironment(folder, kubeconfig), KODAMA_IMAGE: "kodama-session" };
}

/** Returns an environment that holds nothing of the user's own. */
export function testEnvironment(folder: string, kubeconfig: string): Record<string, string> {
  return {
    HOME: `${folder}/home`,
    KODAMA_CONFIG_DIR: `${folder}/home/.kodama`,
    KUBECONFIG: kubeconfig,
    LC_ALL: "C.UTF-8",
    NO_COLOR: "1",
    PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
    TERM: "xterm-256color",
    TZ: "UTC",
  };
}

/** Writes a kubeconfig whose one context, `dead`, names a server that doesn't exist; returns its path. */
export async function writeDeadKubeconfig(folder: string): Promise<string> {
  const path = `${folder}/dead`;
  const config = {
    apiVersion: "v1",
    kind: "Config",
    contexts: [{ name: "dead", context: { cluster: "dead", user: "dead" } }],
    clusters: [{ name: "dead", cluster: { server: "https://127.0.0.1:10" } }],
    users: [{ name: "dead", user: { token: "x" } }],
  };
  await Deno.writeTextFile(path, JSON.stringify(config));
  return path;
}
