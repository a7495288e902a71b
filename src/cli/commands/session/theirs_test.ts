/** Verbs on another user's session. */
import assert from "node:assert/strict";
import { MemoryTerminal } from "../../../terminal/testing/memory_terminal.ts";
import { askConsent } from "./theirs.ts";

const { signal } = new AbortController();
const session = { verb: "stop", name: "web", owner: "alice" };

function terminal(answer?: string): MemoryTerminal {
  return answer === undefined
    ? new MemoryTerminal()
    : new MemoryTerminal({ terminals: ["stdin", "stderr"], input: [answer] });
}

Deno.test("a verb with --theirs asks nothing", async () => {
  const silent = terminal();
  await askConsent({ theirs: true, terminal: silent, signal })(session);
  assert.equal(silent.written("stderr"), "");
});

Deno.test("another user's session is refused without a terminal, and asked about on one", async () => {
  const ask = (asked: MemoryTerminal) =>
    askConsent({ theirs: false, terminal: asked, signal })(session);
  await assert.rejects(ask(terminal()), {
    kind: "unconfirmed",
    message: 'refusing to stop session "web" without confirmation: it belongs to alice',
  });
  const asked = terminal("y\n");
  await ask(asked);
  assert.match(
    asked.written("stderr"),
    /^session "web": it belongs to alice\. Stop it\? \[y\/N\] /,
  );
  await assert.rejects(ask(terminal("\n")), { kind: "declined" });
});
