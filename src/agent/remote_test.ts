/** The remote side as it is: kodama's scripts in the shells of this machine. */
import assert from "node:assert/strict";
import { systemClock } from "../base/clock.ts";
import { imageShells } from "../kube/testing/image_shells.ts";
import type { Adapter } from "./adapter.ts";
import { commandAdapter } from "./adapters.ts";
import { followTaskInPod } from "./follow_task.ts";
import { answerInPod, interruptTaskInPod, startTaskInPod } from "./start_task.ts";
import { readTasksInPod } from "./read_tasks.ts";
import { ShellPod, shellTarget } from "./testing/shell_pod.ts";
import { followed, never, task } from "./testing/shell_tasks.ts";

Deno.test("in every shell, a task gets what it was given, and is followed, read and ended", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-busybox-" });
  for (const { name, ...shell } of await imageShells(folder)) {
    await t.step(name, async () => {
      await using pod = await ShellPod.open(shell);
      const prompt = 'it\'s "quoted" $HOME `id` \\n\n  +two\n.\n=three';
      const script = 'cat; echo "$GREETING from $(pwd)"; : >"$HOME/made"; echo oops >&2; exit 3';
      const environment = { GREETING: "it's $5" };
      const asked = task(script, { prompt, environment });
      assert.equal(await startTaskInPod(pod.streams, shellTarget, asked, never), 1);
      assert.equal((await followed(pod, 1)).text, `${prompt}\nit's $5 from /\noops\n`);
      const [read] = await readTasksInPod(pod.streams, shellTarget, {}, never);
      assert.deepEqual(read?.status, { state: "failed", reason: "exit code 3: oops" });
      assert.equal(read?.prompt, prompt);
      await assert.rejects(Deno.stat(`${pod.task(1)}/environment`), Deno.errors.NotFound);
      // The task is readable only for its user; the agent's files have a shell's default modes.
      const modes = [pod.task(1), `${pod.task(1)}/events.jsonl`, `${pod.home}/made`];
      const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;
      assert.deepEqual(await Promise.all(modes.map(modeOf)), [0o700, 0o600, 0o644]);
      await startTaskInPod(pod.streams, shellTarget, task("sleep 1000"), never);
      const wanted = { adapter: commandAdapter };
      const interruption = await interruptTaskInPod(pod.streams, shellTarget, wanted, never);
      assert.deepEqual(interruption, { number: 2, late: false, remaining: 0 });
    });
  }
  await Deno.remove(folder, { recursive: true });
});

/** An agent of the shell: it asks for `first` and `second`, and prints the answers. */
const askingAdapter: Adapter = {
  ...commandAdapter,
  dialogue: {
    always: false,
    takesMessages: true,
    files: (prompt) => ({ prompt, dialogue: "^bye" }),
    answer: ({ request }, { kind }) => `${request} ${kind}`,
  },
};

const askingScript = `read -r prompt; echo "prompt: $prompt"
echo 'ask first'; read -r answer; echo "$answer"
echo 'ask second'; read -r answer; echo "$answer"; echo bye; read -r answer || echo closed; exit 4`;

Deno.test("in every shell, an agent that asks reads each answer once, and its input ends after its last line", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-busybox-" });
  for (const { name, ...shell } of await imageShells(folder)) {
    await t.step(name, async () => {
      await using pod = await ShellPod.open(shell);
      const { streams } = pod;
      const asks = task(askingScript, { adapter: askingAdapter, permissions: "ask" });
      assert.equal(await startTaskInPod(streams, shellTarget, asks, never), 1);
      const answer = (request: string, number = 1) =>
        answerInPod(streams, shellTarget, { number, request, line: `${request} allow` }, never);
      const parts = followTaskInPod({ ...streams, clock: systemClock }, shellTarget, {
        number: 1,
        offset: 0,
      }, never);
      let text = "";
      const answered: Promise<unknown>[] = [];
      for await (const part of parts) {
        if (part.kind !== "bytes") continue;
        text += new TextDecoder().decode(part.bytes);
        const next = ["first", "second"][answered.length];
        if (next === undefined || !text.includes(`ask ${next}\n`)) continue;
        // Two users at once: either of both answers.
        answered.push(Promise.allSettled([answer(next), answer(next)]));
      }
      const lines =
        "prompt: do it\nask first\nfirst allow\nask second\nsecond allow\nbye\nclosed\n";
      assert.equal(text, lines);
      for (const results of await Promise.all(answered)) {
        const states = (results as PromiseSettledResult<void>[]).map(({ status }) => status);
        assert.deepEqual(states.toSorted(), ["fulfilled", "rejected"]);
      }
      const [read] = await readTasksInPod(streams, shellTarget, {}, never);
      assert.deepEqual([read?.status.state, read?.exitCode], ["failed", 4]);
      await assert.rejects(answer("first"), { kind: "conflict", message: /doesn't wait/ });
      // The program that talks to the agent ends with it, also if the agent never read its input.
      const silent = task("exec sleep 1000", { adapter: askingAdapter, permissions: "ask" });
      await startTaskInPod(streams, shellTarget, silent, never);
      const ending = { adapter: askingAdapter, number: 2 };
      await interruptTaskInPod(streams, shellTarget, ending, never);
      await followed(pod, 2);
      const names = [...Deno.readDirSync(pod.task(2))].map((entry) => entry.name);
      assert.ok(!names.some((name) => ["input", "output", "copy"].includes(name)), `${names}`);
    });
  }
  await Deno.remove(folder, { recursive: true });
});

/** Starts a task, and resolves when it has its turn and runs. */
async function startBegun(pod: ShellPod, script: string): Promise<void> {
  const begun = `${pod.home}/begun`;
  await new Deno.Command("mkfifo", { args: [begun] }).output();
  await startTaskInPod(pod.streams, shellTarget, task(`: >${begun}; ${script}`), never);
  await Deno.readFile(begun);
}

Deno.test("tasks have their turns one after the other", async () => {
  await using pod = await ShellPod.open();
  const gate = `${pod.home}/gate`;
  await new Deno.Command("mkfifo", { args: [gate] }).output();
  const start = (script: string) => startTaskInPod(pod.streams, shellTarget, task(script), never);
  assert.deepEqual(await start(`echo first; cat ${gate}`), 1);
  assert.deepEqual(await start("echo second"), 2);
  const following = followed(pod, 2);
  const states = (await readTasksInPod(pod.streams, shellTarget, {}, never)).map((one) =>
    one.status.state
  );
  assert.equal(states[1], "queued");
  await Deno.writeTextFile(gate, "go\n");
  assert.equal((await following).text, "second\n");
  const after = await readTasksInPod(pod.streams, shellTarget, {}, never);
  assert.deepEqual(after.map((one) => one.status.state), ["done", "done"]);
  assert.equal(after[0]?.progress.lastMessage, "go");
});

Deno.test("tasks of many people at once get a number each, and never work at the same time", async () => {
  await using pod = await ShellPod.open();
  const script = "mkdir lock || echo two at once; sleep 0.05; rmdir lock";
  const begin = () =>
    startTaskInPod(pod.streams, shellTarget, task(script, { workdir: pod.home }), never);
  const numbers = await Promise.all(Array.from({ length: 8 }, begin));
  assert.deepEqual(numbers.toSorted((a, b) => a - b), [1, 2, 3, 4, 5, 6, 7, 8]);
  await followed(pod, 8);
  const tasks = await readTasksInPod(pod.streams, shellTarget, {}, never);
  assert.deepEqual(tasks.map((one) => [one.status.state, one.progress.lastMessage]), [
    ...Array.from({ length: 8 }, () => ["done", ""]),
  ]);
});

Deno.test("of tasks with one key, given at the same moment, one has a turn", async () => {
  await using pod = await ShellPod.open();
  const start = (script: string, key: string) =>
    startTaskInPod(pod.streams, shellTarget, { ...task(script), key }, never);
  const numbers = await Promise.all(
    Array.from({ length: 4 }, () => start("echo reports >>~/reports", "once")),
  );
  assert.equal(new Set(numbers).size, 4);
  const last = await start("echo end", "other");
  await followed(pod, last);
  assert.equal(await Deno.readTextFile(`${pod.home}/reports`), "reports\n");
  const read = await readTasksInPod(pod.streams, shellTarget, {}, never);
  assert.deepEqual(read.map(({ number, key }) => [number, key]), [[1, "once"], [last, "other"]]);
});

Deno.test("an interrupt ends the task and all that it has started", async () => {
  await using pod = await ShellPod.open();
  const script =
    'sleep 1000 & echo "$!" >child; trap "" TERM; echo ready; while :; do sleep 1; done';
  const workdir = pod.home;
  await startTaskInPod(pod.streams, shellTarget, task(script, { workdir }), never);
  const streams = { ...pod.streams, clock: systemClock };
  for await (const part of followTaskInPod(streams, shellTarget, { number: 1 }, never)) {
    if (part.kind === "bytes") break;
  }
  const adapter = { ...commandAdapter, interrupt: { ...commandAdapter.interrupt, graceMs: 1000 } };
  const interruption = await interruptTaskInPod(pod.streams, shellTarget, { adapter }, never);
  assert.deepEqual(interruption, { number: 1, late: false, remaining: 0 });
  const [read] = await readTasksInPod(pod.streams, shellTarget, {}, never);
  assert.deepEqual(read?.status, { state: "interrupted" });
  const child = Number(await Deno.readTextFile(`${pod.home}/child`));
  assert.throws(() => Deno.kill(child, "SIGCONT"), Deno.errors.NotFound);
});

Deno.test("a task that was begun over a link that broke is found, and begun once", async () => {
  await using pod = await ShellPod.open();
  pod.cutAfter = 1;
  assert.equal(await startTaskInPod(pod.streams, shellTarget, task("echo once"), never), 1);
  assert.equal((await followed(pod, 1)).text, "once\n");
  assert.equal((await readTasksInPod(pod.streams, shellTarget, {}, never)).length, 1);
});

Deno.test("a follow over links that break gives each byte once, from any place on", async () => {
  await using pod = await ShellPod.open();
  const script = "i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i + 1)); done";
  await startTaskInPod(pod.streams, shellTarget, task(script), never);
  const whole = (await followed(pod, 1)).text;
  assert.equal(whole.split("\n").length, 201);
  for (const cutAfter of [1, 700, whole.length - 1]) {
    pod.cutAfter = cutAfter;
    assert.equal((await followed(pod, 1)).text, whole);
    pod.cutAfter = cutAfter;
    assert.equal((await followed(pod, 1, 500)).text, whole.slice(500));
  }
});

Deno.test("a runner that was killed has failed, and the next task has its turn if it is to run anyway", async () => {
  await using pod = await ShellPod.open();
  await startBegun(pod, "sleep 1000");
  await startTaskInPod(pod.streams, shellTarget, task("echo next", { anyway: true }), never);
  const [runner] = (await Deno.readTextFile(`${pod.task(1)}/claim`)).split(" ");
  Deno.kill(-Number(runner), "SIGKILL");
  assert.equal((await followed(pod, 2)).text, "next\n");
  const [first] = await readTasksInPod(pod.streams, shellTarget, {}, never);
  assert.deepEqual(first?.status, { state: "failed", reason: "its processes were killed" });
});

Deno.test("a runner begun again goes on with a task that waited, in its turn and once, and with no other", async () => {
  await using pod = await ShellPod.open();
  const start = (script: string) => startTaskInPod(pod.streams, shellTarget, task(script), never);
  await startBegun(pod, "tail -f /dev/null");
  for (const text of ["second", "third"]) await start(`echo ${text} | tee -a ~/reports`);
  const claims = [1, 2, 3].map((number) => `${pod.task(number)}/claim`);
  // The last first: a waiting runner would notice that it has its turn.
  for (const path of claims.toReversed()) {
    const [runner = "", ...rest] = (await Deno.readTextFile(path)).split(" ");
    // The state after a container's end: the process is missing, and the claim is of another container.
    Deno.kill(-Number(runner), "SIGKILL");
    await Deno.writeTextFile(path, [runner, ...rest.slice(0, -1), "1\n"].join(" "));
  }
  const again = async (number: number) => {
    const line = 'n=$(setsid sh "$1/runner" "$1" </dev/null 2>/dev/null &) && echo "$n"';
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", line, "sh", pod.task(number)],
      env: { HOME: pod.home },
    }).output();
    return new TextDecoder().decode(stdout).trim();
  };
  const statuses = async () =>
    (await readTasksInPod(pod.streams, shellTarget, {}, never)).map(({ status }) => status);
  const early = { state: "failed", reason: "the pod restarted before its turn" };
  const lost = { state: "failed", reason: "the pod restarted" };
  assert.deepEqual(await statuses(), [lost, early, early], "a pod that starts no task again");
  await Deno.writeTextFile(`${pod.home}/.kodama/tasks/queue`, "1 1\n");
  assert.deepEqual(await statuses(), [lost, { state: "queued" }, { state: "queued" }]);
  const following = followed(pod, 3);
  assert.deepEqual([await again(1), await again(2), await again(3)], ["", "2", "3"]);
  assert.equal((await following).text, "third\n");
  assert.deepEqual([await again(2), await again(3)], ["", ""]);
  assert.equal(await Deno.readTextFile(`${pod.home}/reports`), "second\nthird\n");
  assert.deepEqual(await statuses(), [lost, { state: "done" }, { state: "done" }]);
});

Deno.test("a task doesn't run behind a failed one, unless it is to run anyway; behind one that was taken back it does", async () => {
  const gate = "until [ -e ~/go ]; do sleep 0.1; done";
  const notRun = (number: number) => ({
    state: "failed",
    reason: `it didn't run, because task ${number} before it didn't succeed`,
  });
  const done = { state: "done" };
  const wanted = { adapter: commandAdapter };
  const rows: [script: string, interrupt: number | undefined, expected: unknown[]][] = [
    ["exit 3", undefined, [{ state: "failed", reason: "exit code 3" }, notRun(1), done, notRun(1)]],
    ["exit 0", undefined, [done, done, done, done]],
    ["exit 0", 2, [done, { state: "interrupted" }, done, done]],
    ["exit 0", 1, [{ state: "interrupted" }, notRun(1), done, notRun(1)]],
  ];
  for (const [end, interrupt, expected] of rows) {
    await using pod = await ShellPod.open();
    const start = (script: string, anyway = false) =>
      startTaskInPod(pod.streams, shellTarget, task(script, { anyway }), never);
    await startBegun(pod, `${gate}; ${end}`);
    await start("true");
    await start("true", true);
    await start("true");
    if (interrupt !== undefined) {
      await interruptTaskInPod(pod.streams, shellTarget, { ...wanted, number: interrupt }, never);
    }
    await Deno.writeTextFile(`${pod.home}/go`, "");
    for (const number of [1, 2, 3, 4]) await followed(pod, number);
    const tasks = await readTasksInPod(pod.streams, shellTarget, {}, never);
    assert.deepEqual(tasks.map(({ status }) => status), expected);
  }
});

Deno.test("a claim of another container is one of a pod that restarted", async () => {
  await using pod = await ShellPod.open();
  await startTaskInPod(pod.streams, shellTarget, task("echo here"), never);
  await followed(pod, 1);
  await Deno.remove(`${pod.task(1)}/exit`);
  const claim = await Deno.readTextFile(`${pod.task(1)}/claim`);
  await Deno.writeTextFile(`${pod.task(1)}/claim`, claim.replace(/\d+\n$/, "1\n"));
  const [read] = await readTasksInPod(pod.streams, shellTarget, {}, never);
  assert.deepEqual(read?.status, { state: "failed", reason: "the pod restarted" });
  await Deno.writeTextFile(`${pod.task(1)}/claim`, claim);
});

Deno.test("a task that waits for its turn is taken back", async () => {
  await using pod = await ShellPod.open();
  await startBegun(pod, "sleep 1000");
  await startTaskInPod(
    pod.streams,
    shellTarget,
    task("echo never >ran", { workdir: pod.home }),
    never,
  );
  const wanted = { number: 2, adapter: commandAdapter };
  assert.equal((await interruptTaskInPod(pod.streams, shellTarget, wanted, never)).late, false);
  const [first, second] = await readTasksInPod(pod.streams, shellTarget, {}, never);
  assert.deepEqual([first?.status.state, second?.status.state], ["working", "interrupted"]);
  await assert.rejects(Deno.stat(`${pod.home}/ran`), Deno.errors.NotFound);
});

Deno.test("processes that a task leaves running don't delay the next one", async () => {
  await using pod = await ShellPod.open();
  await startTaskInPod(pod.streams, shellTarget, task("sleep 1000 & echo gone"), never);
  assert.equal((await followed(pod, 1)).text, "gone\n");
  const [read] = await readTasksInPod(pod.streams, shellTarget, {}, never);
  assert.deepEqual(read?.status, { state: "done" });
});
