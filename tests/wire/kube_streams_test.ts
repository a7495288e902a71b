/** kodama's own client against the embedded cluster: what needs a real connection to be true. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/base/clock.ts";
import type { ExecChannel, KubeClient } from "../../src/kube/client.ts";
import { LiveList } from "../../src/kube/live_list.ts";
import { systemHost } from "../../src/kube/host.ts";
import { linksClosed } from "../../src/kube/tls/dial_link.ts";
import { openKubeClient } from "../../src/kube/open_client.ts";
import { PODS } from "../../src/kube/resources.ts";
import type { Pod } from "../../src/kube/types.ts";
import { startTestCluster, type TestCluster } from "../harness/embedded_cluster.ts";

const namespace = "weka-operator-system";
const host = systemHost((message) => assert.fail(message));

/** The running pods that a client may exec in. */
async function podNames(client: KubeClient): Promise<string[]> {
  const scope = { namespace, fieldSelector: "status.phase=Running" };
  const pages = await Array.fromAsync(client.list<Pod>(PODS, scope));
  return pages.flatMap(({ items }) => items.map(({ metadata }) => metadata?.name ?? ""));
}

function execIn(client: KubeClient, command: string, stdin = false): Promise<ExecChannel> {
  return client.exec({
    namespace,
    pod: "weka-drive-0",
    container: "weka-container",
    command: ["sh", "-c", command],
    stdin,
    tty: false,
  });
}

async function hear(channel: ExecChannel) {
  let [length, text] = [0, ""];
  const decoder = new TextDecoder();
  for await (const { bytes } of channel.output) {
    length += bytes.length;
    if (text.length < 1000) text += decoder.decode(bytes);
  }
  return { length, text, end: await channel.end };
}

/** A kubeconfig of an administrator with a client certificate. */
async function certificateKubeconfig({ cluster, folder }: TestCluster): Promise<string> {
  const file = `${folder}/kubeconfig.certificate`;
  await Deno.writeTextFile(file, await cluster.kubeconfigFor("operator", ["system:masters"]));
  return file;
}

async function stopsTheSender(client: KubeClient): Promise<void> {
  const done = "/tmp/flood-is-over";
  await using flood = await execIn(
    client,
    `rm -f ${done}; head -c 67108864 /dev/zero; touch ${done}`,
  );
  const output = flood.output[Symbol.asyncIterator]();
  let length = (await output.next()).value?.bytes.length ?? 0;
  // Were anybody still reading, 64 MiB would be through long before these are.
  for (let round = 0; round < 40; round++) {
    const { text } = await hear(await execIn(client, `test -e ${done} && echo over || echo held`));
    assert.equal(text, "held\n");
  }
  for (let next = await output.next(); next.done !== true; next = await output.next()) {
    length += next.value.bytes.length;
  }
  assert.equal(length, 67_108_864);
  assert.deepEqual(await flood.end, { kind: "exited", exitCode: 0 });
}

Deno.test("kodama's client and the embedded cluster", async (t) => {
  await using world = await startTestCluster("weka");
  await using client = await openKubeClient({ kubeconfig: world.kubeconfig }, host);
  const certificate = await certificateKubeconfig(world);
  await using byCertificate = await openKubeClient({ kubeconfig: certificate }, host);
  const clients = [["a client certificate", byCertificate], ["a token", client]] as const;
  for (const [name, one] of clients) {
    await t.step(`with ${name}: a reader that stops stops the sender`, () => stopsTheSender(one));

    await t.step(`with ${name}: input goes both ways and ends`, async () => {
      const channel = await execIn(one, "wc -c", true);
      const writing = channel.write(new Uint8Array(3_000_000)).then(() => channel.closeStdin());
      const { text } = await hear(channel);
      assert.equal(await writing, true);
      assert.equal(text.trim(), "3000000");
    });

    await t.step(`with ${name}: unread input doesn't delay the end`, async () => {
      const channel = await execIn(one, "exit 4", true);
      const writing = channel.write(new Uint8Array(4_000_000)).catch(() => {});
      assert.deepEqual((await hear(channel)).end, { kind: "exited", exitCode: 4 });
      await writing;
    });
  }

  await t.step("every pod at once gives its own output and code", async () => {
    const pods = await podNames(client);
    const ends = await Promise.all(
      pods.flatMap((pod) => [pod, pod, pod]).map(async (pod, index) => {
        const command = ["sh", "-c", `seq 1 2000; echo ${pod} >&2; exit ${index}`];
        const container = pod.includes("operator") ? "manager" : "weka-container";
        const channel = await client.exec({
          namespace,
          pod,
          container,
          command,
          stdin: false,
          tty: false,
        });
        const { length, end } = await hear(channel);
        return [length - pod.length, end.kind === "exited" ? end.exitCode : end];
      }),
    );
    // 8893 bytes of numbers, and the end of the line after the name.
    assert.deepEqual(ends, ends.map((_, index) => [8894, index]));
  });

  await t.step("a wrong certificate authority is reported as such", async () => {
    const other = (await Deno.readTextFile(world.kubeconfig)).replace(
      /,\s*"certificate-authority-data": .*/,
      "",
    );
    await Deno.writeTextFile(`${world.kubeconfig}.other`, other);
    await using stranger = await openKubeClient({ kubeconfig: `${world.kubeconfig}.other` }, host);
    const expected = { kind: "unreachable", message: /signed by an authority that isn't trusted$/ };
    await assert.rejects(stranger.raw("GET", "/version"), expected);
    await assert.rejects(execIn(stranger, "true"), expected);
  });

  await t.step("a port without a listener is the pod's own refusal", async () => {
    using link = await client.portLink({ namespace, pod: "weka-drive-0" });
    using stream = await link.open(9);
    await assert.rejects(stream.read(), { reason: "refused", message: /connection refused/ });
  });

  await t.step("a watch sees a pod go and its successor come", async () => {
    const stop = new AbortController();
    const seen = new Set<string>();
    const list = new LiveList<Pod>(
      [{ client, resource: PODS, scope: { namespace } }],
      { clock: systemClock, signal: stop.signal },
    );
    for await (const event of list.events()) {
      if (event.kind === "inSync") await client.delete(PODS, "weka-compute-1", { namespace });
      if (event.kind !== "changed") continue;
      for (const { kind, object } of event.changes) {
        if (list.isInSync && object.metadata?.name === "weka-compute-1") seen.add(kind);
      }
      if (seen.has("deleted") && seen.has("added")) stop.abort();
    }
    assert.deepEqual([...seen].sort(), ["added", "deleted", "modified"]);
  });
  // The sanitizer counts what waits for its turn as open.
  await linksClosed();
});
