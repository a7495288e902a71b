/** A test of the embedded cluster by the real kubectl. */
import type { ClusterOptions } from "../../src/cluster/cluster.ts";
import { startTestCluster, type TestCluster } from "../harness/embedded_cluster.ts";
import { Kubectl, kubectlMissing } from "../harness/kubectl.ts";

/** What a wire test works with. */
export interface Wire {
  kubectl: Kubectl;
  test: TestCluster;
}

const missing = await kubectlMissing();

/** Declares a test with a cluster of its own. Where there is no kubectl, its name says that it was skipped. */
export function wireTest(
  name: string,
  body: (wire: Wire) => Promise<void>,
  options: {
    world?: string;
    /** Why it can't run here. */
    unless?: string | undefined;
    cluster?: Partial<ClusterOptions>;
  } = {},
): void {
  const reason = missing ?? options.unless;
  if (reason !== undefined) {
    Deno.test({ name: `${name} (skipped: ${reason})`, ignore: true, fn: () => {} });
    return;
  }
  Deno.test(`kubectl: ${name}`, async () => {
    await using test = await startTestCluster(options.world, options.cluster);
    await body({ kubectl: new Kubectl(test.env, test.folder), test });
  });
}

/** A pod that waits, or does what `container` says. */
export function podManifest(
  name: string,
  container: Record<string, unknown> = {},
  spec: Record<string, unknown> = {},
): Record<string, unknown> {
  const main = { name: "main", image: "busybox:1.36", command: ["sleep", "2147483647"] };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ ...main, ...container }],
      ...spec,
    },
  };
}

/** A Deployment of such pods. */
export function deploymentManifest(name: string, replicas: number): Record<string, unknown> {
  const { spec } = podManifest(name);
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

/** Applies a pod and waits until it is ready. */
export async function startPod(
  kubectl: Kubectl,
  name: string,
  container: Record<string, unknown> = {},
): Promise<void> {
  await kubectl.apply(podManifest(name, container));
  await kubectl.ok("wait", "--for=condition=Ready", `pod/${name}`, "--timeout=30s");
}
