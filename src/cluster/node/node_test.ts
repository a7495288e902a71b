/** Pods through their lifecycle, with real containers and a clock that the test advances. */
import assert from "node:assert/strict";
import { resources } from "../resources.ts";
import { isRunning, outcome, outputOnly, refOf, startFixture } from "./testing/fixture.ts";

const waiting = ["sh", "-c", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"];
const main = { name: "main", image: "busybox", command: waiting };

Deno.test("a pod runs: status, conditions, events, exec in it, and its log", async () => {
  await using fixture = await startFixture();
  fixture.run({ containers: [{ ...main, command: ["sh", "-c", "echo hello; exec sleep 1000"] }] });
  const pod = await fixture.pod("web", isRunning);
  assert.equal(pod.status?.containerStatuses?.[0]?.ready, true);
  assert.match(pod.status?.podIP ?? "", /^10\.244\./);
  const result = await outcome(
    await fixture.node.exec(refOf(pod), ["sh", "-c", "hostname; echo bad >&2; exit 7"], outputOnly),
  );
  assert.deepEqual(result, {
    stdout: "web\n",
    stderr: "bad\n",
    end: { kind: "exited", exitCode: 7 },
  });
  assert.deepEqual(fixture.events("web").map((line) => line.split(":")[0]), [
    "1 Pulled",
    "1 Created",
    "1 Started",
  ]);
  const log = await fixture.node.logs(
    refOf(pod),
    { follow: false, previous: false, timestamps: false },
    AbortSignal.timeout(10_000),
  );
  assert.equal(await new Response(log).text(), "hello\n");
});

Deno.test("a deleted pod gets SIGTERM, then leaves the store", async () => {
  await using fixture = await startFixture();
  fixture.run({ containers: [main] });
  await fixture.begun("web");
  fixture.delete("web");
  await fixture.gone("web");
  assert.equal(fixture.store.get(resources.pods, "default", "web"), undefined);
});
