import assert from "node:assert/strict";
import { metricsText, serveMetrics } from "./metrics.ts";
import { ForwardStatistics } from "./model.ts";

Deno.test("metricsText(): counters by forward, and cumulative buckets in seconds", async () => {
  const statistics = new ForwardStatistics();
  Object.assign(statistics, { toPod: 10, fromPod: 2000, opened: 3, active: 3 });
  for (const [firstByteMs, reason] of [[3, undefined], [40_000, "reset"]] as const) {
    statistics.end({
      pod: "web-0",
      toPod: 0,
      fromPod: 0,
      durationMs: 1500,
      connectMs: 1,
      firstByteMs,
      retries: 1,
      ...(reason === undefined ? {} : { failure: { reason, message: "" } }),
    });
  }
  for (const failed of [false, false, true]) {
    statistics.request({ protocol: "grpc", failed, complete: true });
  }
  const info = {
    forward: 1,
    address: { kind: "unix" as const, path: '/run/"x"' },
    target: "svc/web",
    remote: "80",
  };
  const text = metricsText([{ local: 'unix:/run/"x"', forward: { info, statistics } }]);
  const labels = 'local="unix:/run/\\"x\\"",target="svc/web:80"';
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const value = (start: string) =>
    lines.filter((line) => line.startsWith(`kodama_forward_${start}`));
  assert.deepEqual(value("bytes_total"), [
    `kodama_forward_bytes_total{${labels},direction="to_pod"} 10`,
    `kodama_forward_bytes_total{${labels},direction="from_pod"} 2000`,
  ]);
  assert.deepEqual(value("connections_"), [
    `kodama_forward_connections_total{${labels}} 3`,
    `kodama_forward_connections_open{${labels}} 1`,
    `kodama_forward_connections_failed_total{${labels},reason="reset"} 1`,
  ]);
  assert.deepEqual(value("requests_"), [
    `kodama_forward_requests_total{${labels},protocol="grpc"} 3`,
    `kodama_forward_requests_failed_total{${labels},protocol="grpc"} 1`,
  ]);
  const buckets = value("first_byte_seconds_bucket").map((line) => line.split(" ").at(-1));
  assert.deepEqual(buckets, [..."001111111111112"]);
  assert.deepEqual(value("first_byte_seconds_sum").map((line) => line.split(" ").at(-1)), [
    "40.003",
  ]);

  await using served = serveMetrics({ hostname: "127.0.0.1", port: 0 }, () => text);
  const response = await fetch(served.url);
  assert.equal(await response.text(), text);
  const elsewhere = await fetch(new URL("/", served.url));
  assert.equal(elsewhere.status, 404);
  await elsewhere.body?.cancel();
});
