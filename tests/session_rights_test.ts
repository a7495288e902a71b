/** The Role of docs/sessions.md is all that sessions need: their whole life with it, and nothing else granted. */
import { unless } from "../src/base/testing/unless.ts";
import assert from "node:assert/strict";
import { hangLimitMs } from "./harness/hang_limit.ts";
import { systemHost } from "../src/kube/host.ts";
import { openKubeClient } from "../src/kube/open_client.ts";
import { startTestCluster } from "./harness/embedded_cluster.ts";
import { startGitServer } from "./harness/git_server.ts";
import { Kubectl, kubectlMissing } from "./harness/kubectl.ts";
import { documentedRole } from "./harness/session_role.ts";
import { KodamaInProcess } from "./harness/kodama_in_process.ts";

const noKubectl = await kubectlMissing();

Deno.test(
  unless(noKubectl, "a session lives its whole life with the documented Role alone"),
  async () => {
    const requests: string[] = [];
    await using cluster = await startTestCluster("empty", {
      audit: ({ user, verb, objectRef, annotations, requestURI }) => {
        if (user.username !== "jane") return;
        const what = [objectRef?.resource, objectRef?.subresource].filter(Boolean).join("/");
        const decision = annotations["authorization.k8s.io/decision"];
        requests.push(`${decision} ${verb} ${what || requestURI.split("?")[0]}`);
      },
    });
    await using server = await startGitServer(`${cluster.folder}/git`);
    const kubectl = Kubectl.on(cluster);
    await kubectl.apply(await documentedRole(), "-n", "default");
    const binding = ["--role=kodama-sessions", "--user=jane"];
    await kubectl.ok("create", "rolebinding", "jane", "-n", "default", ...binding);
    const own = `${cluster.folder}/jane`;
    await Deno.writeTextFile(own, await cluster.cluster.kubeconfigFor("jane", []));
    const kodama = new KodamaInProcess(cluster.env);
    const jane = { env: { KUBECONFIG: own } };
    await Deno.writeTextFile(`${cluster.folder}/.env`, "A=1\n");
    const lines = [
      `start work --repo ${server.repository}`,
      `start work --repo ${server.repository} --env-file ${cluster.folder}/.env`,
      "list",
      "list -o wide",
      "get work",
      "attach work --command true",
      "stop work",
      "snapshot work --as before",
      "snapshots list work",
      "restore work before --yes",
      "stop work",
      "resume work",
      "logs kodama-work -n default",
      "doctor --sessions -n default",
      "delete work --force --purge",
      "restore again before",
      "delete again --force --purge",
      "snapshots delete before --force",
    ];
    for (const line of lines) {
      await kodama.succeed(line.split(" "), jane);
      if (line === "resume work") await forwardPort(own);
    }
    // Policies are for sessions with an allow-list; the cluster here doesn't serve them at all.
    const refused = requests.filter((one) => one.startsWith("forbid"))
      .filter((one) => !one.includes("networkpolicies"))
      // The cluster's own: a Role can't show them, and the cluster takes its default one.
      .filter((one) => !one.includes("volumesnapshotclasses"))
      // Rights that were shared: the cluster removes them with the session.
      .filter((one) => !/ list role(?:binding)?s$/.test(one));
    assert.deepEqual(refused, []);
    const unused = (await neverUsed(requests))
      // What a kubectl asks for whose streams are SPDY.
      .filter((one) => one !== "create pods/portforward");
    assert.deepEqual(unused.filter((one) => !one.includes("networkpolicies")), []);
    const elsewhere = await kodama.run(["list", "-A"], jane);
    assert.match(elsewhere.stderr, /forbidden/);
  },
);

/** Opens a stream to a port of the session's pod; nothing has to listen there. */
async function forwardPort(kubeconfig: string): Promise<void> {
  await using client = await openKubeClient({ kubeconfig }, systemHost(() => {}));
  const pod = { namespace: "default", pod: "kodama-work" };
  using link = await client.portLink(pod, { signal: AbortSignal.timeout(hangLimitMs) });
  using _stream = await link.open(8080);
}

/** Returns what the Role grants and no request used: `verb resource`. */
async function neverUsed(requests: readonly string[]): Promise<string[]> {
  const { rules } = await documentedRole();
  return rules.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`))
  ).filter((granted) => !requests.includes(`allow ${granted}`));
}
