/** The layouts of a step `logs`. */
import assert from "node:assert/strict";
import type { KubeClient } from "../../kube/client.ts";
import { play, saying } from "../testing/step_fixture.ts";

const written: Readonly<Record<string, string>> = { p0: "up\n", p1: "up\n", p2: "down\n" };

/** Serves only logs. */
const client = {
  logs: ({ pod }: { pod: string }) =>
    Promise.resolve(ReadableStream.from([new TextEncoder().encode(written[pod])])),
} as unknown as KubeClient;

async function linesOf(fields: string): Promise<string[]> {
  const { events } = await play({
    files: { "w.yaml": `steps: [{ id: a, logs: {}${fields} }]\n` },
    pods: Object.fromEntries(Object.keys(written).map((pod) => [pod, saying("")])),
    environment: { kube: () => Promise.resolve(client) },
  });
  const end = events.at(-1);
  assert.ok(end?.kind === "workflowEnded" && end.outcome.kind === "ok", JSON.stringify(end));
  return events.flatMap((one) => one.kind === "stepLine" ? [`${one.target}: ${one.text}`] : []);
}

Deno.test("a step `logs` shows each pod's lines, equal ones once with `fold`, or none", async () => {
  const each = ["p0: up", "p1: up", "p2: down"];
  assert.deepEqual((await linesOf("")).toSorted(), each);
  assert.deepEqual((await linesOf(", outputMode: group")).toSorted(), each);
  assert.deepEqual(await linesOf(", outputMode: fold"), ["p[0-1]: up", "p2: down"]);
  assert.deepEqual(await linesOf(", outputMode: none"), []);
});
