import assert from "node:assert/strict";
import type { ExecEvent } from "../actions/exec/events.ts";
import type { Round, RoundDiff, RoundFailure } from "../actions/rounds.ts";
import { type Answer, compareAnswers, hasChanged, type RunHead } from "../actions/runs/diff.ts";
import { KodamaError } from "../base/errors.ts";
import { plainStyle } from "../terminal/style.ts";
import { RoundsPainter, WatchProgress } from "./rounds_painter.ts";

function answers(...outputs: string[]): Answer[] {
  return outputs.map((stdout, index) => ({
    context: "c",
    namespace: "n",
    pod: `web-${index}`,
    container: "main",
    name: `web-${index}`,
    outcome: "ok",
    exitCode: 0,
    output: { id: stdout, stdout, stderr: "", omittedBytes: 0 },
  }));
}

/** Returns the ends of rounds, ten seconds apart. */
async function rounds(
  all: readonly { answers: Answer[]; failures?: RoundFailure[] }[],
): Promise<Round[]> {
  return await Promise.all(all.map(async ({ answers, failures = [] }, index) => {
    const changes = await compareAnswers(all[index - 1]?.answers ?? [], answers);
    const diff = { kind: "run", changes, isDifferent: hasChanged(changes) } as const;
    return { ...roundOf(index + 1, { diff, failures }), targets: answers.length };
  }));
}

/** A round, ten seconds after the one before, in the time zone of this machine. */
function roundOf(round: number, more: Partial<Round> = {}): Round {
  const at = new Date(2026, 10, 22, 12, 4, 10 * (round - 1));
  return { kind: "roundEnded", round, at, exitCode: 0, failures: [], ...more };
}

function painted(events: readonly Round[], format: "text" | "jsonl"): string[] {
  const run = { paint: () => [] };
  const painter = new RoundsPainter<ExecEvent>({ run, format, style: plainStyle });
  return events.flatMap((event) => painter.paint(event))
    .flatMap(({ stream, data }) =>
      data.map((text) => stream === "stderr" ? `2> ${text}` : `${text}`)
    );
}

Deno.test("a round shows what changed, with a diff of several lines; and nothing if nothing did", async () => {
  const events = await rounds([
    { answers: answers("4.4.2\n", "4.4.2\n", "a\nb\n") },
    { answers: answers("4.4.2\n", "4.4.2\n", "a\nb\n") },
    { answers: answers("4.4.1\n", "4.4.1\n", "a\nc\n", "4.4.1\n") },
  ]);
  assert.deepEqual(painted(events, "text"), [
    '12:04:20  2 pods (web-[0-1]) answer "4.4.1" instead of "4.4.2"\n',
    "          1 pod (web-2) answers differently:\n",
    "            @@ -1,2 +1,2 @@\n",
    "             a\n",
    "            -b\n",
    "            +c\n",
    '          new: 1 pod (web-3), answers "4.4.1"\n',
  ]);
  const lines = painted(events, "jsonl").map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ round, groups, new: added, same }) => [round, groups.length, added.length, same]),
    [
      // Equal answers are a group: all are new in the first round.
      [1, 0, 2, 0],
      [3, 2, 1, 0],
    ],
  );
});

Deno.test("a failure is reported once, and its end", async () => {
  const failures = [{ context: "", error: new KodamaError("unreachable", "no answer") }];
  const same = answers("x\n");
  const events = await rounds([
    { answers: same },
    { answers: same, failures },
    { answers: same, failures },
    { answers: same },
  ]);
  assert.deepEqual(painted(events, "text"), [
    "2> 12:04:10  no answer\n",
    "2> 12:04:30  every context answers again\n",
  ]);
});

Deno.test("the status line has the time of the last change", async () => {
  const run = { follow: () => {}, statusLine: () => "first" };
  const progress = new WatchProgress<ExecEvent>(run, 10_000);
  assert.equal(progress.statusLine(0, 1), "first");
  const [one, two] = await rounds([{ answers: answers("x") }, { answers: answers("x") }]);
  assert.ok(one !== undefined && two !== undefined);
  progress.follow(one);
  progress.follow({ kind: "roundStarted", round: 2 });
  const running = "12:04:00  round 1, 1 pod, no change since 12:04:00; round 2 is running";
  assert.equal(progress.statusLine(0, 1), running);
  progress.follow(two);
  const waiting = "12:04:10  round 2, 1 pod, no change since 12:04:00; every 10s, Ctrl-C ends";
  assert.equal(progress.statusLine(0, 1), waiting);
});

const head: RunHead = { id: "r", at: new Date(0), command: null, workflow: "w", exitCode: 0 };

function answer(stdout: string): Answer {
  return {
    ...{ context: "c", namespace: "n", pod: "web-0", container: "main", name: "web-0" },
    ...{ outcome: "ok", exitCode: 0, output: { id: stdout, stdout, stderr: "", omittedBytes: 0 } },
  };
}

async function diffOf(before: string, after: string): Promise<RoundDiff> {
  const changes = await compareAnswers([answer(before)], [answer(after)]);
  const isDifferent = before !== after;
  const outputs = isDifferent ? [{ name: "version", before, after }] : [];
  const steps = [{ step: "ask", before: "ok", after: "ok", changes }];
  return { kind: "workflow", before: head, after: head, isDifferent, steps, outputs };
}

Deno.test("a round of steps shows what changed, and nothing if nothing did", async () => {
  const rounds = [
    roundOf(1),
    roundOf(2, { diff: await diffOf("1", "1") }),
    roundOf(3, { diff: await diffOf("1", "2"), exitCode: 5 }),
  ];
  assert.deepEqual(painted(rounds, "text"), [
    "12:04:20  ask\n",
    '            1 pod (web-0) answers "2" instead of "1"\n',
    '          output version: "2" instead of "1"\n',
  ]);
  const [line, ...others] = painted(rounds, "jsonl").map((text) => JSON.parse(text));
  assert.deepEqual(others, []);
  assert.deepEqual([line.round, line.exitCode, line.changed], [3, 5, true]);
  assert.deepEqual(line.outputs, [{ name: "version", before: "1", after: "2" }]);
});

Deno.test("what a step prints on this machine has no pod", async () => {
  const own = (text: string): Answer => ({ ...answer(text), pod: "", name: "here" });
  const changes = await compareAnswers([own("1")], [own("2")]);
  const steps = [{ step: "here", before: "ok", after: "ok", changes }];
  const heads = { before: head, after: head, isDifferent: true };
  const diff: RoundDiff = { kind: "workflow", ...heads, steps, outputs: [] };
  assert.deepEqual(painted([roundOf(2, { diff })], "text"), [
    "12:04:10  here\n",
    '            it answers "2" instead of "1"\n',
  ]);
});

Deno.test("an error that lasts is printed once, and its end", () => {
  const error = new KodamaError("unreachable", "the server\u001b[2J is away");
  const failures = [{ context: "", error }];
  assert.deepEqual(
    painted([roundOf(1), roundOf(2, { failures }), roundOf(3, { failures }), roundOf(4)], "text"),
    ["2> 12:04:10  the server\\x1b[2J is away\n", "2> 12:04:30  it runs again\n"],
  );
});

Deno.test("the status line has the last round, and when something changed", async () => {
  const run = { follow: () => {}, statusLine: () => "first" };
  const progress = new WatchProgress<ExecEvent>(run, 10_000);
  assert.equal(progress.statusLine(0, 1), "first");
  progress.follow(roundOf(1));
  progress.follow({ kind: "roundStarted", round: 2 });
  assert.equal(
    progress.statusLine(0, 1),
    "12:04:00  round 1, no change since 12:04:00; round 2 is running",
  );
  progress.follow(roundOf(2, { diff: await diffOf("1", "1") }));
  progress.follow(roundOf(3, { diff: await diffOf("1", "2") }));
  progress.follow(roundOf(4, { diff: await diffOf("2", "2") }));
  assert.equal(
    progress.statusLine(0, 1),
    "12:04:30  round 4, no change since 12:04:20; every 10s, Ctrl-C ends",
  );
});
