/** Records of runs: written during the run, read back, run again. */
import { action, hint } from "../../base/hint.ts";
import assert from "node:assert/strict";
import { wholeSelection } from "../../kube/select/target.ts";
import { exec } from "./exec.ts";
import type { ExecEvent, ExecOptions } from "./events.ts";
import { findRun, lastStepsRun, listRuns } from "../runs/past_runs.ts";
import { rerun, type RerunOptions } from "../runs/rerun.ts";
import type { PodScript } from "../../exec/testing/simulated_pod.ts";
import { recordHeader } from "../../workflow/testing/record_header.ts";
import { loaded, play } from "../../workflow/testing/step_fixture.ts";
import { WorkflowRecorder } from "../workflow/record_workflow.ts";
import { simulatedHost, type SimulatedSurroundings } from "../testing/simulated_host.ts";

function ends(exitCode: number): PodScript {
  return { openMs: 1, output: [], end: { kind: "exited", exitCode }, diesOn: "TERM" };
}

const pods = { "w-0": ends(0), "w-1": ends(3), "w-2": ends(0), "w-3": ends(4) };

/** Returns a host on which runs and reruns can follow each other. */
function stage(
  surroundings: SimulatedSurroundings = {},
  scripts: Readonly<Record<string, PodScript>> = pods,
) {
  const simulated = simulatedHost({ c: { pods: scripts } }, surroundings);
  const { host, clock, files } = simulated;
  const signal = new AbortController().signal;
  const run = (options: Partial<ExecOptions> = {}) => {
    const all = { contexts: [], selection: wholeSelection, command: ["id"], signal, ...options };
    return clock.runUntil(Array.fromAsync(exec(host, all)));
  };
  const again = (options: Partial<RerunOptions> = {}) => {
    const all = { signal, failed: false, recreated: false, ...options };
    return clock.runUntil(Array.fromAsync(rerun(host, all)));
  };
  const records = () => [...files].filter(([path]) => path.startsWith("/config/runs/"));
  return { ...simulated, run, again, records };
}

function recordOf(events: readonly ExecEvent[]) {
  const last = events.at(-1);
  assert.ok(last?.kind === "runEnded");
  return last.record;
}

function startedNames(events: readonly ExecEvent[]): readonly string[] {
  return events.flatMap((event) => event.kind === "runStarted" ? event.names : []);
}

Deno.test("a run is kept: what was asked, and how every target ended", async () => {
  const { host, run } = stage();
  const record = recordOf(await run({ environment: { LEVEL: "9" }, timeoutMs: 5000 }));
  const { header, targets, end } = await findRun(host, record?.id);
  assert.deepEqual(header.command, ["id"]);
  assert.deepEqual(header.env, ["LEVEL"]);
  assert.deepEqual(header.bounds, { timeoutMs: 5000 });
  assert.deepEqual(targets.map(({ name, end }) => `${name} ${end?.outcome} ${end?.exitCode}`), [
    "w-0 ok 0",
    "w-1 failed 3",
    "w-2 ok 0",
    "w-3 failed 4",
  ]);
  assert.equal(end?.exitCode, 5);
});

Deno.test("neither values of variables nor what looks like a secret are in the record", async () => {
  const { run, again, records } = stage();
  const command = ["curl", "--token", "hunter2"];
  const record = recordOf(await run({ command, environment: { A: "s3cr3t" } }));
  assert.equal(record?.rerunnable, false);
  const [[, text] = ["", ""]] = records();
  assert.ok(text.includes('"curl","--token","[redacted]"'));
  assert.ok(!/hunter2|s3cr3t/.test(text));
  await assert.rejects(again(), { kind: "conflict", message: /can't be run again/ });
});

Deno.test("a record has each distinct output once, without values of variables and secrets", async () => {
  const saying = (text: string): PodScript => ({
    ...ends(0),
    output: [{ afterMs: 1, stream: "stdout", bytes: new TextEncoder().encode(text) }],
  });
  const outputs = { "w-0": "4.4.2\n", "w-1": "4.4.2\n", "w-2": "a hunter2 b\nAPI_KEY=k1\n" };
  const writing = Object.fromEntries(
    Object.entries(outputs).map(([name, text]) => [name, saying(text)]),
  );
  const { host, run, records } = stage({}, writing);
  await run({ environment: { A: "hunter2" } });
  const { targets } = await findRun(host, undefined);
  assert.deepEqual(targets.map(({ output }) => output?.stdout), [
    "4.4.2\n",
    "4.4.2\n",
    "a [redacted] b\nAPI_KEY=[redacted]\n",
  ]);
  const [[, text] = ["", ""]] = records();
  assert.equal(text.split('"event":"output"').length - 1, 2);
  assert.ok(!/hunter2|k1/.test(text));
});

Deno.test("a setting turns the recording of outputs off, and limits it", async () => {
  const long: PodScript = {
    ...ends(0),
    output: [{ afterMs: 1, stream: "stdout", bytes: new Uint8Array(3000).fill(120) }],
  };
  const outputIn = async (settings: string) => {
    const files = { "/config/config.yaml": settings };
    const { host, run } = stage({ files }, { "w-0": long });
    await run();
    const { targets: [target] } = await findRun(host, undefined);
    return target?.output;
  };
  assert.equal(await outputIn("runs: { outputs: false }"), undefined);
  assert.equal((await outputIn("runs: { outputLimit: 2Ki }"))?.omittedBytes, 3000);
  assert.equal((await outputIn("runs: { outputLimit: 4Ki }"))?.omittedBytes, 0);
});

Deno.test("a record has no output of a command that prints credentials, by its words or by the pod's spec", async () => {
  const secret = "correct horse";
  const script: PodScript = {
    ...ends(0),
    output: [{ afterMs: 1, stream: "stdout", bytes: new TextEncoder().encode(secret) }],
  };
  const spec = {
    containers: [{
      name: "main",
      volumeMounts: [{ name: "s", mountPath: "/etc/app" }],
      env: [{ name: "PASS", valueFrom: { secretKeyRef: { name: "a", key: "b" } } }],
    }],
    volumes: [{ name: "s", secret: { secretName: "a" } }],
  };
  const hasOutput = async (command: readonly string[], shell = false) => {
    const { host, clock, files } = simulatedHost({ c: { pods: { "w-0": script } } });
    const select: typeof host.select = async (...args) => {
      const found = await host.select(...args);
      const pods = found.targets.map(({ namespace, pod: name, container }) => ({
        metadata: { namespace, name },
        spec: { ...spec, containers: spec.containers.map((one) => ({ ...one, name: container })) },
      }));
      return { ...found, pods };
    };
    await clock.runUntil(Array.fromAsync(exec({ ...host, select }, {
      contexts: [],
      selection: wholeSelection,
      command,
      shell,
      signal: new AbortController().signal,
    })));
    return [...files.values()].join().includes(secret);
  };
  const secretWays: readonly (readonly string[])[] = [
    ["cat", "/run/secrets/db"],
    ["cat", "/etc/app/dbpass"],
    ["base64", "/etc/../etc/app/dbpass"],
    ["grep", "-1rh", ".", "/etc"],
    ["printenv", "PASS"],
    ["env"],
    ["sh", "-c", "cat /etc/app/*"],
    ["tar", "c", "/etc"],
    ["cat", "/proc/1/environ"],
  ];
  for (const command of secretWays) {
    assert.equal(await hasOutput(command), false, command.join(" "));
  }
  assert.equal(await hasOutput(["rev </etc/app/dbpass"], true), false);
  for (const command of [["cat", "/etc/hostname"], ["printenv", "HOME"], ["ls", "/etc/app"]]) {
    assert.equal(await hasOutput(command), true, command.join(" "));
  }
});

Deno.test("what looks like a secret in a step isn't in the record, nor where a reason repeats it", async () => {
  const { host, records } = stage();
  const text = `permissions: { run: [curl] }
steps:
  - { shell: [curl, --token, hunter two], allowFailure: true }
  - { shell: [curl, --token, "it's s3cr3t"] }
`;
  const written = { "w.yaml": text };
  const { workflow, uses } = await loaded(written);
  const { events } = await play({ files: written, run: () => 1 });
  {
    await using recorder = await WorkflowRecorder.begin(host, "run-1", {
      workflow,
      uses,
      files: [],
      params: {},
      overrides: {},
      rerunOf: undefined,
    });
    for (const event of events) {
      const isEnd = event.event === "stepEnded" && event.outcome === "failed";
      recorder.follow(isEnd ? { ...event, error: "curl: hunter two is wrong" } : event);
    }
    assert.equal(await recorder.settled(), undefined);
  }
  const [[, record] = ["", ""]] = records();
  assert.ok(record.includes("run curl --token [redacted] here"));
  assert.ok(record.includes("curl: [redacted] is wrong"));
  assert.ok(!/hunter|s3cr3t/.test(record), record);
});

Deno.test("a record is readable up to the last line that was written, wherever it was cut", async () => {
  const { host, run, files, records } = stage();
  await run();
  const [[path, text] = ["", ""]] = records();
  const header = text.indexOf("\n") + 1;
  for (let length = header; length <= text.length; length += 7) {
    files.set(path, text.slice(0, length));
    const { targets, end } = await findRun(host, undefined);
    const ended = targets.filter((target) => target.end !== undefined).length;
    assert.ok(end === undefined || ended === targets.length);
  }
  files.set(path, text.slice(0, text.indexOf('"runEnded"')));
  const { runs: [listed] } = await listRuns(host, 1);
  assert.ok(listed?.kind === "run" && listed.run.end === undefined);
});

Deno.test("a file that kodama didn't write is said, and hides no other run", async () => {
  const { host, run } = stage({ files: { "/config/runs/00-odd.jsonl": '{"event":"x"}\n' } });
  await run();
  const { runs: [first, second], total } = await listRuns(host, 20);
  assert.equal(total, 2);
  assert.equal((await listRuns(host, 1)).total, 2);
  assert.equal(first?.kind, "run");
  assert.ok(second?.kind === "unreadable");
  assert.match(second.error.message, /00-odd\.jsonl:1: /);
});

Deno.test("a disk that is full fails no run, and is said once", async () => {
  for (const allowed of [0, 1, 3]) {
    let writes = 0;
    const { run, records } = stage({ fullDisk: () => ++writes > allowed });
    const events = await run();
    const said = events.filter(({ kind }) => kind === "notRecorded");
    assert.equal(said.length, 1);
    assert.equal(recordOf(events), undefined);
    assert.ok(events.at(-1)?.kind === "runEnded");
    assert.equal(records().length, allowed === 0 ? 0 : 1, "a file without a record isn't left");
  }
});

Deno.test("the first run of an hour removes the records that have had their time", async () => {
  const old = "/config/runs/20250101-000000-000aaaa.jsonl";
  const early = "/config/runs/20260101-000000-000.jsonl";
  const used = ["a", "b", "c"].map((name) => `/config/runs/20251201-000000-${name}.jsonl`);
  const modifiedAt = (path: string) => {
    const day = used.indexOf(path);
    if (day >= 0) return new Date(Date.UTC(2025, 11, 25 + day));
    return path === old ? new Date("2025-01-01") : undefined;
  };
  const later = Object.fromEntries(used.map((path) => [path, ""]));
  const kept = async (present: Readonly<Record<string, string>>) => {
    const { run, files } = stage({ files: present, modifiedAt });
    await run();
    return files.has(old);
  };
  assert.equal(await kept({ [old]: "", ...later }), false);
  // Another run of this hour has already pruned.
  assert.equal(await kept({ [old]: "", ...later, [early]: "" }), true);
});

Deno.test("runs of the same moment have records of their own", async () => {
  const { run, records } = stage();
  await Promise.all([run(), run(), run()]);
  assert.equal(records().length, 3);
});

Deno.test("a rerun has the command and the very targets of its run, or those that failed", async () => {
  const { host, run, again } = stage();
  const first = recordOf(await run({ command: ["uptime"] }));
  const whole = await again(first === undefined ? {} : { run: first.id.slice(0, -1) });
  assert.deepEqual(startedNames(whole), ["w-0", "w-1", "w-2", "w-3"]);
  const failed = await again({ run: first?.id ?? "", failed: true });
  assert.deepEqual(startedNames(failed), ["w-1", "w-3"]);
  const { header, targets } = await findRun(host, recordOf(failed)?.id);
  assert.deepEqual(header.command, ["uptime"]);
  assert.equal(header.rerunOf, first?.id);
  // The command is given the index and total of its target in the original run.
  assert.deepEqual(targets.map(({ position: place }) => place), [{ index: 1, total: 4 }, {
    index: 3,
    total: 4,
  }]);
});

Deno.test("a pod that is gone or another one is unreachable in a rerun, and the others run", async () => {
  const { host, run, again, files, records } = stage();
  await run();
  const [[path, text] = ["", ""]] = records();
  // As if that run had had these pods: one is missing since, one was recreated.
  const then = text.replaceAll('"w-0"', '"w-gone"')
    .replace(/("pod":"w-1".*?"uid":)null/, '$1"another"');
  files.set(path, then);
  const run1 = path.slice(path.lastIndexOf("/") + 1, -".jsonl".length);
  const outcomes = (events: readonly ExecEvent[]) =>
    events.flatMap((event) => event.kind === "targetEnded" ? [event.outcome] : []);
  const refusals = (events: readonly ExecEvent[]) =>
    outcomes(events).flatMap((one) => one.kind === "unreachable" ? [one.reason] : []).toSorted();
  const refused = [
    `pod "w-1" was recreated since that run, and recreated pods aren't accepted`,
    'pod "w-gone" of that run is gone',
  ];
  assert.deepEqual(refusals(await again({ run: run1 })), refused);
  // Its own record doesn't take the new pod for the original one.
  assert.deepEqual(refusals(await again()), refused);
  const recreated = outcomes(await again({ run: run1, recreated: true }));
  assert.deepEqual(recreated.filter(({ kind }) => kind === "unreachable").length, 1);
  assert.equal((await findRun(host, run1)).header.id, run1);
});

Deno.test("a rerun runs in a pod that was named before it existed", async () => {
  const { host, clock, files } = simulatedHost({ c: { pods: { "w-0": ends(0) }, server: "s" } });
  const { signal } = new AbortController();
  const options = { contexts: [], selection: wholeSelection, command: ["id"], signal };
  await clock.runUntil(Array.fromAsync(exec(host, options)));
  const [[path, text] = ["", ""]] = [...files];
  // As a record has a pod that didn't exist.
  files.set(
    path,
    text.replace('"container":"a"', '"container":""').replace('"uid":"w-0"', '"uid":null'),
  );
  const again = { signal, failed: false, recreated: false };
  const events = await clock.runUntil(Array.fromAsync(rerun(host, again)));
  assert.deepEqual(
    events.flatMap((event) => event.kind === "runStarted" ? event.targets : [])
      .map(({ container, uid }) => [container, uid]),
    [["a", "w-0"]],
  );
  assert.equal(events.findLast((event) => event.kind === "runEnded")?.exitCode, 0);
});

Deno.test("what wasn't kept must be said again", async () => {
  const { run, again } = stage();
  await run({ environment: { LEVEL: "9" } });
  await assert.rejects(again(), {
    kind: "usage",
    message: /set LEVEL, whose values aren't stored/,
  });
  assert.ok((await again({ environment: { LEVEL: "9" } })).length > 0);
  await assert.rejects(again({ run: "nothing" }), { kind: "notFound" });
});

Deno.test("there is nothing to rerun where every target was ok", async () => {
  const { host, clock } = simulatedHost({ c: { pods: { "w-0": ends(0) } } });
  const signal = new AbortController().signal;
  const one = exec(host, { contexts: [], selection: wholeSelection, command: ["id"], signal });
  await clock.runUntil(Array.fromAsync(one));
  const again = rerun(host, { signal, failed: true, recreated: false });
  await assert.rejects(clock.runUntil(Array.fromAsync(again)), { kind: "noMatch" });
});

Deno.test("an ambiguous id lists only the newest few runs", async () => {
  const { host, files } = stage();
  const id = (minute: number) => `20260101-00${String(minute).padStart(2, "0")}00-abcdefg`;
  for (let minute = 0; minute < 60; minute++) files.set(`/config/runs/${id(minute)}.jsonl`, "");
  await assert.rejects(findRun(host, "20260101"), {
    kind: "notFound",
    message: `several runs start with "20260101": ${id(59)}, ${id(58)}, ${id(57)} and 57 more`,
    hint: hint`a few more of its characters are enough; ${action("runs.list")} shows what ran`,
  });
});

Deno.test("the last run of a workflow with steps is found behind newer runs of commands", async () => {
  const { host, files, run } = stage();
  await assert.rejects(lastStepsRun(host), { kind: "notFound" });
  const header = recordHeader("20250101-000000-abcdefg");
  files.set(`/config/runs/${header.id}.jsonl`, `${JSON.stringify(header)}\n`);
  await run();
  const found = await lastStepsRun(host);
  assert.deepEqual([found.kind, found.run.header.id], ["workflow", header.id]);
});
