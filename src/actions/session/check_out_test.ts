import assert from "node:assert/strict";
import { quiet } from "../../base/testing/manual_clock.ts";
import type { PodScript } from "../../exec/testing/simulated_pod.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { checkOut } from "./check_out.ts";

const token = "ghp_0123456789abcdef";
const repository = { url: "https://github.com/a/b", autoBranch: false };
const wishes = { name: "work", author: undefined, filesBySync: false, gitSecret: undefined };

/** A checkout in a pod whose git writes these pieces to standard error, a piece each millisecond, and fails. */
async function checkingOut(pieces: readonly string[]) {
  const output = pieces.map((text) => ({
    stream: "stderr" as const,
    bytes: new TextEncoder().encode(text),
    afterMs: 1,
  }));
  const end = { kind: "exited", exitCode: 128 } as const;
  const script: PodScript = { openMs: 1, output, end, diesOn: "TERM" };
  const { host, clock } = simulatedHost({ c: { pods: { p: script } } });
  const target = { context: "c", namespace: "n", pod: "p", container: "a", node: "", ip: "" };
  const pod = { client: await host.kube(), target, clock, signal: new AbortController().signal };
  return { lines: checkOut(pod, repository, wishes), clock };
}

Deno.test("neither git's progress nor its failure shows what a server repeats of the credentials", async () => {
  const { lines, clock } = await checkingOut([
    `remote: hello ${token}\r\n`,
    `fatal: unable to access 'https://u:${token}@github.com/a/b/'\n`,
  ]);
  const shown: string[] = [];
  const failing = (async () => {
    for await (const line of lines) shown.push(line);
  })();
  await assert.rejects(clock.runUntil(failing), (error: Error) => {
    assert.doesNotMatch(error.message, new RegExp(token));
    return /unable to access/.test(error.message);
  });
  assert.equal(shown.length, 2);
  assert.match(shown[0] ?? "", /^remote: hello /);
  assert.doesNotMatch(shown.join("\n"), new RegExp(token));
});

Deno.test("progress without a consumer is buffered up to a few lines", async () => {
  const { lines, clock } = await checkingOut(
    Array.from({ length: 100 }, (_, at) => `Receiving objects: ${at}\r\n`),
  );
  assert.equal((await clock.runUntil(lines.next())).value, "Receiving objects: 0");
  const restMs = 10;
  while (clock.elapsedMs() < 100 - restMs && clock.step()) await quiet();
  const rest: unknown[] = [];
  const failing = (async () => {
    for await (const line of lines) rest.push(line);
  })();
  await assert.rejects(clock.runUntil(failing));
  // The queued pieces, and those that arrived while they were consumed.
  assert.ok(rest.length < 3 * restMs, `${rest.length}`);
});
