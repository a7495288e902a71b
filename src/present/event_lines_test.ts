import assert from "node:assert/strict";
import type { ExecEvent } from "../actions/exec/events.ts";
import { EventLines } from "./event_lines.ts";

const at = new Date("2026-01-02T03:04:05Z");
const target = { context: "c", namespace: "n", pod: "a", container: "m", node: "", ip: "" };
const events: readonly ExecEvent[] = [
  { kind: "runStarted", targets: [target], names: ["a"], command: ["id"], at },
  { kind: "targetStarted", target: 0, at },
  {
    kind: "line",
    target: 0,
    stream: "stdout",
    bytes: Uint8Array.of(0x68, 0x1b, 0xff),
    endedBy: "newline",
  },
  { kind: "targetEnded", target: 0, outcome: { kind: "ok" }, at, durationMs: 5 },
];

function told(output: boolean): Record<string, unknown>[] {
  const lines = new EventLines({ stream: "stderr", output });
  return events.flatMap((event) => lines.paint(event)).flatMap(({ stream, data }) => {
    assert.equal(stream, "stderr");
    return data.map((one) => JSON.parse(String(one)) as Record<string, unknown>);
  });
}

Deno.test("each event is one line that says whole what it is about", () => {
  const [started, begun, line, ended] = told(true);
  assert.deepEqual(started?.["command"], ["id"]);
  assert.deepEqual(begun, {
    event: "targetStarted",
    target: 0,
    name: "a",
    at: "2026-01-02T03:04:05.000Z",
  });
  // Control characters and invalid UTF-8 can't leave the string.
  assert.equal(line?.["text"], "h\x1b\ufffd");
  assert.equal(ended?.["outcome"], "ok");
});

Deno.test("without output there are no lines of the commands", () => {
  assert.deepEqual(told(false).map(({ event }) => event), [
    "runStarted",
    "targetStarted",
    "targetEnded",
  ]);
});
