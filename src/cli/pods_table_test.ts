import { wholeSelection } from "../actions/exec_events.ts";
import assert from "node:assert/strict";
import { simulatedHost } from "../actions/testing/simulated_host.ts";
import { KodamaError } from "../base/errors.ts";
import { MemoryTerminal } from "../term/testing/memory_terminal.ts";
import type { Invocation } from "./invocation.ts";
import { showPods } from "./pods_table.ts";

Deno.test("a list that lacks a context is shown, and its exit code says that it isn't whole", async () => {
  const failure = new KodamaError("unreachable", "no route");
  const idle = { openMs: 1, output: [], end: "hangs", diesOn: "TERM" } as const;
  const { host, clock } = simulatedHost({ well: { pods: { "web-0": idle } }, dead: { failure } });
  const terminal = new MemoryTerminal();
  const signals = { listen: () => ({ [Symbol.dispose]: () => {} }) };
  const invocation = { terminal, signals } as Partial<Invocation> as Invocation;
  const asked = {
    contexts: ["well", "dead"],
    selection: wholeSelection,
    kubeconfig: undefined,
    pick: false,
  };
  const shown = { host, invocation, format: "name" as const, quiet: true };
  assert.equal(await clock.runUntil(showPods(asked, shown)), 4);
  await Promise.all([terminal.stdout.flush(), terminal.stderr.flush()]);
  assert.equal(terminal.written("stdout"), "pod/web-0\n");
  assert.equal(terminal.written("stderr"), "context dead: no route\n");
});
