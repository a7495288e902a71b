/** Events of a run -> the text on the two streams. */
import assert from "node:assert/strict";
import type { ExecEvent, FoldedGroup, GroupDiff, Outcome } from "../actions/exec/events.ts";
import { KodamaError } from "../base/errors.ts";
import { styleFor } from "../terminal/style.ts";
import { EventLines, RunPainter, type RunPainterOptions } from "./run_painter.ts";
import {
  at,
  bytes,
  ended,
  line,
  painted,
  plain,
  runEnded,
  started,
  target,
} from "./testing/run_events.ts";

Deno.test("prefix: each line under its pod's name, each stream on its own", () => {
  assert.deepEqual(
    painted([
      started("web-0", "web-1"),
      line(1, "hello"),
      line(0, "oops", "stderr"),
      line(0, ""),
      ended(1, { kind: "ok" }),
      runEnded("2 ok", { kind: "ok" }, { kind: "ok" }),
    ]),
    { stdout: "web-1: hello\nweb-0: \n", stderr: "web-0: oops\n2 ok in 1.2s\n" },
  );
});

Deno.test("prefix: in a pipe every byte of a line comes through", () => {
  const painter = new RunPainter(plain);
  painter.paint(started("a"));
  const raw = Uint8Array.of(0x1b, 0x5b, 0x32, 0x4a, 0xff, 0x0d);
  const [piece] = painter.paint({
    kind: "line",
    target: 0,
    stream: "stdout",
    bytes: raw,
    endedBy: "newline",
  });
  assert.deepEqual(piece?.data, [bytes("a: "), raw, bytes("\n")]);
});

Deno.test("prefix: a line without memory for its end is said to continue, once", () => {
  const cut = { ...line(0, "some"), endedBy: "limit" } as ExecEvent;
  const { stdout, stderr } = painted([started("a"), cut, cut, line(0, "end")]);
  assert.equal(stdout, "a: some\na: some\na: end\n");
  assert.equal(stderr, "a: a line is too long for memory, and continues in the next\n");
});

Deno.test("prefix: on a terminal a line can't leave its place", () => {
  const { stdout } = painted([started("a"), line(0, "\x1b[2J\x1b[31mred\x1b]0;t\x07\r50%")], {
    terminal: { stdout: true, stderr: true },
  });
  assert.equal(stdout, "a: \x1b[31mred\x1b[0m\na: 50%\n");
});

Deno.test("each mode: text that steers is shown on a terminal, and exact in a pipe", () => {
  const evil =
    "\x1b]52;c;Zm9v\x07\x1b]8;;http://x\x1b\\web\x1b]8;;\x1b\\\u202e\u2028\u009b2J\x1b[31mred";
  const calm = "web\\u202e\\u2028\\u009b2J\x1b[31mred\x1b[0m";
  const output = [{ stream: "stdout", bytes: bytes(evil) } as const];
  const end = { outcome: { kind: "ok" }, omittedBytes: 0 } as const;
  const group = { ...end, targets: [0], names: "a", stdout: bytes(evil), stderr: bytes("") };
  const diff = { kind: "unified", stdout: `--- a\n+++ b\n+${evil}\n`, stderr: "" } as const;
  const events: readonly (readonly [mode: string, event: ExecEvent, lead: string])[] = [
    ["prefix", line(0, evil), "a: "],
    ["group", { kind: "block", target: 0, ...end, output }, "---- a\n"],
    ["fold", { kind: "folded", groups: [group] }, "---- a (1)\n"],
    ["diff", { kind: "folded", groups: [{ ...group, diff }] }, "---- a (1)\n+"],
  ];
  for (const [mode, event, lead] of events) {
    const shown = (stdout: boolean) =>
      painted([started("a"), event], { terminal: { stdout, stderr: false } }).stdout;
    assert.equal(shown(true), `${lead}${calm}\n`, mode);
    assert.equal(shown(false), `${lead}${evil}\n`, mode);
  }
});

Deno.test("prefix: what all names share is faint, the rest in the pod's colour", () => {
  const { stdout } = painted([started("web-0", "web-12"), line(0, "x")], {
    style: { stdout: styleFor(true), stderr: styleFor(false) },
  });
  // deno-lint-ignore no-control-regex -- this checks the colours
  assert.match(stdout, /^\x1b\[2mweb-\x1b\[22m\x1b\[\d+m0\x1b\[39m\x1b\[2m:\x1b\[22m x\n$/);
});

Deno.test("names from a server can't steer the terminal", () => {
  const { stdout, stderr } = painted([
    started("a\x1b[2J"),
    line(0, "x"),
    ended(0, { kind: "unreachable", reason: "no\x1b]0;t\x07" }),
    runEnded("so it went"),
  ], { quiet: true });
  assert.equal(stdout, "a\\x1b[2J: x\n");
  assert.equal(stderr, "a\\x1b[2J: unreachable: no\\x1b]0;t\\x07\n");
});

Deno.test("targets that come late have a prefix too", () => {
  const { stdout } = painted([
    started("a"),
    { kind: "targetsAdded", targets: [target("b")], names: ["b"] },
    line(1, "x"),
  ]);
  assert.equal(stdout, "b: x\n");
});

Deno.test("group: a block with a heading, and how it ended where it wasn't well", () => {
  const block = (index: number, outcome: Outcome, text: string, omittedBytes = 0): ExecEvent => ({
    kind: "block",
    target: index,
    outcome,
    output: [{ stream: "stdout", bytes: bytes(text) }, { stream: "stderr", bytes: bytes("e\n") }],
    omittedBytes,
  });
  assert.deepEqual(
    painted([
      started("a", "b"),
      block(0, { kind: "ok" }, "no end"),
      block(1, { kind: "failed", exitCode: 3 }, "x\n", 7),
    ]),
    {
      stdout: "---- a\nno end\n\n---- b: exit code 3\nx\n",
      stderr: "e\ne\nb: 7 more bytes omitted\n",
    },
  );
});

Deno.test("fold: equal outputs once, under the names of their pods", () => {
  const { stdout } = painted([
    started("a", "b", "c"),
    {
      kind: "folded",
      groups: [{
        targets: [0, 1],
        names: "[a-b]",
        outcome: { kind: "ok" },
        stdout: bytes("same\n"),
        stderr: bytes(""),
        omittedBytes: 0,
      }, {
        targets: [2],
        names: "c",
        outcome: { kind: "timeout", limit: "command", afterMs: 1000 },
        stdout: bytes(""),
        stderr: bytes(""),
        omittedBytes: 0,
      }],
    },
  ]);
  assert.equal(stdout, "---- [a-b] (2)\nsame\n\n---- c (1): timed out\n");
});

Deno.test("one pod: bytes as they are, and the end in kubectl's words", () => {
  assert.deepEqual(
    painted([
      started("web-0"),
      { kind: "output", target: 0, stream: "stdout", bytes: bytes("no end") },
      ended(0, { kind: "failed", exitCode: 3 }),
      runEnded("1 failed", { kind: "failed", exitCode: 3 }),
    ], { single: true }),
    { stdout: "no end", stderr: "command terminated with exit code 3\n" },
  );
});

Deno.test("one pod that is well: not a word more than its own", () => {
  assert.deepEqual(
    painted([started("web-0"), ended(0, { kind: "ok" }), runEnded("1 ok", { kind: "ok" })], {
      single: true,
    }),
    { stdout: "", stderr: "" },
  );
});

const report = {
  context: "east",
  namespace: "default",
  pod: "a",
  container: "main",
  node: "n1",
  outcome: "ok",
  exitCode: 0,
  signal: null,
  startedAt: null,
  durationMs: 1,
  stdout: "x\n",
  stderr: "",
  truncated: false,
  replaced: false,
  error: null,
} as const;

Deno.test("json: one array, whatever the number of pods", () => {
  const end = runEnded("2 ok", { kind: "ok" }, { kind: "ok" });
  const each = (index: number): ExecEvent => ({ kind: "report", target: index, report });
  const many = painted([started("a", "b"), each(0), each(1), end], { format: "json" });
  assert.deepEqual(JSON.parse(many.stdout), [report, report]);
  assert.deepEqual(JSON.parse(painted([started(), end], { format: "json" }).stdout), []);
});

Deno.test("jsonl: one line for each pod", () => {
  const { stdout } = painted([started("a"), { kind: "report", target: 0, report }], {
    format: "jsonl",
  });
  assert.equal(stdout, `${JSON.stringify(report)}\n`);
});

Deno.test("quiet: failures are said, summary and skipped pods are not", () => {
  const { stderr } = painted([
    {
      kind: "podsSkipped",
      context: "east",
      skipped: [{ namespace: "d", pod: "c", reason: "Pending" }],
    },
    started("a"),
    ended(0, { kind: "unknown", reason: "the link broke" }),
    runEnded("1 unknown", { kind: "unknown", reason: "the link broke" }),
  ], { quiet: true });
  assert.equal(stderr, "a: unknown: the link broke\n");
});

Deno.test("pods that aren't ready and contexts that failed are part of the summary, which isn't green then", () => {
  const skipped = [{ namespace: "d", pod: "c", reason: "is Pending: 0/1 containers ready" }];
  const events: ExecEvent[] = [
    { kind: "podsSkipped", context: "east", skipped, several: true },
    { kind: "contextFailed", context: "west", error: new KodamaError("unreachable", "no route") },
    started("a"),
    ended(0, { kind: "ok" }),
    runEnded("1 ok", { kind: "ok" }),
  ];
  const stderr = styleFor(true);
  assert.equal(
    painted(events, { style: { stdout: styleFor(false), stderr } }).stderr,
    "not ready: east/c (Pending, 0/1 containers ready)\ncontext west: no route\n" +
      `${stderr.red("1 ok, 1 context unreachable, 1 not ready in 1.2s")}\n`,
  );
});

Deno.test("a pod without the container isn't called not ready", () => {
  const skipped = [{ namespace: "d", pod: "c", reason: 'has no container "x" (it has main)' }];
  const { stderr } = painted([{ kind: "podsSkipped", context: "east", skipped }]);
  assert.equal(stderr, 'skipped c: has no container "x" (it has main)\n');
});

Deno.test("on a terminal a blank line stands between the groups and the summary", () => {
  const group = { targets: [0], names: "a", stderr: bytes(""), omittedBytes: 0 };
  const events: ExecEvent[] = [
    started("a"),
    { kind: "folded", groups: [{ ...group, outcome: { kind: "ok" }, stdout: bytes("a\n") }] },
    runEnded("1 ok", { kind: "ok" }),
  ];
  const terminal = { stdout: true, stderr: true };
  assert.equal(painted(events, { terminal }).stderr, "\n1 ok in 1.2s\n");
  assert.equal(painted(events).stderr, "1 ok in 1.2s\n");
});

Deno.test("a server that is waited for is said, unless quiet", () => {
  const waiting = (context: string): ExecEvent => ({
    kind: "contextWaiting",
    context,
    reason: "connection refused",
    limitMs: 15_000,
  });
  const { stdout, stderr } = painted([waiting("lab"), waiting("")]);
  assert.equal(
    stderr,
    "waiting for context lab: connection refused (15s at most)\n" +
      "waiting for the cluster: connection refused (15s at most)\n",
  );
  assert.equal(stdout, "");
  assert.equal(painted([waiting("lab")], { quiet: true }).stderr, "");
});

const troubles: readonly (readonly [Outcome, string])[] = [
  [{ kind: "timeout", limit: "connect", afterMs: 15_000 }, "a: timed out: no stream within 15s\n"],
  [{ kind: "timeout", limit: "command", afterMs: 1500 }, "a: timed out: not done within 1.5s\n"],
  [{ kind: "cancelled" }, ""],
  [{ kind: "cancelled", left: "it may still run" }, "a: cancelled: it may still run\n"],
  [{ kind: "skipped", reason: "stopped" }, ""],
  [{ kind: "failed", exitCode: 1 }, ""],
  [{ kind: "failed", exitCode: 127, reason: "no sh" }, "a: not started: no sh\n"],
  [
    { kind: "failed", exitCode: 137, signal: "SIGKILL", reason: "no memory is left" },
    "a: failed (SIGKILL): no memory is left\n",
  ],
  [
    { kind: "failed", exitCode: 127, reason: 'exec: "bash": executable file not found' },
    'a: not started: exec: "bash": executable file not found\n' +
    "hint: the image may have no bash: try sh, or open a shell, which finds one\n",
  ],
  [{ kind: "forbidden", reason: "no", hint: "ask" }, "a: forbidden: no\nhint: ask\n"],
  [
    { kind: "timeout", limit: "command", afterMs: 1000, left: "it may still run" },
    "a: timed out: not done within 1s; it may still run\n",
  ],
];

for (const [outcome, said] of troubles) {
  Deno.test(`an end that is ${JSON.stringify(outcome)} is said as ${JSON.stringify(said)}`, () => {
    const events = [started("a"), ended(0, outcome), runEnded("", outcome)];
    assert.equal(painted(events, { quiet: true }).stderr, said);
  });
}

Deno.test("equal errors of several pods are one line with their names, and one hint", () => {
  const names = Array.from({ length: 9 }, (_, index) => `w-${index}`);
  const denied: Outcome = { kind: "forbidden", reason: "cannot create pods/exec", hint: "a role" };
  const other: Outcome = { kind: "unreachable", reason: "no such pod" };
  const ends = names.map((_, index) => ended(index, index === 5 ? other : denied));
  const { stderr } = painted([started(...names), ...ends, runEnded("so it went", denied)]);
  assert.equal(
    stderr,
    "forbidden in 8 pods (w-[0-4,6-8]): cannot create pods/exec\nhint: a role\n" +
      "w-5: unreachable: no such pod\nso it went in 1.2s\n",
  );
});

Deno.test("errors can be taken while the run goes on: none comes twice, nor a hint", () => {
  const painter = new RunPainter(plain);
  const denied: Outcome = { kind: "forbidden", reason: "no", hint: "a role" };
  const taken = () => painter.collected.take().flatMap(({ data }) => data).join("");
  painter.paint(started("w-0", "w-1", "w-2"));
  painter.paint(ended(0, denied));
  assert.equal(taken(), "w-0: forbidden: no\nhint: a role\n");
  for (const index of [1, 2]) painter.paint(ended(index, denied));
  assert.equal(taken(), "forbidden in 2 pods (w-[1-2]): no\n");
  assert.equal(taken(), "");
});

/** Returns the output for one event, whatever the stream. */
function paintedOne(event: ExecEvent, options: Partial<RunPainterOptions> = {}): string {
  const { stdout, stderr } = painted([event], options);
  return stdout + stderr;
}

function folded(diff: GroupDiff, text = "b\n"): ExecEvent {
  const group: FoldedGroup = {
    targets: [3],
    names: "web-3",
    outcome: { kind: "ok" },
    stdout: new TextEncoder().encode(text),
    stderr: new Uint8Array(),
    omittedBytes: 0,
    diff,
  };
  return { kind: "folded", groups: [group] };
}

Deno.test("a group that differs is its heading and the lines of the difference", () => {
  const stdout = "--- web-[0-2]\n+++ web-3\n@@ -1,1 +1,1 @@\n-a\n+b\n";
  assert.equal(
    paintedOne(folded({ kind: "unified", stdout, stderr: "" })),
    "---- web-3 (1)\n@@ -1,1 +1,1 @@\n-a\n+b\n",
  );
  const both = paintedOne(folded({ kind: "unified", stdout: "", stderr: stdout }));
  assert.equal(both, "---- web-3 (1)\nstandard error:\n@@ -1,1 +1,1 @@\n-a\n+b\n");
  const coloured = { stdout: styleFor(true), stderr: styleFor(true) };
  const text = paintedOne(folded({ kind: "unified", stdout, stderr: "" }), { style: coloured });
  assert.ok(text.endsWith("\x1b[31m-a\x1b[39m\n\x1b[32m+b\x1b[39m\n"), text);
});

Deno.test("a pod can't steer the terminal out of a difference", () => {
  const stdout = "--- a\n+++ b\n@@ -1,1 +1,1 @@\n-a\n+b\x1b]0;title\x07\x1b[2J\n";
  const terminal = { stdout: true, stderr: true };
  const text = paintedOne(folded({ kind: "unified", stdout, stderr: "" }), { terminal });
  assert.equal(text, "---- web-3 (1)\n@@ -1,1 +1,1 @@\n-a\n+b\n");
});

Deno.test("the same output is said, and what isn't compared is shown whole", () => {
  assert.equal(paintedOne(folded({ kind: "same" })), "---- web-3 (1): the same output\n");
  const whole = paintedOne(folded({ kind: "notCompared", reason: "too long" }));
  assert.equal(whole, "---- web-3 (1) (not compared: too long)\nb\n");
});

function end(
  outcomes: readonly Outcome[],
  record?: { id: string; rerunnable: boolean },
): ExecEvent {
  const ended = { ...runEnded("so it went", ...outcomes), durationMs: 20 };
  return record === undefined ? ended : { ...ended, record };
}

Deno.test("the end says why pods were skipped, each reason once, and how to run the failed again", () => {
  const skipped: Outcome = { kind: "skipped", reason: "2 of 9 targets failed (--max-fail)" };
  const failed: Outcome = { kind: "failed", exitCode: 1 };
  const kept = { id: "r1", rerunnable: true };
  assert.equal(
    paintedOne(end([failed, skipped, skipped], kept)),
    "so it went in 20ms\nskipped because 2 of 9 targets failed (--max-fail)\n" +
      "Rerun the failed pods: kodama runs rerun r1 --failed\n",
  );
  assert.equal(paintedOne(end([{ kind: "ok" }], kept)), "so it went in 20ms\n");
  for (const record of [undefined, { id: "r1", rerunnable: false }]) {
    assert.equal(paintedOne(end([failed], record)), "so it went in 20ms\n");
  }
  assert.equal(paintedOne(end([failed], kept), { quiet: true }), "");
});

Deno.test("a run that isn't kept is said, unless nothing is to be said", () => {
  const error = new KodamaError("config", "cannot write /r: No space left on device");
  const event: ExecEvent = { kind: "notRecorded", error };
  assert.equal(
    paintedOne(event),
    "this run is not recorded: cannot write /r: No space left on device\n",
  );
  assert.equal(paintedOne(event, { quiet: true }), "");
});

Deno.test("one pod whose command could not begin says why, with its exit code", () => {
  const failed: Outcome = { kind: "failed", exitCode: 127, reason: "the image has no sh" };
  assert.equal(
    paintedOne(end([failed]), { single: true }),
    "command not started: the image has no sh (exit code 127)\n",
  );
});

const single = { context: "c", namespace: "n", pod: "a", container: "m", node: "", ip: "" };
const reported: readonly ExecEvent[] = [
  { kind: "runStarted", targets: [single], names: ["a"], command: ["id"], at },
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

function eventLines(output: boolean): Record<string, unknown>[] {
  const lines = new EventLines({ stream: "stderr", output });
  return reported.flatMap((event) => lines.paint(event)).flatMap(({ stream, data }) => {
    assert.equal(stream, "stderr");
    return data.map((one) => JSON.parse(String(one)) as Record<string, unknown>);
  });
}

Deno.test("each event is one line that says whole what it is about", () => {
  const [started, begun, line, ended] = eventLines(true);
  assert.deepEqual(started?.["command"], ["id"]);
  assert.deepEqual(begun, {
    event: "targetStarted",
    step: "",
    target: 0,
    name: "a",
    at: "2026-01-02T03:04:05.000Z",
  });
  // Control characters and invalid UTF-8 can't leave the string.
  assert.equal(line?.["text"], "h\x1b\ufffd");
  assert.equal(ended?.["outcome"], "ok");
});

Deno.test("without output there are no lines of the commands", () => {
  assert.deepEqual(eventLines(false).map(({ event }) => event), [
    "runStarted",
    "targetStarted",
    "targetEnded",
  ]);
});
