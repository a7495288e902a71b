/** Steps that are repeated until a condition is true, quiet ones, and the time limit of a run. */
import assert from "node:assert/strict";
import { endsOf, outputsOf, type Play, play, saying } from "../testing/step_fixture.ts";

const may = "permissions: { run: [echo, state, sleep] }\n";

/** A program whose output is another one at each call. */
function answers(...texts: string[]): Pick<Play, "local"> {
  let at = 0;
  const run: NonNullable<Play["local"]>["run"] = () => {
    const stdout = texts[Math.min(at++, texts.length - 1)] ?? "";
    const exitCode = stdout === "fail" ? 1 : 0;
    return Promise.resolve({ exitCode, stdout, stderr: "", truncated: [] });
  };
  return { local: { run } };
}

async function until(fields: string, ...texts: string[]) {
  const text = `${may}steps:\n  - { id: a, shell: [state], ${fields} }\n  - check: true\n`;
  const { events, clock } = await play({ files: { "w.yaml": text }, ...answers(...texts) });
  const retried = events.flatMap((event) => event.event === "stepRetried" ? [event.reason] : []);
  const ended = events.find((event) => event.event === "stepEnded");
  const reason = ended?.error ?? "";
  return { ends: endsOf(events), elapsedMs: clock.elapsedMs(), retried, reason };
}

Deno.test("`until` repeats a step until it is ok and the condition is true, and reports each reason once", async () => {
  const ready = "until: \"${{ json(result.stdout).phase == 'Ready' }}\", every: 2s";
  const found = await until(ready, "fail", "fail", "{}", '{"phase":"New"}', '{"phase":"Ready"}');
  assert.deepEqual(found.ends, ["a ok", "check-2 ok", "= ok"]);
  assert.equal(found.elapsedMs, 8000);
  assert.deepEqual(found.retried.map((reason) => reason.slice(0, 28)), [
    "state ended with exit code 1",
    'until: unknown name "phase";',
    "until: ${{ json(result.stdou",
  ]);
});

Deno.test("`timeout` limits all attempts of a step with `until`, by default 30 minutes", async () => {
  const never = "until: ${{ size(result.stdout) > 5 }}";
  const short = await until(`"until": "\${{ size(result.stdout) > 5 }}", timeout: 12s`, "no");
  assert.deepEqual(short.ends.slice(0, 2), ["a timeout", "check-2 skipped: a ended the run"]);
  assert.deepEqual([short.elapsedMs, short.reason], [12_000, "not done within 12s"]);
  const long = await until(never.replace(/(\$.*)$/, '"$1"'), "no");
  assert.equal(long.elapsedMs, 30 * 60_000);
  assert.equal(long.reason, "not done within 30m, the limit of a step without `timeout`");
});

Deno.test("`until` runs a command again in all pods", async () => {
  const text = 'steps: [{ exec: [id], until: "${{ run.id == result.stdout }}", timeout: 11s }]\n';
  const pods = { p: saying("other"), q: saying("other") };
  const { pods: ran } = await play({ files: { "w.yaml": text }, pods });
  assert.deepEqual([...ran.values()].map(({ requests }) => requests.length), [3, 3]);
});

Deno.test("the checks refuse `until` with `attempts`, `every` alone, and an unknown `result`", async () => {
  const refused = (fields: string, message: RegExp) => assert.rejects(until(fields, ""), message);
  await refused('until: "${{ true }}", attempts: 2', /`attempts` has no effect/);
  await refused("every: 2s", /`every` has no effect without `until`/);
  await refused("until: \"${{ result.stdou == '' }}\"", /stdou/);
  await refused('until: "${{ 1 }}"', /expected true or false, found a number/);
});

function linesOf(events: Awaited<ReturnType<typeof play>>["events"]): string[] {
  return events.flatMap((event) => event.event === "line" ? [event.text] : []);
}

Deno.test("a quiet step shows nothing, nor do its inner steps; its last lines if it fails", async () => {
  const text = `${may}steps:
  - { shell: [echo, one], quiet: true }
  - foreach: [1, 2]
    quiet: true
    steps: [{ shell: [echo, inner] }]
  - { shell: [echo, shown] }
  - { exec: [id], quiet: true, allowFailure: true }
`;
  const lines = Array.from({ length: 30 }, (_, at) => `line ${at}\n`).join("");
  const { events } = await play({ files: { "w.yaml": text }, pods: { p: saying(lines, 3) } });
  assert.deepEqual(linesOf(events), [
    "shown",
    ...Array.from({ length: 20 }, (_, at) => `line ${at + 10}`),
  ]);
});

const long: Play["run"] = (_argv, signal) =>
  new Promise((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(signal.reason), { once: true })
  );

for (
  const [title, limit, input] of [
    ["`limits.time`", "limits: { time: 10s }\n", {}],
    ["a limit by an expression", "params: { t: 10s }\nlimits: { time: '${{ params.t }}' }\n", {}],
    ["the run's deadline", "limits: { time: 1h }\n", { deadlineMs: 10_000 }],
  ] as const
) {
  Deno.test(`${title} ends the running step as a timeout; nothing more starts, and finally runs`, async () => {
    const text = `${may}${limit}steps:
  - { id: a, wait: 4s }
  - { id: b, shell: [sleep, "100"], allowFailure: any }
  - { id: c, wait: 1s }
finally:
  - { id: d, wait: 20s }
`;
    const { events, clock } = await play({ files: { "w.yaml": text }, run: long, input });
    assert.deepEqual(endsOf(events), [
      ...["a ok", "b timeout", "c skipped: b ended the run", "finally", "finally/d ok"],
      "= timeout",
    ]);
    assert.equal(clock.elapsedMs(), 30_000);
    const end = events.at(-1);
    assert.ok(end?.event === "runEnded");
    assert.equal(end.exitCode, 3);
    assert.equal(end.error, "not done within 10s, the limit of the run");
  });
}

Deno.test("a command in a pod is ended at the run's time limit", async () => {
  const text = "limits: { time: 2s }\nsteps: [{ exec: [serve] }]\n";
  const script = { ...saying("", 0, 60_000), diesOn: "TERM" as const };
  const { events, pods } = await play({ files: { "w.yaml": text }, pods: { p: script } });
  assert.deepEqual(endsOf(events), ["exec-1 timeout", "= timeout"]);
  assert.ok(pods.get("p")?.requests.at(-1)?.command.includes("TERM"));
});

Deno.test("`expect` lists the exit codes of a success, in pods and here", async () => {
  const text = (expect: string) =>
    `permissions: { run: [grep] }
steps:
  - { id: a, exec: [grep], serial: 1, allowFailure: true, expect: ${expect} }
  - { id: b, shell: [grep], allowFailure: true, expect: ${expect} }
outputs: { codes: "\${{ [steps.a.byTarget.p.exitCode, steps.b.exitCode] }}" }
`;
  const endsWith = async (expect: string, exitCode: number) => {
    const { events } = await play({
      files: { "w.yaml": text(expect) },
      pods: { p: saying("", exitCode), q: saying("", exitCode) },
      run: () => exitCode,
    });
    return [...endsOf(events).slice(0, 2), outputsOf(events)];
  };
  assert.deepEqual(await endsWith("[0, 1]", 1), ["a ok", "b ok", { codes: [1, 1] }]);
  assert.deepEqual(await endsWith("1", 1), ["a ok", "b ok", { codes: [1, 1] }]);
  const [inPods, here] = await endsWith("1", 0);
  assert.match(String(inPods), /^a failed: .*exit code 0, expected 1/);
  assert.equal(here, "b failed: grep ended with exit code 0, expected 1");
  assert.match(String((await endsWith("[0, 1]", 2))[0]), /^a failed: .*exit code 2/);
});

Deno.test("`env` of defaults is that of every command, and a step's is added to it", async () => {
  const seen: Readonly<Record<string, string>>[] = [];
  const local: Play["local"] = {
    run: (_argv, { environment }) => {
      seen.push(environment);
      return Promise.resolve({ exitCode: 0, stdout: "", stderr: "", truncated: [] });
    },
  };
  const text = `${may}defaults: { env: { A: "1", B: "\${{ run.id }}" } }
steps:
  - { shell: [echo], env: { B: 2, C: 3 } }
  - { kubectl: [get, pods] }
`;
  const refused = play({ files: { "w.yaml": text }, local });
  await assert.rejects(refused, /variable A can lead kubectl to other servers .* run: \[kubectl\]/);
  await play({ files: { "w.yaml": text.replace("sleep]", "sleep, kubectl]") }, local });
  assert.deepEqual(seen, [{ A: "1", B: "2", C: "3" }, { A: "1", B: "run-1" }]);
});
