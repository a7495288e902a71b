/** The layouts of a step `logs`. */
import assert from "node:assert/strict";
import type { KubeClient, LogRequest } from "../../kube/client.ts";
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
  assert.ok(end?.event === "runEnded" && end.outcome === "ok", JSON.stringify(end));
  return events.flatMap((one) => one.event === "line" ? [`${one.name}: ${one.text}`] : []);
}

Deno.test("a step `logs` shows each pod's lines, equal ones once with `fold`, or none", async () => {
  const each = ["p0: up", "p1: up", "p2: down"];
  assert.deepEqual((await linesOf("")).toSorted(), each);
  assert.deepEqual((await linesOf(", outputMode: group")).toSorted(), each);
  assert.deepEqual(await linesOf(", outputMode: fold"), ["p[0-1]: up", "p2: down"]);
  assert.deepEqual(await linesOf(", outputMode: none"), []);
});

Deno.test("a named pod that no node runs has no log: it isn't ok", async () => {
  const target = { context: "c", namespace: "n", container: "a", ip: "" };
  const { events } = await play({
    files: { "w.yaml": "steps: [{ id: a, logs: {} }]\n" },
    pods: { p0: saying(""), p1: saying("") },
    environment: {
      kube: () => Promise.resolve(client),
      find: () =>
        Promise.resolve({
          targets: [
            { ...target, pod: "p0", node: "n1" },
            { ...target, pod: "p1", node: "", trouble: "is Pending: Unschedulable" },
            // It has written its log before it completed.
            { ...target, pod: "p2", node: "n1", trouble: "has completed" },
          ],
          skipped: [],
          dead: [],
        }),
    },
  });
  const ends = events.flatMap((one) =>
    one.event === "targetEnded" ? [[one.name, one.outcome]] : []
  );
  assert.deepEqual(ends.toSorted(), [["p0", "ok"], ["p1", "unreachable"], ["p2", "ok"]]);
  const end = events.at(-1);
  assert.ok(end?.event === "runEnded" && end.outcome === "failed");
  assert.match(end.error ?? "", /p1 \(unreachable: the pod is Pending: Unschedulable/);
});

/** Returns the lines of a log that a step reads, and what it requested. */
async function readLines(logs: string): Promise<{ lines: string[]; request: LogRequest }> {
  const requests: LogRequest[] = [];
  const log = [1, 2, 3].map((second) => `2026-01-01T00:00:0${second}Z line ${second}`).join("\n");
  const kube = {
    logs: (request: LogRequest) => {
      requests.push(request);
      const text = request.timestamps === false ? log.replaceAll(/^\S+ /gm, "") : log;
      return Promise.resolve(ReadableStream.from([new TextEncoder().encode(text)]));
    },
  } as unknown as KubeClient;
  const { events } = await play({
    files: { "w.yaml": `steps: [{ id: a, logs: ${logs} }]\n` },
    pods: { p0: saying("") },
    environment: { kube: () => Promise.resolve(kube) },
  });
  const [request] = requests;
  assert.ok(request, JSON.stringify(events.at(-1)));
  const lines = events.flatMap((event) => event.event === "line" ? [event.text] : []);
  return { lines, request };
}

Deno.test("a step `logs` has the reading options of the command", async () => {
  const { request } = await readLines("{ tail: 7, since: 1500ms, previous: true }");
  const { tailLines, sinceSeconds, previous } = request;
  assert.deepEqual({ tailLines, sinceSeconds, previous }, {
    ...{ tailLines: 7, sinceSeconds: 2, previous: true },
  });
  const { request: later } = await readLines('{ tail: -1, sinceTime: "2026-01-01T00:00:00Z" }');
  assert.deepEqual([later.tailLines, later.sinceTime], [undefined, "2026-01-01T00:00:00.000Z"]);
  const lines = async (logs: string) => (await readLines(logs)).lines;
  assert.deepEqual(await lines("{}"), ["line 1", "line 2", "line 3"]);
  assert.deepEqual(await lines("{ grep: '[13]$', excludeLines: ['3'] }"), [
    "line 1",
  ]);
  assert.deepEqual(await lines("{ limitBytes: 10 }"), ["line 1", "lin"]);
  assert.deepEqual(await lines('{ untilTime: "2026-01-01T00:00:01Z" }'), ["line 1"]);
  assert.deepEqual(await lines("{ grep: '2', timestamps: true }"), ["2026-01-01T00:00:02Z line 2"]);
});

Deno.test("a step `logs` refuses what contradicts itself, and what isn't an expression", async () => {
  for (
    const [logs, message] of [
      ['{ since: 1h, sinceTime: "2026-01-01T00:00:00Z" }', /"since" and "sinceTime" can't be used/],
      ["{ grep: '(' }", /expected a regular expression/],
      ["{ follow: true }", /unknown field "follow"/],
    ] as const
  ) await assert.rejects(readLines(logs), message);
});
