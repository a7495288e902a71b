import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import { paramValues } from "../params.ts";
import { readWorkflowRecord } from "../record.ts";
import { retainedOf } from "../resume.ts";
import { recordLines } from "../testing/record_header.ts";
import {
  endsOf,
  inspected,
  loaded,
  outputsOf,
  type Play,
  play,
  saying,
} from "../testing/step_fixture.ts";

const may = "permissions: { run: [echo, 'true', 'false', deploy] }\n";
const failing = (words: readonly string[]) => words[0] === "false" ? 1 : 0;

Deno.test("steps run in sequence; a failure skips the others, and finally runs", async () => {
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

Deno.test("a tolerated failure is marked, and the workflow continues", async () => {
  const text = `${may}steps:
  - { id: b, shell: ["false"], allowFailure: true }
  - { id: c, when: "\${{ steps.b.outcome == 'failed' }}", shell: [echo, "\${{ steps.b.exitCode }}"] }
  - { id: d, when: "\${{ steps.b.outcome == 'ok' }}", shell: [echo, never] }
`;
  const { events, ran } = await play({ files: { "w.yaml": text }, run: failing });
  const [b, c, d, whole] = endsOf(events);
  assert.match(b ?? "", /^b failed/);
  assert.deepEqual([c, whole], ["c ok", "= ok"]);
  assert.match(d ?? "", /^d skipped: when/);
  assert.deepEqual(ran, [["false"], ["echo", "1"]]);
  assert.ok(events.some((event) => event.event === "stepEnded" && event.tolerated));
});

Deno.test("delays between attempts grow up to the longest", async () => {
  const text = `${may}steps:
  - shell: ["false"]
    attempts: { most: 4, delay: 1s, factor: 3, maxDelay: 5s }
`;
  const { events, clock } = await play({ files: { "w.yaml": text }, run: failing });
  const delays = events.flatMap((event) => event.event === "stepRetried" ? [event.delayMs] : []);
  assert.deepEqual(delays, [1000, 3000, 5000]);
  assert.equal(clock.elapsedMs(), 9000);
});

Deno.test("a retry runs only in the pods in which the command failed", async () => {
  const text = "steps:\n  - { id: a, exec: [restart], attempts: 3 }\n";
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

Deno.test("maxFail limits failed pods, and expressions see which failed", async () => {
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

Deno.test("an attempt that exceeds its timeout ends as a timeout", async () => {
  const text = `${may}steps:\n  - { id: a, shell: [deploy], timeout: 2s }\n`;
  const hangs = (_words: readonly string[], signal: AbortSignal) =>
    new Promise<number>((resolve) => signal.addEventListener("abort", () => resolve(143)));
  const { events } = await play({ files: { "w.yaml": text }, run: hangs });
  assert.deepEqual(endsOf(events), ["a timeout", "= timeout"]);
  const last = events.at(-1);
  assert.equal(last?.event === "runEnded" && last.exitCode, 3);
});

Deno.test("a cancel ends the running step; finally runs", async () => {
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

Deno.test("a batch is skipped after too many failures", async () => {
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

Deno.test("rounds have their item and their own keys; the first failure ends them", async () => {
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

Deno.test("parallel steps all end, and later steps see their outputs", async () => {
  const text = `${may}steps:
  - id: both
    parallel:
      - { id: left, shell: ["false"] }
      - { id: right, wait: 5s }
    allowFailure: true
  - { id: after, shell: [echo, "\${{ steps.left.outcome }}", "\${{ steps.right.outcome }}"] }
`;
  const { ran, clock } = await play({ files: { "w.yaml": text }, run: failing });
  assert.deepEqual(ran.at(-1), ["echo", "failed", "ok"]);
  assert.equal(clock.elapsedMs(), 5000);
});

Deno.test("a used workflow has its own parameters, outputs and permissions", async () => {
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

Deno.test("a permission that only a value requires is refused too", async () => {
  const text = `permissions: { run: [echo] }
params: { program: rm }
steps:
  - { id: a, shell: ["\${{ params.program }}", "-rf", "/"] }
`;
  const { events, ran } = await play({ files: { "w.yaml": text } });
  assert.deepEqual(ran, []);
  assert.match(endsOf(events)[0] ?? "", /^a denied: permissions don't grant run rm/);
});

Deno.test("a declined prompt ends the run; without a terminal it fails; --yes confirms", async () => {
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

Deno.test("`env` has exactly the granted variables", async () => {
  const hidden = async (grant: string) => {
    const text = `permissions: { run: [echo], env: ${grant} }
steps: [{ id: a, shell: [echo, "\${{ env.USER }}"] }]
`;
    return (await play({ files: { "w.yaml": text } })).ran;
  };
  assert.deepEqual(await hidden("true"), [["echo", "me"]]);
  assert.deepEqual(await hidden("[USER]"), [["echo", "me"]]);
  await assert.rejects(hidden("[HOME]"), /it needs permissions: { env: \[USER\] }/);
});

Deno.test("a second run of a group is refused, or waits", async () => {
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
  assert.equal(events[0]?.event, "runWaits");
  assert.equal(endsOf(events).at(-1), "= ok");
});

Deno.test("expressions in the short form are plain text", async () => {
  const text = "command: [echo, '${{ params.x }}', '$${{']\n";
  const { events, pods } = await play({ files: { "w.yaml": text }, pods: { p: saying("x") } });
  assert.equal(endsOf(events).at(-1), "= ok");
  const words = pods.get("p")?.requests[0]?.command.slice(-2);
  assert.deepEqual(words, ["${{ params.x }}", "$${{"]);
});

Deno.test("an expression with a value of the wrong kind fails its step with a message", async () => {
  const text = `params: { n: [many] }
steps:
  - { id: a, exec: [id], fanout: "\${{ params.n[0] }}" }
`;
  const { events } = await play({ files: { "w.yaml": text }, pods: { p: saying("x") } });
  assert.match(endsOf(events)[0] ?? "", /^a failed: fanout: expected a whole number, 1 or more/);
});

Deno.test("reading a cut value fails with a hint, also in a resumed run", async () => {
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
  const run = readWorkflowRecord("r", recordLines(first.events).join(""));
  const retained = retainedOf(run, { kind: "failed" });
  const again = await lastOf("outputMode: none", same, { retained });
  assert.deepEqual(endsOf(again.events)[0], "a kept");
  assert.match(again.last ?? "", message);
  const group = await lastOf("outputMode: group", two);
  const said = group.events.flatMap((one) => one.event === "line" ? [one.text] : []);
  assert.ok(said.some((line) => /more of its standard output aren't shown/.test(line)));
});

Deno.test("a cut HTTP body or local output can't be read as complete", async () => {
  const text = `permissions: { run: [cat], net: [h] }
steps:
  - { id: s, shell: [cat], maxOutput: 2Ki }
  - { id: h, http: "http://h/", maxOutput: 1Ki }
  - { id: v, check: "\${{ steps.s.truncated && steps.h.truncated && steps.h.status == 200 }}" }
  - { id: b, check: "\${{ steps.h.json == null }}", allowFailure: true }
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

Deno.test("a step with an empty list of targets is skipped", async () => {
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
  const run = readWorkflowRecord("r", recordLines(events).join(""));
  assert.deepEqual([...retainedOf(run, { kind: "failed" }).steps.keys()], ["a"]);
});

Deno.test("the concurrency group can depend on parameters", async () => {
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

Deno.test("each line of a secret is masked", async () => {
  const text = `${may}params: { token: { secret: true, required: true } }
steps: [{ shell: [echo, "\${{ params.token }}"] }]
`;
  const local: Play["local"] = {
    run: (words, { onLine: hidden }) => {
      for (const line of String(words[1]).split("\n")) hidden("stdout", `> ${line}`);
      return Promise.resolve({ exitCode: 0, stdout: words[1] ?? "", stderr: "", truncated: [] });
    },
  };
  const params = { token: "first-secret\r\n  second-secret\n" };
  const { events } = await play({ files: { "w.yaml": text }, params, local });
  assert.doesNotMatch(JSON.stringify(events), /first-secret|second-secret/);
});

Deno.test("a script's limit is its step's timeout, else 30s", async () => {
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
    const end = events.find((event) => event.event === "stepEnded");
    return [limitMs, end?.error ?? ""];
  };
  assert.deepEqual(await limitOf(""), [
    30_000,
    "not done within 30s, the limit of a step without `timeout`",
  ]);
  assert.deepEqual(await limitOf(", timeout: 2m"), [120_000, "not done within 2m"]);
});

Deno.test("an expression in a field without expressions is an error, and so is a condition that isn't a boolean", async () => {
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
  await refused(
    "steps: [{ exec: [id], select: { allNamespaces: '${{ 1 }}' } }]\n",
    /1:48: expected true or false, found a number/,
  );
  await refused("steps: [{ workflow: 'a-${{ 1 }}' }]\n", /1:21: no expression .* in workflow/);
  await refused("steps: [{ exec: [id], env: { 'A${{ 1 }}': x } }]\n", /in the name of a field/);
  await refused(
    "params: { c: 1 }\nsteps: [{ script: 'kodama.log(\"${{ params.c }}\")' }]\n",
    /in script; `with` passes values to it/,
  );
  await refused("steps: [{ check: '${{ 9007199254740993 > 1 }}' }]\n", /too large to be exact/);
});

Deno.test("a list parameter is JSON, a repeated flag, or comma-separated; others can't be repeated", async () => {
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

Deno.test("one mistake is one problem, at its position", async () => {
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
  assert.deepEqual(await step("{ wait: 1s, attempts: { most: 3, delai: 1s } }"), [
    '2:38 unknown field "delai"; did you mean "delay" or "maxDelay"?',
  ]);
  assert.match((await problems("steps: []\n"))[0] ?? "", /found an empty list/);
  assert.deepEqual(await step("{ wait: 1s, continue-on-error: true }"), [
    '2:17 unknown field "continue-on-error"; here it is `allowFailure`',
  ]);
  assert.match(
    (await step("run: echo hi"))[0] ?? "",
    /"run" isn't a kind of step; here it is `shell`/,
  );
  assert.deepEqual(await problems("jobs: {}\non: push\n"), [
    '1:1 field "steps" is missing',
    '1:1 unknown field "jobs"; here it is `steps`',
    '2:1 unknown field "on"; a person starts it, or a file of GitHub that `workflow new` makes',
  ]);
  assert.deepEqual(await step('{ wait: 1s, when: "${{ failure() }}" }'), [
    '2:28 unknown function "failure"; after a failure the steps of `rescue` run, and those of `finally`',
  ]);
  assert.deepEqual(await step('{ wait: 1s, name: "${{ inputs.a }}" }'), [
    '2:28 unknown name "inputs"; here it is `params`',
  ]);
  const judged =
    "steps: [{ id: a, wait: 1s }, { check: \"${{ steps.a.outcome == 'success' }}\" }]\n";
  assert.deepEqual(await problems(judged), [
    '1:63 it is never "success", but one of ok, rescued, failed, denied, refused, timeout, cancelled, skipped',
  ]);
  assert.match(
    (await problems("version: 3\nsteps: [{ wait: 1s }]\n"))[0] ?? "",
    /1:10 .*expected 2/,
  );
  assert.match(
    (await step("{ wait: 1s, timeout: ${{ 1 }} }"))[0] ?? "",
    /\$\{\{ in it needs quotes/,
  );
});

Deno.test("an expression that fails in a run is reported with its file and line", async () => {
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

Deno.test("the default that replaces an answer is shown", async () => {
  const text = "steps:\n  - { prompt: Which?, choices: [a, b], default: b }\n";
  const lines = async (answers: readonly string[]) =>
    (await play({ files: { "w.yaml": text }, answers })).events.flatMap((event) =>
      event.event === "line" ? [event.text] : []
    );
  assert.deepEqual(await lines([]), ["no answer: b, the default"]);
  assert.deepEqual(await lines(["a"]), []);
});
