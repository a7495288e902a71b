import assert from "node:assert/strict";
import { simulatedHost } from "../testing/simulated_host.ts";
import { targetEnded } from "../../workflow/step_events.ts";
import { recordHeader } from "../../workflow/testing/record_header.ts";
import { exportTrace, parseTraceParent } from "./trace.ts";

const target = { context: "lab", namespace: "dev", container: "main", node: "n1", ip: "" };
const at = "2026-01-01T00:00:00.000Z";
const output = { stdout: "", stderr: "", truncated: false };
const failed = (error: string) => ({ outcome: "failed", error });
/** A workflow with a step within another, of which one pod failed. */
const lines = [
  { ...recordHeader("run-1"), at, workflow: "kwekash", path: "/w.yaml" },
  ...[["deploy", "group", "deploy all"], ["deploy/check", "run", "check"]].map((
    [step, kind, title],
  ) => ({ event: "stepStarted", step, kind, title, at, record: { definition: "d" } })),
  targetEnded("deploy/check", {
    ...{ name: "web-0", target: { ...target, pod: "web-0" }, durationMs: 2000 },
    ...{ outcome: { kind: "failed", exitCode: 7 }, ...output },
  }, new Date("2026-01-01T00:00:03.000Z")),
  ...["deploy/check", "deploy"].map((step) => ({
    ...{ event: "stepEnded", step, ...failed("1 of 1 failed") },
    ...{ tolerated: false, output: null, at, durationMs: 3000 },
  })),
  {
    ...{ event: "runEnded", ...failed("deploy failed"), at, durationMs: 4000 },
    ...{ counts: null, outputs: {}, exitCode: 5, again: null },
  },
];

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };

/** Exports a record on a machine whose process is `process`: args and standard input in, exit code out. */
async function exported(
  env: Readonly<Record<string, string>>,
  process: (args: readonly string[], stdin: string) => Promise<number>,
  content: readonly object[] = lines,
): Promise<string[]> {
  const logged: string[] = [];
  const { host } = simulatedHost({}, { env, log: (_l, _c, message) => void logged.push(message) });
  const machine = {
    ...host.machine,
    async *lines(program: string, args: readonly string[], { stdin }: { stdin: string }) {
      const code = await process([program, ...args], stdin);
      if (code !== 0) yield "no memory";
      return code;
    },
  };
  const record = content.map((line) => `${JSON.stringify(line)}\n`).join("");
  await exportTrace({ ...host, machine }, { id: "run-1", record });
  return logged;
}

Deno.test("a run of a workflow is a trace: its steps, and their pods, each with its times and its outcome", async () => {
  let input = "";
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const logged = await exported({ ...endpoint, TRACEPARENT: traceparent }, (_args, stdin) => {
    input = stdin;
    return Promise.resolve(0);
  });
  const { spans, parent } = JSON.parse(input);
  assert.deepEqual(parent, { traceId: "a".repeat(32), spanId: "b".repeat(16) });
  const start = Date.parse(at);
  const rows = spans.map((
    { name, parent, startMs, endMs, error }: {
      name: string;
      parent?: number;
      startMs: number;
      endMs: number;
      error?: string;
    },
  ) => [name, parent, (startMs - start) / 1000, (endMs - start) / 1000, error]);
  assert.deepEqual(rows, [
    ["workflow kwekash", undefined, 0, 4, "deploy failed"],
    ["deploy all", 0, 0, 3, "1 of 1 failed"],
    ["check", 1, 0, 3, "1 of 1 failed"],
    ["web-0", 2, 1, 3, "failed"],
  ]);
  assert.deepEqual(logged, ["the trace of run run-1 is exported"]);
});

Deno.test("Deno exports the spans and nothing else, below the span of TRACEPARENT", async () => {
  const received = Promise.withResolvers<string>();
  const paths: string[] = [];
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (one) => {
      paths.push(new URL(one.url).pathname);
      received.resolve(await one.text());
      return Response.json({});
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" };
  const variables = { ...env, TRACEPARENT: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` };
  const logged = await exported(variables, async (args, stdin) => {
    const [program = "", ...words] = args;
    const command = new Deno.Command(program, { args: words, env, stdin: "piped" });
    const process = command.spawn();
    await new Blob([stdin]).stream().pipeTo(process.stdin);
    return (await process.status).code;
  });
  assert.deepEqual(logged, ["the trace of run run-1 is exported"]);
  const { resourceSpans: [{ resource, scopeSpans: [{ spans }, ...others] }] } = JSON.parse(
    await received.promise,
  );
  type Attribute = { key: string; value: { stringValue?: string } };
  const service = resource.attributes.find(({ key }: Attribute) => key === "service.name");
  assert.equal(service.value.stringValue, "kodama");
  assert.deepEqual([paths, others], [["/v1/traces"], []]);
  type Sent = { [field: string]: string } & { status: { code: number; message?: string } };
  const nameOf = (id: string) => spans.find(({ spanId }: Sent) => spanId === id)?.name ?? id;
  const rows = spans.map(({ name, traceId, parentSpanId, startTimeUnixNano, status }: Sent) => {
    assert.equal(traceId, "a".repeat(32));
    const seconds = Math.round(
      Number(BigInt(startTimeUnixNano ?? 0) / 1_000_000n) - Date.parse(at),
    );
    return [name, nameOf(parentSpanId ?? ""), seconds, status.message];
  }).toSorted();
  assert.deepEqual(rows, [
    ["check", "deploy all", 0, "1 of 1 failed"],
    ["deploy all", "workflow kwekash", 0, "1 of 1 failed"],
    ["web-0", "check", 1000, "failed"],
    ["workflow kwekash", "b".repeat(16), 0, "deploy failed"],
  ]);
});

Deno.test("nothing is exported without an end, or when it is off; a failure of the process is logged", async () => {
  let count = 0;
  const fails = () => Promise.resolve(++count);
  assert.deepEqual(await exported(endpoint, fails), [
    "the trace of run run-1 wasn't exported: exit code 1: no memory",
  ]);
  for (
    const [env, content] of [
      [endpoint, lines.slice(0, 2)],
      [{ ...endpoint, OTEL_SDK_DISABLED: "true" }, lines],
      [{ ...endpoint, OTEL_TRACES_EXPORTER: "none" }, lines],
      [{ OTEL_EXPORTER_OTLP_ENDPOINT: "" }, lines],
    ] as const
  ) assert.deepEqual(await exported(env, fails, content), []);
  assert.equal(count, 1);
});

Deno.test("`parseTraceParent()` returns nothing for what isn't a span", () => {
  const [traceId, spanId] = ["1".repeat(32), "2".repeat(16)];
  assert.deepEqual(parseTraceParent(`00-${traceId}-${spanId}-00`), { traceId, spanId });
  const zero = `00-${"0".repeat(32)}-${spanId}-00`;
  for (const text of ["", `ff-${traceId}-${spanId}-00`, zero, "00-1-2-0"]) {
    assert.equal(parseTraceParent(text), undefined);
  }
});
