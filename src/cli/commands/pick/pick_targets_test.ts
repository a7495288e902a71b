import assert from "node:assert/strict";
import { wholeSelection } from "../../../actions/exec/events.ts";
import { simulatedHost } from "../../../actions/testing/simulated_host.ts";
import { MemoryTerminal } from "../../../terminal/testing/memory_terminal.ts";
import type { Invocation } from "../../invocation.ts";
import { chooseInPicker } from "./pick_targets.ts";

/** Returns the remaining selection if a single pod is needed and no choice was requested. */
async function left(sample: number | undefined, terminals: ("stdin" | "stderr")[]) {
  const { host } = simulatedHost({});
  const invocation = { terminal: new MemoryTerminal({ terminals }) };
  const selection = { ...wholeSelection, ...(sample === undefined ? {} : { sample }) };
  const chosen = await chooseInPicker({ contexts: ["c"], selection }, { kind: "oneIfUnclear" }, {
    host,
    invocation: invocation as Partial<Invocation> as Invocation,
    purpose: "a shell",
  });
  return chosen?.selection === selection;
}

Deno.test("`--sample 1` opens no picker", async () => {
  assert.ok(await left(1, ["stdin", "stderr"]));
});

Deno.test("without a terminal the command says itself that it needs one pod", async () => {
  assert.ok(await left(undefined, []));
});
