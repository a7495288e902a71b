/** Approvals over links that break anywhere: each answer arrives once, and nothing of the task remains. */
import assert from "node:assert/strict";
import { systemClock } from "../base/clock.ts";
import type { Adapter } from "./adapter.ts";
import { commandAdapter } from "./adapters.ts";
import { followTaskInPod } from "./follow_task.ts";
import { CutError } from "./pod_script.ts";
import { readTasksInPod } from "./read_tasks.ts";
import { answerInPod, startTaskInPod } from "./start_task.ts";
import { ShellPod, shellTarget } from "./testing/shell_pod.ts";
import { never, task } from "./testing/shell_tasks.ts";

/** More by hand: KODAMA_SESSION_ROUNDS=200. */
const rounds = Number(Deno.env.get("KODAMA_SESSION_ROUNDS") ?? "5");

/** An agent of the shell: it asks twice, and prints each answer. */
const asking: Adapter = {
  ...commandAdapter,
  dialogue: {
    always: false,
    takesMessages: true,
    files: (prompt) => ({ prompt, dialogue: "^bye" }),
    answer: ({ request }, { kind }) => `${request} ${kind}`,
  },
};
const script = `read -r prompt; for one in first second; do
echo "ask $one"; read -r answer; echo "got $answer"; done; echo bye; read -r answer || echo closed`;
const expected = "ask first\ngot first allow\nask second\ngot second allow\nbye\nclosed\n";

/** Numbers of [0, 1) that are the same in each run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Repeats the work that a broken link has left open, as a user would; `enough` is the error of work that was done
 * already.
 */
async function again(work: () => Promise<unknown>, enough?: RegExp): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      return void await work();
    } catch (error) {
      if (error instanceof Error && enough?.test(error.message)) return;
      if (!(error instanceof CutError) || attempt > 20) throw error;
    }
  }
}

Deno.test("approvals over links that break: each is answered once, the task ends, and no process remains", async () => {
  await using pod = await ShellPod.open();
  const { streams } = pod;
  let cuts = 0;
  for (let round = 1; round <= rounds; round++) {
    const random = numbers(round);
    const mayCut = () => {
      if (random() > 0.6) return;
      cuts++;
      pod.cutAfter = Math.floor(random() * 60);
    };
    const asks = task(script, { adapter: asking, permissions: "ask" });
    await again(async () => {
      mayCut();
      await startTaskInPod(streams, shellTarget, asks, never);
    });
    const tasks = await readTasksInPod(streams, shellTarget, {}, never);
    const started = tasks.filter(({ key, status }) => key === asks.key && status.state !== "done");
    assert.equal(started.length, 1, "a start that was repeated runs once");
    const number = started[0]?.number ?? 0;
    mayCut();
    let text = "";
    const answered = new Set<string>();
    const following = followTaskInPod({ ...streams, clock: systemClock }, shellTarget, {
      number,
      offset: 0,
    }, never);
    for await (const part of following) {
      if (part.kind === "lost") mayCut();
      if (part.kind !== "bytes") continue;
      text += new TextDecoder().decode(part.bytes);
      for (const request of ["first", "second"]) {
        if (answered.has(request) || !text.includes(`ask ${request}\n`)) continue;
        answered.add(request);
        const line = `${request} allow`;
        await again(() => {
          mayCut();
          return answerInPod(streams, shellTarget, { number, request, line }, never);
        }, /answered already|doesn't wait for an approval/);
      }
    }
    assert.equal(text, expected, `round ${round}`);
    const [ended] = await readTasksInPod(streams, shellTarget, { number }, never);
    assert.equal(ended?.status.state, "done", `round ${round}`);
    const names = [...Deno.readDirSync(pod.task(number))].map((entry) => entry.name);
    assert.deepEqual(names.filter((name) => /^(?:input|output|copy|agent)$/.test(name)), []);
  }
  // deno-lint-ignore no-console -- many rounds are done by hand, for these figures
  if (rounds > 50) console.log(`${rounds} rounds, ${cuts} links cut`);
  assert.ok(cuts > 0);
});
