import assert from "node:assert/strict";
import {
  type ForwardInfo,
  ForwardStatistics,
  type OpenForward,
} from "../actions/forward/forward.ts";
import { KodamaError } from "../base/errors.ts";
import { displayWidth } from "../terminal/width.ts";
import { ForwardPainter, ForwardProgress, sparkline } from "./forward_painter.ts";

const info: ForwardInfo = {
  forward: 1,
  address: { kind: "tcp", hostname: "localhost", port: 8080 },
  target: "svc/web",
  remote: "80",
  pod: "web-a",
};

function text(painter: ForwardPainter, ...events: Parameters<ForwardPainter["paint"]>[0][]) {
  return events.flatMap((event) => painter.paint(event))
    .map(({ stream, data }) => `${stream}: ${data.join("")}`).join("");
}

const failed = {
  kind: "closed" as const,
  ref: { forward: 1, connection: 12 },
  summary: {
    pod: "web-a",
    toPod: 10,
    fromPod: 0,
    durationMs: 3,
    retries: 0,
    failure: {
      reason: "reset" as const,
      message: "the pod closed the connection without an answer",
    },
  },
};

Deno.test("ForwardPainter: addresses are output, everything else a message", () => {
  const statistics = new ForwardStatistics();
  Object.assign(statistics, { opened: 2, active: 1, toPod: 10, fromPod: 4096 });
  statistics.end(failed.summary);
  const forwards: OpenForward[] = [{ info, statistics }];
  assert.equal(
    text(
      new ForwardPainter({ format: "text", quiet: false }),
      { kind: "listening", info },
      { kind: "ready", forwards },
      { kind: "pod", forward: 1, from: "web-a", to: undefined },
      { kind: "waiting", forward: 1, reason: "no pod is ready" },
      { kind: "pod", forward: 1, from: "web-a", to: "web-b" },
      { kind: "resumed", forward: 1, waitedMs: 2100 },
      failed,
      { kind: "outOfSync", error: new KodamaError("unreachable", "the server is away") },
      { kind: "ended", forwards },
    ),
    `stdout: localhost:8080 -> svc/web:80 (web-a)
stderr: localhost:8080: web-a is gone; connections wait for the next pod
stderr: localhost:8080: connections wait: no pod is ready
stderr: localhost:8080: leads to web-b, since web-a is gone
stderr: localhost:8080: answers again, after 2.1s
stderr: localhost:8080: connection 12 to web-a failed: the pod closed the connection without an answer
stderr: the server is away; trying again
stderr: localhost:8080: 2 connections; 1 failed (1 reset); 10 B to the pod, 4.0 KiB from it
`,
  );
});

Deno.test("ForwardPainter: -o json is one document, -o jsonl a line for each event", () => {
  const forwards: OpenForward[] = [{ info, statistics: new ForwardStatistics() }];
  const data = {
    forward: 1,
    local: "localhost:8080",
    address: "localhost",
    port: 8080,
    target: "svc/web",
    remote: "80",
    pod: "web-a",
  };
  const json = text(
    new ForwardPainter({ format: "json", quiet: false }),
    { kind: "listening", info },
    { kind: "ready", forwards },
  );
  assert.deepEqual(JSON.parse(json.replace("stdout: ", "")), [data]);
  const lines = text(new ForwardPainter({ format: "jsonl", quiet: false }), {
    kind: "listening",
    info,
  }, failed);
  assert.deepEqual(
    lines.replaceAll("stdout: ", "").trim().split("\n").map((line) => JSON.parse(line)),
    [{ kind: "listening", ...data }, { kind: "closed", ...failed.ref, ...failed.summary }],
  );
});

Deno.test("requests of observed connections are in the summary, the row and the data, by what a protocol calls them", () => {
  const statistics = new ForwardStatistics();
  Object.assign(statistics, { opened: 2, active: 1 });
  const exchange = { failed: false, complete: true };
  statistics.request({ protocol: "http/1", ...exchange });
  statistics.request({ protocol: "http/2", ...exchange, failed: true });
  statistics.request({ protocol: "grpc", ...exchange });
  statistics.request({ protocol: "postgresql", ...exchange, complete: false });
  statistics.request({ protocol: "redis", ...exchange });
  const forwards: OpenForward[] = [{ info, statistics }];
  const painter = (format: "text" | "jsonl") => new ForwardPainter({ format, quiet: false });
  const texts = "2 requests (1 error), 1 call, 1 query (1 error), 1 command";
  assert.equal(
    text(painter("text"), { kind: "ended", forwards }),
    `stderr: localhost:8080: 2 connections; ${texts}; 0 B to the pod, 0 B from it\n`,
  );
  const { forwards: [data] } = JSON.parse(
    text(painter("jsonl"), { kind: "ended", forwards }).replace("stdout: ", ""),
  );
  assert.deepEqual(data.requests["http/2"], { count: 1, failed: 1 });
  const progress = new ForwardProgress(() => 120);
  progress.follow({ kind: "ready", forwards });
  assert.equal(
    progress.statusLine(0).trimEnd(),
    `:8080  → web-a  ↑0 B ↓0 B  ${texts.replaceAll(", ", "  ")}  1 open`,
  );
});

Deno.test("ForwardProgress: a row shows what fits, down to 20 columns", () => {
  const statistics = new ForwardStatistics();
  let columns = 100;
  const progress = new ForwardProgress(() => columns);
  progress.follow({ kind: "ready", forwards: [{ info, statistics }] });
  const rows = [0, 1, 2, 3, 4].map((second) => {
    Object.assign(statistics, { fromPod: second * second * 1000, toPod: second, active: 1 });
    return progress.statusLine(second * 1000);
  });
  assert.equal(rows[4], ":8080  → web-a  ↑4 B ↓15.6 KiB  1 open  ▂▄▆█");
  assert.deepEqual(
    [60, 40, 30, 20].map((width) => {
      columns = width;
      const row = progress.statusLine(4000);
      assert(displayWidth(row) < width, `${row} in ${width} columns`);
      return row;
    }),
    [
      ":8080  → web-a  ↑4 B ↓15.6 KiB  1 open  ▂▄▆█",
      ":8080  ↑4 B ↓15.6 KiB  1 open  ▂▄▆█",
      ":8080  ↑4 B ↓15.6 KiB  1 open",
      ":8080  1 open",
    ],
  );
  statistics.failures.reset = 2;
  assert.equal(progress.statusLine(4000), ":8080  2 failed");
  columns = 30;
  assert.equal(progress.statusLine(4000), ":8080  1 open  2 failed");
});

Deno.test("sparkline(): relative to the largest, and any activity is visible", () => {
  assert.equal(sparkline([0, 1, 500, 1000]), "▁▂▅█");
});
