/**
 * metrics.k8s.io on the rig, for the tests that need it: Kubernetes' own metrics-server, which asks the kubelet. Built
 * and started when a test requests it.
 */
import { ensureBuilt, goBuild, goSources, sourceKey } from "./executables.ts";
import { startInside, stopInside } from "./holder.ts";
import { runAny } from "./host_commands.ts";
import { findLayout } from "./layout.ts";
import { killAndWait, type ProcessId, until } from "./processes.ts";
import { readState } from "./state.ts";
import type { RealCluster } from "./test_namespace.ts";

const source = `${goSources}metrics/`;
const port = 14_443;
const group = "metrics.k8s.io";

/** The service, while it runs. Disposing of it ends its process, and removes its objects from the cluster. */
export class MetricsServer implements AsyncDisposable {
  private constructor(
    private readonly cluster: RealCluster,
    private readonly process: ProcessId,
    private readonly record: string,
  ) {}

  /** Starts it on the rig, and waits until it has measured the node. @throws if there is no rig, or it doesn't start. */
  static async start(cluster: RealCluster): Promise<MetricsServer> {
    const layout = await findLayout();
    const state = await readState(layout);
    if (state === undefined) throw new Error("the rig isn't up: deno task cluster:real up");
    const key = await sourceKey(source, ["go.mod", "go.sum", "main.go"]);
    const folder = await ensureBuilt(
      `${layout.cache}/bin/metrics-${key}`,
      (to) => goBuild(source, ["."], `${to}/metrics-server`),
    );
    const record = `${layout.state}/metrics.json`;
    const abandoned = await Deno.readTextFile(record).catch(() => undefined);
    if (abandoned !== undefined) await killAndWait(JSON.parse(abandoned));
    const keys = `${layout.state}/keys`;
    const kubeconfig = `${keys}/provisioner.kubeconfig`;
    const process = await startInside(layout, state.holder, "metrics-server", [
      `${folder}/metrics-server`,
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      // The rig's API server presents no identity of its own to others.
      "--authentication-skip-lookup",
      `--kubelet-certificate-authority=${keys}/ca.crt`,
      "--kubelet-preferred-address-types=InternalIP",
      "--metric-resolution=10s",
      "--kubelet-request-timeout=5s",
      `--secure-port=${port}`,
      "--cert-dir=/var/lib/metrics",
    ]);
    await Deno.writeTextFile(record, JSON.stringify(process));
    const server = new MetricsServer(cluster, process, record);
    await cluster.kubectl(["apply", "-f", "-"], { stdin: objects() });
    await until(`usage of the node (see ${layout.logs}/metrics-server.log)`, async () => {
      const { code } = await runAny(
        cluster.words("get", "--raw", `/apis/${group}/v1beta1/nodes/rig`),
      );
      return code === 0;
    }, 120_000);
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.cluster.kubectl(["delete", "-f", "-", "--ignore-not-found"], { stdin: objects() });
    } finally {
      await stopInside(this.process, "SIGKILL");
      await Deno.remove(this.record);
    }
  }
}

/** Returns the registration of the API, and who may use it: the API server has decided before it asks. */
function objects(): string {
  const name = "kodama-rig-metrics";
  const subject = {
    apiGroup: "rbac.authorization.k8s.io",
    kind: "Group",
    name: "system:unauthenticated",
  };
  return [
    {
      // Without a proxy for services only an external name leads to a process of the node.
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "kube-system" },
      spec: { type: "ExternalName", externalName: "localhost", ports: [{ port }] },
    },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: `v1beta1.${group}` },
      spec: {
        group,
        version: "v1beta1",
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { name, namespace: "kube-system", port },
      },
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name },
      rules: [
        { apiGroups: [group], resources: ["*"], verbs: ["get", "list"] },
        { nonResourceURLs: [`/apis/${group}/*`], verbs: ["get"] },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [subject],
    },
  ].map((object) => JSON.stringify(object)).join("\n---\n");
}
