/** The rows of a run: each pod's outcome, its output, and the ends of the run. */
import assert from "node:assert/strict";
import type { Outcome } from "../../actions/exec/events.ts";
import { at, ended, line, runEnded, started } from "../../present/testing/run_events.ts";
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

const names = ["web-0", "web-1", "web-2"];
const start = started(...names);

Deno.test("each pod has its state, outcome and last line; below is what the one under the cursor wrote", () => {
  const { pane, text } = opened();
  pane.follow(start);
  assert.equal(pane.running, "uptime in 3 pods");
  assert.match(lineText(pane.status), /^0 of 3 done/);
  pane.follow({ kind: "targetStarted", target: 0, at });
  pane.follow(line(0, "first"));
  pane.follow(line(0, "second\x1b[2J"));
  const end = (target: number, outcome: Outcome, durationMs: number) =>
    pane.follow({ kind: "targetEnded", target, outcome, at, durationMs });
  end(0, { kind: "ok" }, 1240);
  end(1, { kind: "failed", exitCode: 3 }, 50);
  end(2, { kind: "unknown", reason: "the connection was cut" }, 60);
  pane.note("about the run");
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
  const again: (string | undefined)[][] = [];
  const { pane } = opened({
    failedAgain: (pods) => again.push(pods.map(({ target }) => target?.pod)),
  });
  assert.equal(pane.refusal("run-failed"), "every pod was ok");
  pane.follow(start);
  assert.equal(pane.refusal("run-failed"), "it is still running: stop it first");
  pane.follow(ended(0, { kind: "ok" }));
  pane.follow(ended(1, { kind: "unknown", reason: "cut" }));
  pane.follow(ended(2, { kind: "skipped", reason: "not started" }));
  pane.follow(runEnded("1 ok, 1 unknown, 1 skipped"));
  assert.equal(pane.refusal("run-failed"), undefined);
  pane.act("run-failed");
  assert.deepEqual(again, [["web-1", "web-2"]]);
  assert.equal(
    opened().pane.refusal("run-failed"),
    "a run of a workflow can only be repeated as a whole here",
  );
});

Deno.test("a run is stopped once it runs, and its end is a message", async () => {
  const { pane, events, end, isStopped } = opened();
  assert.equal(pane.refusal("stop"), "nothing is running");
  pane.follow(start);
  pane.act("stop");
  assert.equal(isStopped(), true);
  pane.follow({ ...runEnded("3 cancelled"), exitCode: 130 });
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

Deno.test("`=` shows equal answers once, the pod that differs first; a note says so after the run", async () => {
  const { pane, text, end } = opened();
  assert.equal(pane.refusal("fold"), "no pod has ended");
  pane.follow(start);
  for (const [target, written] of ["a", "b", "a"].entries()) {
    pane.follow(line(target, "first"));
    pane.follow(line(target, written));
    pane.follow(ended(target, { kind: "ok" }));
  }
  pane.follow(runEnded("3 ok"));
  end.resolve(true);
  const sentence = "2 of 3 equal; web-1 differs in 1 line";
  while (!text().includes(sentence)) await new Promise((resolve) => setTimeout(resolve));
  pane.act("fold");
  assert.deepEqual(text(), [
    sentence,
    "---- web-1 (1)",
    "compared with most",
    "@@ -1,2 +1,2 @@",
    " first",
    "-a",
    "+b",
    "---- web-[0,2] (2)",
    "first",
    "a",
  ]);
  pane.handleCommand({ type: "back" });
  assert.match(text().join("\n"), /web-0 +ok/);
});
