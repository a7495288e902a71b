import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { paramValues } from "../params.ts";
import { isRecorded, readWorkflowRecord, retainedOf } from "../record.ts";
import { recordHeader } from "../testing/record_header.ts";
import {
  endsOf,
  inspected,
  loaded,
  outputsOf,
  type Play,
  play,
  saying,
} from "../testing/step_fixture.ts";
import { stepReason } from "./policy.ts";

const may = "permissions: { run: [echo, 'true', 'false', deploy] }\n";
const failing = (words: readonly string[]) => words[0] === "false" ? 1 : 0;

Deno.test("steps run one after the other; after a failure the others are skipped, and finally runs", async () => {
  const text = `${may}steps:
  - { id: a, shell: [echo, one] }
  - { id: b, shell: ["false"] }
  - { id: c, shell: [echo, two] }
finally:
  - { id: z, shell: [echo, "\${{ outcome }}", "\${{ steps.c.outcome }}"] }
`;
  const { events, ran } = await play({ files: { "w.yaml": text }, run: failing });
  assert.deepEqual(endsOf(events), [
    "a ok",
    "b failed: false ended with exit code 1",
    "c skipped: b ended the run",
    "finally",
    "finally/z ok",
    "= failed: false ended with exit code 1",
  ]);
  assert.deepEqual(ran.at(-1), ["echo", "failed", "skipped"]);
});

Deno.test("a tolerated failure is told as one, and the workflow goes on", async () => {
  const text = `${may}steps:
  - { id: b, shell: ["false"], continueOn: failure }
  - { id: c, when: "\${{ steps.b.outcome == 'failed' }}", shell: [echo, "\${{ steps.b.exitCode }}"] }
  - { id: d, when: "\${{ steps.b.outcome == 'ok' }}", shell: [echo, never] }
`;
  const { events, ran } = await play({ files: { "w.yaml": text }, run: failing });
  const [b, c, d, whole] = endsOf(events);
  assert.match(b ?? "", /^b failed/);
  assert.deepEqual([c, whole], ["c ok", "= ok"]);
  assert.match(d ?? "", /^d skipped: when/);
  assert.deepEqual(ran, [["false"], ["echo", "1"]]);
  assert.ok(events.some((event) => event.kind === "stepEnded" && event.tolerated));
});

Deno.test("retries wait longer and longer, up to the longest wait", async () => {
  const text = `${may}steps:
  - shell: ["false"]
    retry: { attempts: 4, delay: 1s, factor: 3, maxDelay: 5s }
`;
  const { events, clock } = await play({ files: { "w.yaml": text }, run: failing });
  const delays = events.flatMap((event) => event.kind === "stepRetried" ? [event.delayMs] : []);
  assert.deepEqual(delays, [1000, 3000, 5000]);
  assert.equal(clock.elapsedMs(), 9000);
});

Deno.test("a retry of a command in pods is for those where it failed", async () => {
  const text = "steps:\n  - { id: a, exec: [restart], retry: 3 }\n";
  const { events, pods } = await play({
    files: { "w.yaml": text },
    pods: { good: saying("ok\n"), bad: saying("no\n", 3) },
  });
  assert.equal(pods.get("good")?.requests.length, 1);
  assert.equal(
    pods.get("bad")?.requests.filter(({ command }) => command.includes("restart")).length,
    3,
  );
  assert.deepEqual(endsOf(events).at(-1), "= failed: 1 of 2 pods failed: bad (exit code 3)");
});

Deno.test("the budget says how many pods may fail, and expressions see which", async () => {
  const text = `steps:
  - { id: a, exec: [restart], maxFail: 50% }
outputs: { failed: "\${{ steps.a.failed }}", said: "\${{ steps.a.distinct }}" }
`;
  const { events } = await play({
    files: { "w.yaml": text },
    pods: { good: saying("ok\n"), bad: saying("no\n", 3) },
  });
  assert.deepEqual(outputsOf(events), { failed: ["bad"], said: ["ok", "no"] });
});

Deno.test("an attempt's time is limited, and its end is told as that", async () => {
  const text = `${may}steps:\n  - { id: a, shell: [deploy], timeout: 2s }\n`;
  const hangs = (_words: readonly string[], signal: AbortSignal) =>
    new Promise<number>((resolve) => signal.addEventListener("abort", () => resolve(143)));
  const { events } = await play({ files: { "w.yaml": text }, run: hangs });
  assert.deepEqual(endsOf(events), ["a timeout", "= timeout"]);
  const last = events.at(-1);
  assert.equal(last?.kind === "workflowEnded" && last.exitCode, 3);
});

Deno.test("a cancel ends the step that runs; finally runs", async () => {
  const cancel = new AbortController();
  const text = `${may}steps:
  - { id: a, shell: [deploy] }
  - { id: b, shell: [echo, b] }
finally:
  - { id: z, shell: [echo, "\${{ outcome }}"] }
`;
  const { events, ran } = await play({
    files: { "w.yaml": text },
    input: { signal: cancel.signal },
    run: (words, signal) => {
      if (words[0] !== "deploy") return 0;
      return new Promise<number>((resolve) => {
        signal.addEventListener("abort", () => resolve(143));
        cancel.abort(new DOMException("stopped", "AbortError"));
      });
    },
  });
  assert.deepEqual(endsOf(events), [
    "a cancelled",
    "b skipped: the run was cancelled",
    "finally",
    "finally/z ok",
    "= cancelled",
  ]);
  assert.deepEqual(ran.at(-1), ["echo", "cancelled"]);
});

Deno.test("batches: after more failures than may, the pods of the next batch are skipped", async () => {
  const text = (maxFail: number) =>
    `steps:\n  - { id: a, exec: [id], serial: [1, 2], maxFail: ${maxFail} }\noutputs: { ok: "\${{ steps.a.ok }}" }\n`;
  const pods = { p: saying("", 1), q: saying(""), r: saying(""), s: saying("") };
  const stopped = await play({ files: { "w.yaml": text(0) }, pods });
  const reason = "1 of 4 pods failed: p (exit code 1); 3 were not started";
  assert.equal(endsOf(stopped.events)[0], `a failed: ${reason}`);
  assert.equal(stopped.pods.get("q")?.requests.length, 0);
  const { events } = await play({ files: { "w.yaml": text(1) }, pods });
  assert.deepEqual(outputsOf(events), { ok: ["q", "r", "s"] });
});

Deno.test("rounds have their item, and keys of their own; the first that fails ends them", async () => {
  const text = `${may}params: { hosts: { type: list, default: [a, b, c] } }
steps:
  - id: each
    foreach: \${{ params.hosts }}
    as: host
    steps:
      - { id: say, shell: [echo, "\${{ host }}", "\${{ index }}"] }
`;
  const { events, ran } = await play({
    files: { "w.yaml": text },
    run: (words) => words[1] === "b" ? 1 : 0,
  });
  assert.deepEqual(ran, [["echo", "a", "0"], ["echo", "b", "1"]]);
  assert.deepEqual(endsOf(events).slice(0, 2), [
    "each[0]/say ok",
    "each[1]/say failed: echo ended with exit code 1",
  ]);
});

Deno.test("parallel steps all end, and those behind see them", async () => {
  const text = `${may}steps:
  - id: both
    parallel:
      - { id: left, shell: ["false"] }
      - { id: right, wait: 5s }
    continueOn: failure
  - { id: after, shell: [echo, "\${{ steps.left.outcome }}", "\${{ steps.right.outcome }}"] }
`;
  const { ran, clock } = await play({ files: { "w.yaml": text }, run: failing });
  assert.deepEqual(ran.at(-1), ["echo", "failed", "ok"]);
  assert.equal(clock.elapsedMs(), 5000);
});

Deno.test("another workflow is a step: its parameters, its outputs, its own permissions", async () => {
  const files = {
    "w.yaml": `${may}steps:
  - { id: used, workflow: ./other.yaml, with: { name: "\${{ 'x' + 'y' }}" } }
  - { shell: [echo, "\${{ steps.used.outputs.said }}"] }
`,
    "other.yaml": `params: { name: { required: true } }
permissions: { run: [echo] }
steps:
  - { id: say, shell: [echo, "\${{ params.name }}"] }
outputs: { said: "\${{ steps.say.stdout }}!" }
`,
  };
  const { ran, events } = await play({ files });
  assert.deepEqual(ran, [["echo", "xy"], ["echo", "xy!"]]);
  assert.deepEqual(endsOf(events).slice(0, 2), ["used/say ok", "used ok"]);
});

Deno.test("what isn't granted is refused when a value asks for it, too", async () => {
  const text = `permissions: { run: [echo] }
params: { program: rm }
steps:
  - { id: a, shell: ["\${{ params.program }}", "-rf", "/"] }
`;
  const { events, ran } = await play({ files: { "w.yaml": text } });
  assert.deepEqual(ran, []);
  assert.match(endsOf(events)[0] ?? "", /^a denied: permissions don't grant run rm/);
});

Deno.test("a no ends the run; where nobody can be asked it fails; --yes says yes", async () => {
  const text = `${may}steps:\n  - { id: a, prompt: Restart? }\n  - { id: b, shell: [echo, b] }\n`;
  const ends = async (answers: (string | undefined)[], yes: boolean) =>
    endsOf((await play({ files: { "w.yaml": text }, answers, input: { yes } })).events)[0];
  assert.equal(await ends(["yes"], false), "a ok");
  assert.equal(await ends(["no"], false), "a refused: no to: Restart?");
  assert.match(await ends([undefined], false) ?? "", /^a failed: the step needs confirmation/);
  assert.equal(await ends([], true), "a ok");
});

Deno.test("the value of a secret parameter is in no event", async () => {
  const text = `${may}params: { token: { secret: true, required: true } }
steps:
  - { id: a, shell: [echo, "token is \${{ params.token }}"] }
outputs: { said: "\${{ steps.a.stdout }}" }
`;
  const { events, ran } = await play({
    files: { "w.yaml": text },
    params: { token: "hunter2-hunter2" },
  });
  assert.deepEqual(ran, [["echo", "token is hunter2-hunter2"]]);
  assert.equal(JSON.stringify(events).includes("hunter2"), false);
});

Deno.test("all variables that are granted are there by their names, and none that isn't", async () => {
  const told = async (grant: string) => {
    const text = `permissions: { run: [echo], env: ${grant} }
steps: [{ id: a, shell: [echo, "\${{ env.USER }}"] }]
`;
    return (await play({ files: { "w.yaml": text } })).ran;
  };
  assert.deepEqual(await told("true"), [["echo", "me"]]);
  assert.deepEqual(await told("[USER]"), [["echo", "me"]]);
  await assert.rejects(told("[HOME]"), /it needs permissions: { env: \[USER\] }/);
});

Deno.test("two runs of a group: the second is refused, or waits for its turn", async () => {
  const text = (mode: string) => `${may}concurrency: ${mode}\nsteps:\n  - shell: [echo, a]\n`;
  const clock = new ManualClock();
  const hold = () =>
    Promise.resolve(
      clock.elapsedMs() < 2000
        ? { heldBy: "run-0" }
        : { [Symbol.asyncDispose]: () => Promise.resolve() },
    );
  const local = { hold };
  await assert.rejects(
    play({ files: { "w.yaml": text("refuse") }, local, clock }),
    (error) => error instanceof KodamaError && error.kind === "conflict",
  );
  const { events } = await play({ files: { "w.yaml": text("wait") }, local, clock });
  assert.equal(events[0]?.kind, "workflowWaits");
  assert.equal(endsOf(events).at(-1), "= ok");
});

Deno.test("what looks like an expression in a file of the short form is text", async () => {
  const text = "command: [echo, '${{ params.x }}', '$${{']\n";
  const { events, pods } = await play({ files: { "w.yaml": text }, pods: { p: saying("x") } });
  assert.equal(endsOf(events).at(-1), "= ok");
  const words = pods.get("p")?.requests[0]?.command.slice(-2);
  assert.deepEqual(words, ["${{ params.x }}", "$${{"]);
});

Deno.test("an expression that comes to the wrong kind of value fails its step, in words", async () => {
  const text = `params: { n: many }
steps:
  - { id: a, exec: [id], fanout: "\${{ params.n }}" }
`;
  const { events } = await play({ files: { "w.yaml": text }, pods: { p: saying("x") } });
  assert.match(endsOf(events)[0] ?? "", /^a failed: fanout: expected a whole number from 1/);
});

Deno.test("a value that was cut fails what reads it, naming the way out, in a run that goes on too", async () => {
  const text = (more: string, expression: string) =>
    `steps:
  - { id: a, exec: [cat], ${more} }
  - check: \${{ ${expression} }}
`;
  const long = "x".repeat(70_000);
  const pods = { p: saying(`${long}1`), q: saying(`${long}2`) };
  const lastOf = async (more: string, expression: string, input: Play["input"] = {}) => {
    const { events } = await play({ files: { "w.yaml": text(more, expression) }, pods, input });
    return { events, last: endsOf(events).at(-1) };
  };
  const two = "size(steps.a.distinct) == 2 && steps.a.byTarget.p.truncated";
  assert.equal((await lastOf("outputMode: none", two)).last, "= ok");
  const same = "steps.a.byTarget.p.stdout == steps.a.byTarget.q.stdout";
  const first = await lastOf("outputMode: none", same);
  const message = /check-2 failed|= failed: .*output of p is larger than 64 KiB.*maxOutput/;
  assert.match(first.last ?? "", message);
  const whole = await lastOf("outputMode: none, maxOutput: 1Mi", same);
  assert.equal(whole.last, "= failed: it isn't true");
  const lines = [recordHeader("run-1"), ...first.events.filter(isRecorded)];
  const run = readWorkflowRecord("r", lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  const kept = retainedOf(run, { kind: "failed" });
  const again = await lastOf("outputMode: none", same, { retained: kept });
  assert.deepEqual(endsOf(again.events)[0], "a kept");
  assert.match(again.last ?? "", message);
  const group = await lastOf("outputMode: group", two);
  const said = group.events.flatMap((one) => one.kind === "stepLine" ? [one.text] : []);
  assert.ok(said.some((line) => /more of its standard output aren't shown/.test(line)));
});

Deno.test("an answer or an output of this machine that was cut isn't taken for a whole one", async () => {
  const text = `permissions: { run: [cat], net: [h] }
steps:
  - { id: s, shell: [cat], maxOutput: 2Ki }
  - { id: h, http: "http://h/", maxOutput: 1Ki }
  - { id: v, check: "\${{ steps.s.truncated && steps.h.truncated && steps.h.status == 200 }}" }
  - { id: b, check: "\${{ steps.h.json == null }}", continueOn: failure }
  - { id: o, check: "\${{ json(steps.s.stdout) == null }}" }
`;
  const limits: number[] = [];
  const { events } = await play({
    files: { "w.yaml": text },
    local: {
      run: (_words, { maxOutputBytes }) => {
        limits.push(maxOutputBytes);
        return Promise.resolve({ exitCode: 0, stdout: "[", stderr: "", truncated: ["stdout"] });
      },
      fetch: ({ maxOutputBytes }) => {
        limits.push(maxOutputBytes);
        return Promise.resolve({ status: 200, headers: {}, body: "[1", truncated: true });
      },
    },
  });
  assert.deepEqual(limits, [2048, 1024]);
  const [, , v, b, o] = endsOf(events);
  assert.equal(v, "v ok");
  assert.match(b ?? "", /^b failed: .*the answer of h:80 is larger than 1 KiB/);
  assert.match(o ?? "", /^o failed: .*the output of cat is larger than 2 KiB/);
});

Deno.test("a step whose targets are an empty list has nothing to do, and is skipped", async () => {
  const text = `${may}steps:
  - { id: a, exec: [id] }
  - { id: b, exec: [mend], targets: "\${{ steps.a.failed }}" }
  - { id: c, exec: [mend], targets: "\${{ steps.b.ok }}" }
  - { id: d, shell: ["false"] }
`;
  const { events, pods } = await play({
    files: { "w.yaml": text },
    pods: { p: saying("x") },
    run: failing,
  });
  assert.deepEqual(endsOf(events).slice(0, 3), [
    "a ok",
    "b skipped: no targets",
    "c skipped: no targets",
  ]);
  assert.equal(pods.get("p")?.requests.length, 1);
  const lines = [recordHeader("run-1"), ...events.filter(isRecorded)];
  const run = readWorkflowRecord("r", lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  assert.deepEqual([...retainedOf(run, { kind: "failed" }).steps.keys()], ["a"]);
});

Deno.test("the group of a run can depend on its parameters", async () => {
  const text = `params: { c: one }
concurrency: { group: "lock-\${{ params.c }}", mode: refuse }
steps: [{ check: true }]
`;
  const groups: string[] = [];
  const hold = (group: string) => {
    groups.push(group);
    return Promise.resolve({ [Symbol.asyncDispose]: () => Promise.resolve() });
  };
  await play({ files: { "w.yaml": text }, local: { hold } });
  await play({ files: { "w.yaml": text }, local: { hold }, params: { c: "two" } });
  assert.deepEqual(groups, ["lock-one", "lock-two"]);
});

Deno.test("each line of a secret is hidden, as commands write line by line", async () => {
  const text = `${may}params: { token: { secret: true, required: true } }
steps: [{ shell: [echo, "\${{ params.token }}"] }]
`;
  const local: Play["local"] = {
    run: (words, { onLine: told }) => {
      for (const line of String(words[1]).split("\n")) told("stdout", `> ${line}`);
      return Promise.resolve({ exitCode: 0, stdout: words[1] ?? "", stderr: "", truncated: [] });
    },
  };
  const params = { token: "first-secret\r\n  second-secret\n" };
  const { events } = await play({ files: { "w.yaml": text }, params, local });
  assert.doesNotMatch(JSON.stringify(events), /first-secret|second-secret/);
});

Deno.test("a script has the time of its step; only without that one of its own", async () => {
  const limitOf = async (fields: string) => {
    let limitMs = 0;
    const environment: Play["environment"] = {
      runScript: (_source, _permissions, _api, bounds) => {
        limitMs = bounds.timeoutMs;
        return Promise.resolve({ kind: "limit", which: "time" });
      },
    };
    const text = `steps: [{ id: a, script: "1"${fields} }]\n`;
    const { events } = await play({ files: { "w.yaml": text }, environment });
    const end = events.find((event) => event.kind === "stepEnded");
    assert.match(
      end === undefined ? "" : stepReason(end.outcome),
      /^not done within .*, the cpuTime of the step/,
    );
    return limitMs;
  };
  assert.equal(await limitOf(""), 30_000);
  assert.equal(await limitOf(", timeout: 2m"), 120_000);
  assert.equal(await limitOf(", timeout: 2m, cpuTime: 5s"), 5000);
});

Deno.test("an expression where none is evaluated is an error, and so is a condition that is no condition", async () => {
  const refused = (text: string, message: RegExp) =>
    assert.rejects(play({ files: { "w.yaml": text } }), message);
  const steps = "steps: [{ check: true }]\n";
  const literal = /no expression is evaluated in/;
  await refused(`description: of \${{ params.c }}\n${steps}`, literal);
  await refused(`params: { c: 1, d: { default: "\${{ params.c }}-x" } }\n${steps}`, literal);
  await refused(`params: { c: "\${{ 1 }}" }\n${steps}`, literal);
  await refused(`permissions: { run: ["\${{ params.c }}"] }\n${steps}`, literal);
  await refused("concurrency: { group: '${{ params.c }}' }\n" + steps, /unknown name "c"/);
  await refused("steps: [{ check: '${{ 1 + 1 }}' }]\n", /expected true or false, found a number/);
  await refused(
    "steps: [{ check: true, when: '${{ [1] }}' }]\n",
    /expected true or false, found a list/,
  );
  await refused("steps: [{ check: '${{ 9007199254740993 > 1 }}' }]\n", /too large to be exact/);
});

Deno.test("a list is given as JSON, by repeating the flag, or with commas; nothing else is given twice", async () => {
  const text = `${may}params: { l: { type: list, default: [] }, t: x }
steps: [{ shell: [echo, "\${{ params.l.join('|') }}", "\${{ params.t }}"] }]
`;
  const { workflow } = await loaded({ "w.yaml": text });
  const listOf = async (given: string | string[]) =>
    (await paramValues(workflow, new Map([["l", given]]), () => undefined)).values.l;
  assert.deepEqual(await listOf("a,b"), ["a", "b"]);
  assert.deepEqual(await listOf(["a,b", "c"]), ["a,b", "c"]);
  assert.deepEqual(await listOf('["a,b", 1]'), ["a,b", 1]);
  assert.deepEqual(await listOf(""), []);
  await assert.rejects(listOf("[a"), /parameter l: expected a list/);
  const twice = paramValues(workflow, new Map([["t", ["a", "b"]]]), () => undefined);
  await assert.rejects(twice, /parameter t is given 2 times/);
});

Deno.test("one slip is one problem, at its own place", async () => {
  const problems = async (text: string) => {
    const { diagnostics } = await inspected({ "w.yaml": text });
    return diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
  };
  const step = (text: string) => problems(`steps:\n  - ${text}\n`);
  // References to an unreadable step aren't reported.
  assert.deepEqual(
    await problems(
      "steps:\n  - { id: a, exec: [id], serail: [1] }\n  - check: ${{ size(steps.a.ok) > 1 }}\n",
    ),
    ['2:26 unknown field "serail"; did you mean "serial"?'],
  );
  assert.deepEqual(
    (await problems("steps:\n  - { id: a, exce: [id] }\n  - check: ${{ steps.a.what == 1 }}\n"))
      .length,
    1,
  );
  assert.deepEqual(
    await problems("steps:\n  - { id: a, exec: [id], serail: [1] }\n  - { id: a, wait: 1s }\n"),
    ['2:26 unknown field "serail"; did you mean "serial"?', '3:11 another step has the id "a"'],
  );
  assert.deepEqual(
    await problems(
      "steps:\n  - { id: version, exec: [id] }\n  - check: ${{ steps.versoin.outcome == 'ok' }}\n",
    ),
    ['3:22 no step before this has the id "versoin"; did you mean "version"?'],
  );
  assert.deepEqual(
    await step("shell: [sleep, 1]").then((all) => all[0]),
    "2:20 steps[0].shell[1]: expected a text, found 1",
  );
  assert.deepEqual(await step("{ wait: 1s, retry: { attemps: 3 } }"), [
    '2:26 unknown field "attemps"; did you mean "attempts"?',
  ]);
  assert.match((await problems("steps: []\n"))[0] ?? "", /found an empty list/);
  assert.match(
    (await step("{ wait: 1s, timeout: ${{ 1 }} }"))[0] ?? "",
    /\$\{\{ in it needs quotes/,
  );
});

Deno.test("an expression that fails in a run is named with its file and line", async () => {
  const endOf = async (text: string) =>
    endsOf((await play({ files: { "w.yaml": text } })).events).at(-1);
  const params = "params: { l: [1] }\n";
  const cases: [string, string][] = [
    [
      "steps:\n  - check: ${{ params.l[5] > 1 }}\n",
      "a list of 1 has no item 5; the first one is 0 (w.yaml:3)",
    ],
    [
      "steps:\n  - wait: 1ms\n  - wait: 1ms\n    when: ${{ params.l[5] > 1 }}\n",
      "when: a list of 1 has no item 5; the first one is 0 (w.yaml:4)",
    ],
    [
      "steps:\n  - wait: 1ms\noutputs:\n  x: ${{ params.l[5] }}\n",
      "outputs.x: a list of 1 has no item 5; the first one is 0 (w.yaml:5)",
    ],
  ];
  for (const [text, reason] of cases) {
    assert.equal(await endOf(params + text), `= failed: ${reason}`);
  }
});

Deno.test("the default that stands for an answer is shown", async () => {
  const text = "steps:\n  - { prompt: Which?, choices: [a, b], default: b }\n";
  const lines = async (answers: readonly string[]) =>
    (await play({ files: { "w.yaml": text }, answers })).events.flatMap((event) =>
      event.kind === "stepLine" ? [event.text] : []
    );
  assert.deepEqual(await lines([]), ["no answer: b, the default"]);
  assert.deepEqual(await lines(["a"]), []);
});
