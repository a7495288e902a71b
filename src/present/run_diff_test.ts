import assert from "node:assert/strict";
import { type Answer, compareAnswers, type RunHead } from "../actions/runs/diff.ts";
import { plainStyle } from "../terminal/style.ts";
import { runDiffLines } from "./run_diff.ts";

const now = new Date("2026-11-22T10:00:00Z");

function head(id: string, at: string): RunHead {
  return { id, at: new Date(at), command: ["cat", "/v"], workflow: null, exitCode: 0 };
}

function answer(pod: string, stdout: string | undefined, exitCode = 0): Answer {
  const place = { context: "c", namespace: "n", pod, container: "main", name: pod };
  return {
    ...place,
    outcome: exitCode === 0 ? "ok" : "failed",
    exitCode,
    ...(stdout === undefined
      ? {}
      : { output: { id: stdout, stdout, stderr: "", omittedBytes: 0 } }),
  };
}

async function lines(before: Answer[], after: Answer[]): Promise<string[]> {
  const changes = await compareAnswers(before, after);
  const [earlier, later] = [head("a", "2026-11-21T10:00:00Z"), head("b", "2026-11-22T09:59:00Z")];
  const diff = { kind: "run", before: earlier, after: later, changes, isDifferent: true } as const;
  return runDiffLines(diff, { now, style: plainStyle }).slice(2);
}

Deno.test("`runDiffLines()` quotes short answers, and counts the pods that are as before", async () => {
  const before = ["4.4.2", "4.4.2", "4.4.2", "4.4.2"].map((text, n) => answer(`d-${n}`, text));
  const after = ["4.4.1", "4.4.1", "4.4.2", undefined].map((text, n) => answer(`d-${n}`, text));
  const others = [answer("d-4", "4.4.2", 1)];
  assert.deepEqual(await lines([...before, answer("e-0", "x\\n")], [...after, ...others]), [
    '2 pods (d-[0-1]) answer "4.4.1" instead of "4.4.2"',
    'new: 1 pod (d-4): exit code 1, answers "4.4.2"',
    'gone: 1 pod (e-0), answered "x\\\\n"',
    "2 pods as before; the output of 1 isn't recorded in both runs",
  ]);
});

Deno.test("`runDiffLines()` shows a diff of longer answers, and no control character of a pod", async () => {
  const before = [answer("d-0", "a\nb\n"), answer("d-1", "same", 1)];
  const after = [answer("d-0", "a\n\x1b[31mc\n"), answer("d-1", "same")];
  assert.deepEqual(await lines(before, after), [
    "1 pod (d-0) answers differently:",
    "  @@ -1,2 +1,2 @@",
    "   a",
    "  -b",
    "  +\\x1b[31mc",
    "1 pod (d-1): ok instead of exit code 1, with the same output",
  ]);
});
