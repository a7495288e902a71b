/** The rows of a run: each pod's outcome, what it wrote, and the ends of the run. */
import assert from "node:assert/strict";
import { simulatedHost } from "../../actions/testing/simulated_host.ts";
import { lineText } from "../../terminal/grid.ts";
import type { PaneContext, PaneEvent } from "../pane.ts";
import { defaultTheme } from "../theme.ts";
import { OutcomesPane, type RunSource } from "./outcomes.ts";

const size = { columns: 70, rows: 14 };

/** A pane whose run a test plays. */
function opened(source: Partial<RunSource> = {}) {
  const events: PaneEvent[] = [];
  const context: PaneContext = {
    pane: 1,
    host: simulatedHost({}).host,
    scope: { namespaces: { kind: "default" } },
    kube: undefined,
    config: {},
    theme: defaultTheme,
    emit: (event) => events.push(event),
    ask: () => Promise.resolve(undefined),
    signal: new AbortController().signal,
  };
  const end = Promise.withResolvers<boolean>();
  let stopped: AbortSignal | undefined;
  const pane = new OutcomesPane(context, {
    title: "uptime in 3 pods",
    run: (_pane, signal) => {
      stopped = signal;
      return end.promise;
    },
    again: () => events.push({ kind: "open", key: "run" }),
    ...source,
  });
  return {
    pane,
    events,
    end,
    isStopped: () => stopped?.aborted,
    text: () =>
      pane.view(size, { focused: true, nowMs: 0 }).map((line) => lineText(line).trimEnd())
        .filter((line) => line !== ""),
  };
}

const targets = ["web-0", "web-1", "web-2"].map((name, index) => ({ id: `${index}`, name }));

Deno.test("each pod has its state, outcome and last line; below is what the one under the cursor wrote", () => {
  const { pane, text } = opened();
  pane.started();
  pane.add(targets);
  assert.equal(pane.running, "uptime in 3 pods");
  assert.match(lineText(pane.status), /^0 of 3 done/);
  pane.targetStarted("0");
  pane.line("0", "first");
  pane.line("0", "second\x1b[2J");
  pane.targetEnded("0", { kind: "ok" }, 1240);
  pane.targetEnded("1", { kind: "failed", exitCode: 3 }, 50);
  pane.targetEnded("2", { kind: "unknown", reason: "the connection was cut" }, 60);
  pane.line("nobody's", "about the run");
  assert.match(lineText(pane.status), /^3 of 3 done/);
  const screen = text().join("\n");
  assert.match(screen, /^about the run\n/);
  assert.match(screen, /web-0 +ok +1\.2s +second/);
  assert.match(screen, /web-1 +failed +3 +0\.1s/);
  assert.match(screen, /web-2 +unknown +0\.1s +unknown: the connection was cut/);
  assert.match(screen, /── web-0 ─+\nfirst\nsecond/);
  assert.ok(!screen.includes("\x1b"));
  pane.handleCommand({ type: "go_to_bottom" });
  assert.match(text().join("\n"), /── web-2 ─+\nunknown: the connection was cut/);
  pane.handleCommand({ type: "select" });
  assert.deepEqual(text(), ["unknown: the connection was cut"]);
  pane.handleCommand({ type: "back" });
  assert.match(text().join("\n"), /web-0 +ok/);
});

Deno.test("a pod whose outcome is unknown isn't ok: it is among those that are run again", () => {
  const again: (readonly string[])[] = [];
  const { pane } = opened({ failedAgain: (ids) => again.push(ids) });
  assert.equal(pane.refusal("run-failed"), "every pod was ok");
  pane.started();
  pane.add(targets);
  assert.equal(pane.refusal("run-failed"), "it is still running: stop it first");
  pane.targetEnded("0", { kind: "ok" }, 1);
  pane.targetEnded("1", { kind: "unknown", reason: "cut" }, 1);
  pane.targetEnded("2", { kind: "skipped", reason: "not started" }, 1);
  pane.ended("1 ok, 1 unknown, 1 skipped", false);
  assert.equal(pane.refusal("run-failed"), undefined);
  pane.act("run-failed");
  assert.deepEqual(again, [["1", "2"]]);
  assert.equal(
    opened().pane.refusal("run-failed"),
    "a run of a workflow can only be repeated as a whole here",
  );
});

Deno.test("a run is stopped once it runs, and its end is a message", async () => {
  const { pane, events, end, isStopped } = opened();
  assert.equal(pane.refusal("stop"), "nothing is running");
  pane.started();
  pane.add(targets);
  pane.act("stop");
  assert.equal(isStopped(), true);
  pane.ended("3 cancelled", false);
  end.resolve(true);
  await end.promise;
  assert.deepEqual(events.filter(({ kind }) => kind === "toast"), [
    { kind: "toast", text: "uptime in 3 pods: 3 cancelled", tone: "bad" },
  ]);
  assert.equal(pane.running, undefined);
  assert.match(lineText(pane.status), /^3 cancelled/);
  pane.act("run-again");
  assert.deepEqual(events.at(-1), { kind: "open", key: "run" });
});

Deno.test("a run that was declined closes its pane; one that fails says why", async () => {
  const declined = opened();
  declined.end.resolve(false);
  while (!declined.events.some(({ kind }) => kind === "close")) await Promise.resolve();
  const failed = opened();
  failed.end.reject(new Error("no such pod"));
  while (!failed.events.some(({ kind }) => kind === "toast")) await Promise.resolve();
  assert.deepEqual(failed.text(), ["no such pod"]);
  assert.equal(failed.events.some(({ kind }) => kind === "close"), false);
});
