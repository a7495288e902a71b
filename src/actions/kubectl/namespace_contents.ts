/** The contents of a namespace, before they are deleted with it. */
import type { KubectlProgram } from "./program.ts";

/** Kinds that the cluster itself makes for other objects. */
const accessory: ReadonlySet<string> = new Set([
  ...["endpoints", "events", "events.events.k8s.io", "endpointslices.discovery.k8s.io"],
  ...["controllerrevisions.apps", "leases.coordination.k8s.io", "bindings"],
]);

/** Objects that every namespace has. */
const usual: ReadonlySet<string> = new Set([
  ...["configmap/kube-root-ca.crt", "serviceaccount/default"],
]);

/** A list of names is read up to this size. */
const maxBytes = 16 * 1024 * 1024;

/**
 * Returns the contents of a namespace, by kind: `pod (3)`, `deployment.apps (1)`; undefined if that can't be read.
 *
 * @param connection flags of kubectl that choose the server.
 */
export async function namespaceContents(
  kubectl: KubectlProgram,
  namespace: string,
  { connection, signal }: { connection: readonly string[]; signal: AbortSignal },
): Promise<string[] | undefined> {
  const read = (...args: string[]) =>
    kubectl.read([...connection, ...args], { stderr: "read", maxBytes, signal });
  // A kind of a server that doesn't answer fails it; all others are printed.
  const { stdout: kinds } = await read(
    ...["api-resources", "--namespaced", "--verbs=list", "--output=name"],
  );
  const listed = kinds.split("\n").filter((kind) => kind !== "" && !accessory.has(kind));
  if (listed.length === 0) return undefined;
  const { exitCode, stdout, isTruncated } = await read(
    ...["get", listed.join(","), "--namespace", namespace],
    ...["--ignore-not-found", "--output=name"],
  );
  if (isTruncated) return undefined;
  const names = stdout.split("\n").filter((name) => name !== "" && !usual.has(name));
  const counts = Map.groupBy(names, (name) => name.split("/")[0] ?? "");
  return [
    ...[...counts].map(([kind, some]) => `${kind} (${some.length})`),
    ...(exitCode === 0 ? [] : ["kinds that may not be listed"]),
  ];
}
