import assert from "node:assert/strict";
import { BoundedQueue } from "../../base/bounded_queue.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import type { ExecChannel, OutputChunk } from "../../kube/client.ts";
import { SideLostError } from "../core/tree.ts";
import { RemoteLink } from "./link.ts";

const encoder = new TextEncoder();

/** Returns a link to a pod that sends heartbeats and no answers, except those of `answers`, by the time in ms. */
function silentLink(clock: ManualClock, answers: Readonly<Record<number, string>> = {}) {
  const output = new BoundedQueue<OutputChunk>(64);
  const end = Promise.withResolvers<Awaited<ExecChannel["end"]>>();
  const emit = (stream: "stdout" | "stderr", text: string) =>
    void output.push({ stream, bytes: encoder.encode(text) });
  const beat = (): Disposable =>
    clock.timer(5_000, () => {
      emit("stderr", "#beat\n");
      beating = beat();
    });
  let beating = beat();
  for (const [atMs, text] of Object.entries(answers)) {
    clock.timer(Number(atMs), () => emit("stdout", text));
  }
  const channel: ExecChannel = {
    output,
    end: end.promise,
    write: () => Promise.resolve(),
    closeStdin: () => Promise.resolve(true),
    resize: () => Promise.resolve(),
    close() {
      beating[Symbol.dispose]();
      output.close();
      end.resolve({ kind: "cut", reason: "closed" });
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => channel.close(),
  };
  return new RemoteLink(channel, { mark: "#", clock, onEvent: () => {} });
}

/** Sends a request; returns when the link was given up, and why. */
async function stalled(bytes: number, answers: Readonly<Record<number, string>> = {}) {
  const clock = new ManualClock();
  await using link = silentLink(clock, answers);
  const requested = link.requestLines(
    () => "list",
    () => [],
    (answer) => answer.lines(() => {}),
    bytes,
  );
  try {
    const code = await clock.runUntil(requested);
    return { code, afterS: Math.round(clock.elapsedMs() / 1000) };
  } catch (error) {
    assert.ok(error instanceof SideLostError);
    return { reason: error.message, afterS: Math.round(clock.elapsedMs() / 1000) };
  }
}

Deno.test("`FarLink` gives up a pod that beats and doesn't answer, after as long as a slow disk takes", async () => {
  const reason = /no progress: the pod doesn't answer a request$/;
  const short = await stalled(0);
  assert.match(short.reason ?? "", reason);
  assert.equal(short.afterS, 122);
  const long = await stalled(600 * 1024 * 1024);
  assert.match(long.reason ?? "", reason);
  assert.equal(long.afterS, 722);
  // Each piece of an answer is progress.
  assert.deepEqual(await stalled(0, { 100_000: "a\n", 200_000: "b\n", 300_000: "#end 0\n" }), {
    code: 0,
    afterS: 300,
  });
});

Deno.test("`FarLink` isn't given up while nothing is asked of the pod", async () => {
  const clock = new ManualClock();
  await using link = silentLink(clock, { 1_000_000: "#end 0\n" });
  let lost = false;
  link.lost.then(() => lost = true);
  await clock.runUntil(new Promise<void>((resolve) => clock.timer(950_000, resolve)));
  assert.equal(lost, false);
  const requested = link.requestLines(() => "ping", () => [], (answer) => answer.lines(() => {}));
  assert.equal(await clock.runUntil(requested), 0);
});
