/**
 * Which files of the bundle are on the hot path: everything that a command may load before its first
 * answer. What is cold is loaded on demand, by few, and may cost.
 */
import type { Metafile } from "esbuild";

/**
 * Modules that begin a cold part of the program, as paths of the source tree: the embedded cluster; the link
 * for clusters that ask for a client certificate, which only node's TLS can do well; the official
 * client, for the credentials of older kubeconfigs; checksums for copies where an image has no `cksum`, and the
 * times of symbolic links; the syntax of scripts.
 */
export const coldModules: readonly string[] = [
  "src/cluster/",
  "src/kube/auth_provider.ts",
  "src/kube/link_node.ts",
  "src/wiring/node_checksums.ts",
  "src/wiring/node_link_times.ts",
  "src/workflow/script_syntax.ts",
];

/** What one command in some pods loads, first of all commands: the modules that others import lazily. */
export const execModules: readonly string[] = [
  "src/cli/commands/exec.ts",
  "src/cli/parse.ts",
  "src/wiring/host.ts",
  "src/actions/exec.ts",
  "src/kube/open_client.ts",
  "src/actions/record_run.ts",
  "src/kube/find_targets.ts",
];

/** Modules that have little to load, and are to be as fast as a program can be. */
export const lightModules: readonly string[] = [
  "src/cli/commands/version.ts",
  "src/cli/commands/completion.ts",
];

/** Names of the hot output files. */
export function hotOutputs(metafile: Metafile): string[] {
  const entry = Object.keys(metafile.outputs).find((path) =>
    entryModule(metafile, path) === "main.ts"
  );
  if (entry === undefined) throw new Error("the bundle has no entry");
  const hot = new Set([entry]);
  for (const path of hot) {
    for (const { path: next, external } of metafile.outputs[path]?.imports ?? []) {
      if (!external && !isCold(entryModule(metafile, next))) hot.add(next);
    }
  }
  return [...hot].map((path) => path.slice(path.lastIndexOf("/") + 1));
}

/** The module of the source tree that an output file stands for where it is imported; undefined for shared code. */
export function entryModule(metafile: Metafile, output: string): string | undefined {
  // What starts together stands behind a word for it (bundle_plugins.ts).
  return metafile.outputs[output]?.entryPoint?.replace(/^beside:/, "");
}

function isCold(module: string | undefined): boolean {
  return coldModules.some((cold) => module?.startsWith(cold));
}
