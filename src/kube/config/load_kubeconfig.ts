/** Finds and reads the kubeconfig files, like kubectl. */
import { KodamaError } from "../../base/errors.ts";
import { permissionError } from "../failures.ts";
import type { KubeHost } from "../host.ts";
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
 * Returns the merged kubeconfig: `explicit` (`--kubeconfig`) alone, else the files of `KUBECONFIG`, else
 * `~/.kube/config`. Undefined if none of them exists; a missing explicit file is a `config` error.
 */
export async function loadKubeconfig(
  explicit: string | undefined,
  host: KubeHost,
): Promise<Kubeconfig | undefined> {
  const paths = explicit === undefined ? kubeconfigPaths(host) : [explicit];
  const files = await Promise.all(paths.map((path) => readIfThere(path, host)));
  const found = files.filter((file) => file !== undefined);
  if (explicit !== undefined && found.length === 0) {
    throw new KodamaError("config", `kubeconfig ${explicit} does not exist`);
  }
  return found.length === 0 ? undefined : await mergeKubeconfigs(found);
}

/** Returns the error if there is neither a kubeconfig nor a surrounding cluster. */
export function noKubeconfigError(host: KubeHost): KodamaError {
  const paths = kubeconfigPaths(host);
  const missing = `${paths.join(", ")} ${paths.length === 1 ? "does" : "do"} not exist`;
  const fromVariable = (host.env("KUBECONFIG") ?? "") !== "";
  return new KodamaError("config", `no kubeconfig: ${missing}`, {
    hint: fromVariable
      ? "$KUBECONFIG names this: correct it, or unset it to use ~/.kube/config"
      : "set $KUBECONFIG or pass --kubeconfig FILE; kodama cluster up starts a small cluster to try things in",
  });
}

/** Empty entries of `KUBECONFIG` are ignored, repeated ones count once. */
function kubeconfigPaths(host: KubeHost): string[] {
  const listed = (host.env("KUBECONFIG") ?? "").split(":").filter((path) => path !== "");
  return listed.length > 0 ? [...new Set(listed)] : [`${host.env("HOME") ?? ""}/.kube/config`];
}

async function readIfThere(path: string, host: KubeHost): Promise<KubeconfigFile | undefined> {
  try {
    return { path, text: await host.readText(path) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw permissionError(error) ??
      new KodamaError("config", `cannot read kubeconfig ${path}`, { cause: error });
  }
}

/*
 * Several kubeconfigs merged into one, by kubectl's rules.
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
 */

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
