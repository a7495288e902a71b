import assert from "node:assert/strict";
import { type Answer, compareAnswers } from "../actions/runs/diff.ts";
import type { RoundFailure, WatchRunEvent } from "../actions/exec/watch.ts";
import { KodamaError } from "../base/errors.ts";
import { plainStyle } from "../terminal/style.ts";
import { RoundsPainter, watchProgress } from "./rounds_painter.ts";

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
): Promise<WatchRunEvent[]> {
  return await Promise.all(all.map(async ({ answers, failures = [] }, index) => ({
    kind: "roundEnded" as const,
    round: index + 1,
    // In the time zone of this machine.
    at: new Date(2026, 10, 22, 12, 4, 10 * index),
    targets: answers.length,
    changes: await compareAnswers(all[index - 1]?.answers ?? [], answers),
    failures,
    exitCode: 0,
  })));
}

function painted(events: readonly WatchRunEvent[], format: "text" | "jsonl"): string[] {
  const painter = new RoundsPainter({ run: { paint: () => [] }, format, style: plainStyle });
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
  const progress = watchProgress({ follow: () => {}, statusLine: () => "first" }, 10_000);
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
