import assert from "node:assert/strict";
import type { PastRun, RecordedTarget } from "../actions/runs/past_runs.ts";
import { runData, runLines, runsTable } from "./past_runs.ts";

const header: PastRun["header"] = {
  event: "record",
  version: 2,
  id: "20260102-030405-0061a2b",
  at: "2026-01-02T03:04:05.006Z",
  command: ["sh", "-c", "echo a\necho \x1b[2J"],
  redacted: false,
  shell: false,
  subst: false,
  workdir: null,
  env: [],
  stdin: false,
  tty: false,
  copy: false,
  workflow: null,
  rerunOf: null,
  places: null,
  bounds: {},
};

function target(
  name: string,
  end: Partial<RecordedTarget["end"] & object> | undefined,
): RecordedTarget {
  const at = header.at;
  const whole = {
    event: "targetEnded",
    step: "",
    target: 0,
    name,
    at,
    signal: null,
    error: null,
  } as const;
  return {
    target: { context: "c", namespace: "n", pod: name, container: "m", node: "", ip: "" },
    name,
    position: { index: 0, total: 2 },
    ...(end === undefined
      ? {}
      : { end: { ...whole, outcome: "ok", exitCode: 0, durationMs: 40, ...end } }),
  };
}

const killed: PastRun = {
  header,
  targets: [
    target("web-0", {}),
    target("web-1", { outcome: "failed", exitCode: 3 }),
    target("web-2", undefined),
  ],
  notRun: [{ context: "c", namespace: "n", pod: "web-3", reason: "is Pending" }],
};

Deno.test("a run whose end isn't known says so, and a command can't steer the terminal", () => {
  assert.deepEqual(runLines(killed), [
    "run         20260102-030405-0061a2b",
    "command     sh -c 'echo a\\necho \\x1b[2J'",
    "context     c",
    "namespace   n",
    "started     2026-01-02T03:04:05.006Z",
    "result      not ended: 1 ok, 1 failed, 1 not known, 1 not run",
    "",
    "POD     OUTCOME     EXIT     TIME     REASON",
    "web-0   ok          0        40ms     <none>",
    "web-1   failed      3        40ms     <none>",
    "web-2   not known   <none>   <none>   <none>",
    "web-3   not run     <none>   <none>   is Pending",
  ]);
});

Deno.test("the list cuts long commands, and says which record can't be read", () => {
  const run = { ...killed, header: { ...header, command: ["x".repeat(100)] } };
  const error = { message: "it isn't a record" } as never;
  const [, first, second] = runsTable([
    { kind: "run", id: header.id, run },
    { kind: "unreadable", id: "odd", error },
  ], new Date("2026-01-04T03:04:06Z"));
  assert.match(first ?? "", / 2d +c +n +x{39}… +3 +not ended: /);
  assert.match(second ?? "", /^odd +<none> .*it isn't a record$/);
});

Deno.test("as data, what isn't known is null", () => {
  const data = runData(killed) as { targets: { outcome: string | null }[]; exitCode: unknown };
  assert.deepEqual(data.targets.map(({ outcome }) => outcome), ["ok", "failed", null]);
  assert.equal(data.exitCode, null);
  assert.deepEqual(runData(killed).notRun, killed.notRun);
});

Deno.test("as data, a run has what its pods wrote if that is requested", () => {
  const [first, ...others] = killed.targets;
  assert.ok(first !== undefined);
  const output = { id: "1", stdout: "up\n", stderr: "", omittedBytes: 3 };
  const run = { ...killed, targets: [{ ...first, output }, ...others] };
  const written = (data: Record<string, unknown>) =>
    (data.targets as Record<string, unknown>[]).map(({ stdout, omittedBytes }) => [
      stdout,
      omittedBytes,
    ]);
  assert.deepEqual(written(runData(run, { withOutputs: true })).slice(0, 2), [
    ["up\n", 3],
    [null, null],
  ]);
  assert.ok(!("stdout" in (runData(run).targets as object[])[0]!));
});
