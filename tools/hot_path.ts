/**
 * The files of the bundle that are on the hot path: everything that a command may load before its first
 * answer. Cold files are loaded on demand, by few commands, and may be slow.
 */
import type { Metafile } from "esbuild";

/**
 * Modules that start a cold part of the program, as paths of the source tree: the embedded cluster; the connection
 * to clusters that require a client certificate, which only node's TLS can do well; the official
 * client, for the credentials of older kubeconfigs; checksums for copies if an image has no `cksum`, and the
 * times of symbolic links; the parser of scripts; the language server; the MCP server; the providers of language models.
 */
export const coldModules: readonly string[] = [
  "packages/cluster/",
  "src/kube/config/auth_provider.ts",
  "src/kube/tls/link_node.ts",
  "src/copy/local/node.ts",
  "src/lsp/",
  "src/mcp/",
  "src/model/sdk.ts",
  "src/workflow/script_syntax.ts",
];

/** Loaded by a command in some pods, the most important case: the modules that others import lazily. */
export const execModules: readonly string[] = [
  "src/cli/commands/exec/exec.ts",
  "src/cli/commands/ask/explained.ts",
  "src/host/host.ts",
  "src/actions/exec/exec.ts",
  "src/kube/open_client.ts",
  "src/actions/exec/record_run.ts",
  "src/kube/select/find_targets.ts",
];

/** Modules that load little, and should be as fast as possible. */
export const lightModules: readonly string[] = [
  "src/cli/commands/version.ts",
  "src/cli/commands/completion.ts",
];

/** Returns the names of the hot output files. */
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

/** Returns the source module that an imported output file represents; undefined for shared code. */
export function entryModule(metafile: Metafile, output: string): string | undefined {
  // Modules that start together are behind one entry name (bundle_plugins.ts).
  return metafile.outputs[output]?.entryPoint?.replace(/^beside:/, "");
}

function isCold(module: string | undefined): boolean {
  return coldModules.some((cold) => module?.startsWith(cold));
}
