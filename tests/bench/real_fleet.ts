/** Pods of a real cluster: the user's own, or the rig of the tests. */
import type { TestNamespace } from "../cluster/test_namespace.ts";
import { waitingPod } from "../harness/waiting_pod.ts";
import { accessOf, type BenchCluster, type Fleet } from "./fleets.ts";
import { openRealCluster } from "./real_cluster.ts";
import { podNames } from "./simulated_api.ts";

/** A real cluster with pods, and as who it is asked. */
export interface RealFleet extends AsyncDisposable {
  /** By the token of a service account which may do what a command in pods needs, and no more. */
  byToken: BenchCluster;
  /** As the kubeconfig's user; undefined if that has no client certificate. */
  byCertificate: BenchCluster | undefined;
}

/**
 * Makes N pods and waits until they run. The rig is started where it isn't up, and then taken down in
 * the end.
 *
 * @param sizes of the fleets that will be asked for; a pod of the first `n` has the label `first-n`.
 * @param folder for kubeconfigs.
 */
export async function startRealFleet(
  sizes: readonly number[],
  folder: string,
): Promise<RealFleet> {
  await using stack = new AsyncDisposableStack();
  const cluster = await openRealCluster(stack);
  const namespace = stack.use(await cluster.namespace("bench"));
  const names = podNames(Math.max(...sizes));
  await namespace.create(...names.map((name, index) => {
    const pod = waitingPod(name, {});
    const labels = sizes.filter((size) => index < size).map((size) => [`first-${size}`, "yes"]);
    return { ...pod, metadata: { name, labels: Object.fromEntries(labels) } };
  }));
  await namespace.kubectl("wait", "--for=condition=Ready", "pods", "--all", "--timeout=600s");
  const view = await cluster.kubectl(
    ["config", "view", "--minify", "--flatten", "--raw", "-o", "json"],
  );
  const { serverVersion } = JSON.parse(await cluster.kubectl(["version", "-o", "json"]));
  const common = {
    version: `Kubernetes ${serverVersion.gitVersion}`,
    fleet: (count: number): Fleet => ({
      kind: "real",
      namespace: namespace.name,
      pods: names.slice(0, count),
      lines: names.slice(0, count),
      command: ["hostname"],
      selection: count === 1 ? names.slice(0, 1) : ["-l", `first-${count}=yes`],
    }),
  };
  const byToken = viewOf(view, { token: await tokenOf(namespace) });
  const kubeconfig = `${folder}/token.kubeconfig`;
  await Deno.writeTextFile(kubeconfig, byToken, { mode: 0o600 });
  const access = accessOf(view);
  const owned = stack.move();
  return {
    byToken: { ...common, kubeconfig, access: accessOf(byToken), credential: "token" },
    byCertificate: access.clientCertificate === undefined ? undefined : {
      ...common,
      kubeconfig: cluster.kubeconfig,
      access,
      credential: "client certificate",
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A token that is good for the namespace's pods, and for as long as a benchmark may take. */
async function tokenOf(namespace: TestNamespace): Promise<string> {
  const { name } = namespace;
  await namespace.create(
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "bench" },
      rules: [
        { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
        { apiGroups: [""], resources: ["pods/exec"], verbs: ["get", "create"] },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "bench" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "bench" },
      subjects: [{ kind: "ServiceAccount", name: "default", namespace: name }],
    },
  );
  return (await namespace.kubectl("create", "token", "default", "--duration=4h")).trim();
}

/** The view of a kubeconfig with another user in the place of its own. */
function viewOf(view: string, user: Record<string, string>): string {
  const config = JSON.parse(view);
  return JSON.stringify({ ...config, users: [{ name: config.users[0].name, user }] });
}
