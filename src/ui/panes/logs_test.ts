import assert from "node:assert/strict";
import type { LogsEvent } from "../../actions/logs/events.ts";
import type { Painter } from "../../terminal/driver/drive.ts";
import { writeLogs } from "./logs.ts";

type End = Extract<LogsEvent, { kind: "ended" }>;

async function written(events: readonly LogsEvent[], messages: readonly string[] = []) {
  let text = "";
  const painter: Painter<LogsEvent> = {
    paint: (event) => [
      { stream: "stdout", data: [`${event.kind}\n`] },
      { stream: "stderr", data: messages },
    ],
  };
  const all = async function* () {
    yield* await Promise.resolve(events);
  };
  const extent = await writeLogs(all(), painter, (data) => {
    text += String(data);
    return Promise.resolve();
  });
  return { text, extent };
}

const end: End = { kind: "ended", exitCode: 0 };

Deno.test("saved logs are whole, or said to be incomplete and why", async () => {
  assert.deepEqual(await written([end]), { text: "ended\n", extent: undefined });
  const gap = await written([end], ["web-0: lines may be missing: rotated\n"]);
  assert.equal(gap.extent, "incomplete logs (web-0: lines may be missing: rotated)");
  assert.equal((await written([{ ...end, exitCode: 5 }])).extent, "incomplete logs");
});
