import assert from "node:assert/strict";
import { simulatedHost } from "../testing/simulated_host.ts";
import { exportTrace, parsePairs, parseTraceParent, tracesEndpoint } from "./trace.ts";

const target = { context: "lab", namespace: "dev", container: "main", node: "n1", ip: "" };
const at = "2026-01-01T00:00:00.000Z";
/** A workflow with a step within another, of which one pod failed. */
const lines = [
  {
    ...{ event: "workflow", version: 1, id: "run-1", at, workflow: "kwekash", path: "/w.yaml" },
    ...{ files: {}, params: {}, secrets: [], rerunOf: null, overrides: {} },
  },
  { kind: "stepStarted", step: "deploy", stepKind: "group", title: "deploy all", at },
  { kind: "stepStarted", step: "deploy/check", stepKind: "run", title: "check", at },
  {
    kind: "stepTargetEnded",
    step: "deploy/check",
    at: "2026-01-01T00:00:03.000Z",
    end: {
      ...{ name: "web-0", target: { ...target, pod: "web-0" } },
      ...{ outcome: { kind: "failed", exitCode: 7 }, stdout: "", stderr: "", truncated: false },
      durationMs: 2000,
    },
  },
  ...["deploy/check", "deploy"].map((step) => ({
    ...{ kind: "stepEnded", step, outcome: { kind: "failed", reason: "1 of 1 failed" } },
    ...{ tolerated: false, output: null, durationMs: 3000 },
  })),
  {
    ...{ kind: "workflowEnded", outcome: { kind: "failed", reason: "deploy failed" } },
    ...{ outputs: null, exitCode: 5, again: null, durationMs: 4000 },
  },
];

function fixture(env: Readonly<Record<string, string>>, content: readonly object[] = lines) {
  const logged: string[] = [];
  const { host } = simulatedHost({}, { env, log: (_l, _c, message) => void logged.push(message) });
  const record = content.map((line) => `${JSON.stringify(line)}\n`).join("");
  const send = (fetched: typeof fetch) => exportTrace(host, { id: "run-1", record }, fetched);
  return { send, logged };
}

Deno.test("a run of a workflow is a trace: its steps, and their pods, each with its times and its outcome", async () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/",
    OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment=test",
    TRACEPARENT: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
  };
  const { send, logged } = fixture(env);
  const requests: { url: string; init: RequestInit | undefined }[] = [];
  await send((url, init) => {
    requests.push({ url: String(url), init });
    return Promise.resolve(new Response());
  });
  const [request] = requests;
  assert.equal(request?.url, "http://collector:4318/v1/traces");
  assert.deepEqual(request?.init?.headers, {
    authorization: "Bearer abc",
    "content-type": "application/json",
  });
  const { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] } = JSON.parse(
    String(request?.init?.body),
  );
  assert.deepEqual(
    resource.attributes.map(({ key, value }: { key: string; value: { stringValue: string } }) =>
      `${key}=${value.stringValue}`
    ),
    ["service.name=kodama", "deployment.environment=test"],
  );
  const nameOf = (id: string) =>
    spans.find(({ spanId }: { spanId: string }) => spanId === id)?.name ?? id;
  const rows = spans.map((
    { name, parentSpanId, traceId, startTimeUnixNano, endTimeUnixNano, status }: {
      [field: string]: string;
    } & { status: { code: number; message?: string } },
  ) => {
    assert.equal(traceId, "a".repeat(32));
    const seconds = [startTimeUnixNano, endTimeUnixNano].map((time) =>
      (Number(BigInt(time ?? 0) / 1_000_000n) - Date.parse(at)) / 1000
    );
    return [name, nameOf(parentSpanId ?? ""), ...seconds, status.message ?? status.code];
  });
  assert.deepEqual(rows, [
    ["workflow kwekash", "b".repeat(16), 0, 4, "deploy failed"],
    ["deploy all", "workflow kwekash", 0, 3, "1 of 1 failed"],
    ["check", "deploy all", 0, 3, "1 of 1 failed"],
    ["web-0", "check", 1, 3, "failed"],
  ]);
  assert.deepEqual(logged, [`trace ${"a".repeat(32)} of run run-1 is exported`]);
});

Deno.test("a collector that refuses isn't asked again; nothing is sent without an end, or when it is off", async () => {
  const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://collector/x" };
  let count = 0;
  const refuse = () => Promise.resolve(new Response("no", { status: 400 + count++ }));
  const { send, logged } = fixture(env);
  await send(refuse);
  assert.deepEqual([count, logged], [1, [
    "the trace of run run-1 wasn't exported: it answered with 400",
  ]]);
  await fixture(env, lines.slice(0, 2)).send(refuse);
  await fixture({ ...env, OTEL_SDK_DISABLED: "true" }).send(refuse);
  await fixture({}).send(refuse);
  assert.equal(count, 1);
});

Deno.test("the variables of OpenTelemetry are read as its specification has them", () => {
  const of = (env: Readonly<Record<string, string>>) => tracesEndpoint((name) => env[name]);
  assert.equal(of({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://a/b//" }), "http://a/b/v1/traces");
  assert.equal(of({ OTEL_EXPORTER_OTLP_ENDPOINT: "", OTEL_SERVICE_NAME: "x" }), undefined);
  assert.deepEqual(parsePairs("a=1, b=x%2Cy,c,d=%"), { a: "1", b: "x,y", d: "%" });
  const [trace, span] = ["1".repeat(32), "2".repeat(16)];
  assert.deepEqual(parseTraceParent(`00-${trace}-${span}-00`), { trace, span });
  for (
    const text of ["", `ff-${trace}-${span}-00`, `00-${"0".repeat(32)}-${span}-00`, "00-1-2-0"]
  ) {
    assert.equal(parseTraceParent(text), undefined);
  }
});
