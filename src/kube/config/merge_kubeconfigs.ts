/**
 * Several kubeconfigs merged into one, by kubectl's rules.
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
 */
import type {
  ClusterEntry,
  ContextEntry,
  Kubeconfig,
  KubeconfigFile,
  Named,
  UserEntry,
} from "./kubeconfig.ts";
import { parseKubeconfigFile } from "./kubeconfig_file.ts";

/**
 * Merges files: the first that names a context, cluster or user defines it completely, and the first that sets
 * `current-context` wins. Rejects with a `config` error that names the file and the path.
 */
export async function mergeKubeconfigs(files: readonly KubeconfigFile[]): Promise<Kubeconfig> {
  const clusters = new Map<string, Named<ClusterEntry>>();
  const users = new Map<string, Named<UserEntry>>();
  const contexts = new Map<string, Named<ContextEntry>>();
  let currentContext: string | undefined;
  for (const parsed of await Promise.all(files.map(parseKubeconfigFile))) {
    currentContext ??= parsed.currentContext;
    addMissing(clusters, parsed.clusters);
    addMissing(users, parsed.users);
    addMissing(contexts, parsed.contexts);
  }
  return { paths: files.map(({ path }) => path), currentContext, clusters, users, contexts };
}

function addMissing<T>(into: Map<string, Named<T>>, entries: readonly Named<T>[]): void {
  for (const entry of entries) {
    if (!into.has(entry.name)) into.set(entry.name, entry);
  }
}
