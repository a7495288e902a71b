/**
 * Which files of the bundle are on the hot path: everything that a command may load before its first
 * answer. What is cold is loaded on demand, by few, and may cost.
 */
import type { Metafile } from "esbuild";

/**
 * Modules that begin a cold part of the program, as paths of the source tree: the embedded cluster; the link
 * for clusters that ask for a client certificate, which only node's TLS can do well; the official
 * client, for the credentials of older kubeconfigs; and checksums for copies where an image has no `cksum`.
 */
export const coldModules: readonly string[] = [
  "src/cluster/",
  "src/kube/auth_provider.ts",
  "src/kube/link_node.ts",
  "src/wiring/node_checksums.ts",
];

/** Names of the hot output files. */
export function hotOutputs(metafile: Metafile): string[] {
  const entry = Object.keys(metafile.outputs).find((path) =>
    metafile.outputs[path]?.entryPoint === "main.ts"
  );
  if (entry === undefined) throw new Error("the bundle has no entry");
  const hot = new Set([entry]);
  for (const path of hot) {
    for (const { path: next, external } of metafile.outputs[path]?.imports ?? []) {
      if (!external && !isCold(metafile.outputs[next]?.entryPoint)) hot.add(next);
    }
  }
  return [...hot].map((path) => path.slice(path.lastIndexOf("/") + 1));
}

function isCold(entryPoint: string | undefined): boolean {
  return coldModules.some((module) => entryPoint?.startsWith(module));
}
