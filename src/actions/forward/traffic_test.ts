import assert from "node:assert/strict";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { ForwardStatistics } from "../../forward/model.ts";
import type { Host } from "../host.ts";
import { openTraffic, type TrafficEvent, type TrafficOptions } from "./traffic.ts";

const host = { clock: new ManualClock() } as unknown as Host;
const off = { inspect: false, count: false, version: "1" };

async function open(options: Partial<TrafficOptions & { count: boolean }>) {
  const events: TrafficEvent[] = [];
  const traffic = await openTraffic(
    host,
    { ...off, ...options },
    (event) => void events.push(event),
  );
  return { traffic, events };
}

function talk(
  traffic: Awaited<ReturnType<typeof openTraffic>>,
  statistics = new ForwardStatistics(),
): void {
  const observer = traffic?.control.observe?.({ forward: 2, connection: 7 }, statistics);
  assert.ok(observer !== undefined);
  const bytes = (text: string) => new TextEncoder().encode(text);
  observer.fromClient(bytes("GET /a?b=secret HTTP/1.1\r\nHost: web\r\nCookie: secret\r\n\r\n"));
  observer.fromServer(bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  observer.closed(undefined);
}

Deno.test("without options nothing is observed, and faults alone observe nothing", async () => {
  assert.equal((await open({})).traffic, undefined);
  const faults = { latencyMs: 1, jitterMs: 0, bandwidth: undefined, drop: 0, reset: 0 };
  const { traffic } = await open({ faults });
  assert.equal(traffic?.control.observe, undefined);
  assert.ok(traffic?.control.disturb !== undefined);
});

Deno.test("requests are counted by protocol, also without a line for each", async () => {
  const { traffic, events } = await open({ count: true });
  const statistics = new ForwardStatistics();
  for (let turn = 0; turn < 3; turn++) talk(traffic, statistics);
  assert.deepEqual([statistics.requests, events], [{ "http/1": { count: 3, failed: 0 } }, []]);
});

Deno.test("one observer serves inspection and the record", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const recordPath = `${folder}/a.har`;
    const { traffic, events } = await open({ inspect: true, recordPath });
    talk(traffic);
    const summary = await traffic?.end();
    assert.equal(summary?.recorded, 1);
    assert.deepEqual(await traffic?.end(), summary, "it can be ended twice");
    assert.deepEqual(events.map(({ kind, connection }) => [kind, connection]), [
      ["protocol", 7],
      ["exchange", 7],
    ]);
    const text = await Deno.readTextFile(recordPath);
    assert.equal(JSON.parse(text).log.entries[0].request.url, "http://web/a?b=***");
    assert.doesNotMatch(text + JSON.stringify(events), /secret/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
