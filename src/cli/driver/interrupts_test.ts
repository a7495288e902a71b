import assert from "node:assert/strict";
import type { EndSignal } from "../invocation.ts";
import { type InterruptAction, type InterruptState, onSignal } from "./interrupts.ts";

type Heard = readonly [signal: EndSignal, atMs: number, action: InterruptAction];

const stories: readonly (readonly [rule: string, heard: readonly Heard[]])[] = [
  ["one Ctrl-C only asks", [["SIGINT", 0, "tell"]]],
  ["two within three seconds stop", [["SIGINT", 0, "tell"], ["SIGINT", 3000, "stop"]]],
  ["two further apart ask twice", [["SIGINT", 0, "tell"], ["SIGINT", 3001, "tell"]]],
  ["the third of three leaves", [
    ["SIGINT", 0, "tell"],
    ["SIGINT", 500, "stop"],
    ["SIGINT", 600, "leave"],
  ]],
  ["TERM stops at once", [["SIGTERM", 0, "stop"]]],
  ["HUP stops at once", [["SIGHUP", 0, "stop"]]],
  ["TERM after a question stops", [["SIGINT", 0, "tell"], ["SIGTERM", 5000, "stop"]]],
  ["Ctrl-C after TERM leaves", [["SIGTERM", 0, "stop"], ["SIGINT", 9000, "leave"]]],
];

Deno.test("Ctrl-C stops at once while no command has begun", () => {
  const { state, action } = onSignal({ phase: "looking" }, "SIGINT", 0);
  assert.deepEqual({ state, action }, { state: { phase: "stopping" }, action: "stop" });
});

for (const [rule, heard] of stories) {
  Deno.test(rule, () => {
    let state: InterruptState = { phase: "running" };
    for (const [signal, atMs, expected] of heard) {
      const next = onSignal(state, signal, atMs);
      assert.equal(next.action, expected);
      state = next.state;
    }
  });
}
