/** A test of the embedded cluster by the real kubectl. */
import { hangTimeout } from "../harness/hang_limit.ts";
import {
  startTestCluster,
  type TestCluster,
  type TestClusterOptions,
} from "../harness/embedded_cluster.ts";
import { Kubectl, kubectlMissing } from "../harness/kubectl.ts";
import { waitingPod } from "../harness/waiting_pod.ts";

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
    cluster?: TestClusterOptions;
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

/** A Deployment of such pods. */
export function deploymentManifest(name: string, replicas: number): Record<string, unknown> {
  const { spec } = waitingPod(name);
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
  await kubectl.apply(waitingPod(name, container));
  await kubectl.ok("wait", "--for=condition=Ready", `pod/${name}`, hangTimeout);
}
