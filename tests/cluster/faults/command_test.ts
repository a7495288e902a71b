/** Misbehaving commands: too much output, none, no end. */
import assert from "node:assert/strict";
import { until } from "../processes.ts";
import { countSleeping, kodamaProcess, sleeper, untilSleeping } from "./kodama.ts";
import { onFault, only, outcomeOf, programsIn } from "./fixture.ts";
import type { TestNamespace } from "../test_namespace.ts";

const ok = { outcome: "ok", exitCode: 0, signal: null };

/** The limit of kodama's memory, whatever a pod writes. The runtime alone has some 90 MB. */
const memoryLimitKib = 200 * 1024;

const outputBytes = 256 * 1024 * 1024;

/** Runs `kodama exec --output-mode raw` and counts what it writes. */
async function countOutput(
  namespace: TestNamespace,
  command: readonly string[],
  onCount?: (count: number) => Promise<void>,
): Promise<{ code: number; count: number; largestKib: number; stderr: string }> {
  await namespace.startPod("one", {});
  const child = kodamaProcess(namespace.cluster.kubeconfig, [
    ...["exec", "-n", namespace.name, "one", "--output-mode", "raw", "--", ...command],
  ]);
  const stderr = new Response(child.stderr).text();
  let count = 0;
  let largestKib = 0;
  for await (const chunk of child.stdout) {
    count += chunk.length;
    largestKib = Math.max(largestKib, await mostMemoryKib(child.pid));
    await onCount?.(count);
  }
  return { code: (await child.status).code, count, largestKib, stderr: await stderr };
}

onFault("256 MiB of output come whole, and cost no memory", async ({ namespace }) => {
  // Ends when all has been read, or after a minute: what is under way at the end may be lost.
  const script = `head -c ${outputBytes} /dev/zero
    left=600; until [ -e /tmp/read ] || [ $((left -= 1)) = 0 ]; do sleep 0.1; done`;
  const ended = await countOutput(namespace, ["sh", "-c", script], async (count) => {
    if (count === outputBytes) await namespace.kubectl("exec", "one", "--", "touch", "/tmp/read");
  });
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(ended.count, outputBytes);
  const { largestKib } = ended;
  assert.ok(largestKib > 0 && largestKib < memoryLimitKib, `kodama took ${largestKib} KiB`);
});

onFault("output that a node loses when its command ends isn't called ok", async ({ namespace }) => {
  const command = ["head", "-c", String(outputBytes), "/dev/zero"];
  const { code, count, stderr } = await countOutput(namespace, command);
  if (code === 0) return assert.equal(count, outputBytes);
  assert.equal(code, 4, stderr);
  assert.match(stderr, /one: unknown: .*the command did not report its end/);
});

/** Returns the peak memory of a process; 0 if it has ended. */
async function mostMemoryKib(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}

onFault("a command that closes its output and lingers is waited for", async (fixture) => {
  const { namespace, start } = fixture;
  await namespace.startPod("one", {});
  const { words, token } = sleeper();
  const script = `echo said; exec >&- 2>&-; ${words.join(" ")} && exit 0; exit 6`;
  await using run = start("one", "--", "sh", "-c", script);
  await untilSleeping(run, token);
  await namespace.kubectl("exec", "one", "--", "killall", "sleep");
  const report = only(await run.ended());
  assert.deepEqual(outcomeOf(report), { outcome: "failed", exitCode: 6, signal: null });
  assert.equal(report.stdout, "said\n");
});

/** Ignores TERM itself, and so do its children, of which one has a process group of its own. */
const stubborn = (words: readonly string[]) =>
  `trap "" TERM; set -m; ${words.join(" ")} & set +m; ${words.join(" ")} & wait; wait`;

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  onFault(`a command that ignores SIGTERM is gone after a cancel by ${signal}`, async (fixture) => {
    const { namespace, start } = fixture;
    await namespace.startPod("one", {});
    const { words, token } = sleeper();
    await using run = start("one", "--", "sh", "-c", stubborn(words));
    await untilSleeping(run, token, 2);
    // No one would read a prompt here: standard error isn't a terminal, and one Ctrl-C is enough.
    run.signal(signal);
    const ended = await run.ended();
    assert.deepEqual(outcomeOf(only(ended)), {
      outcome: "cancelled",
      exitCode: null,
      signal: null,
    });
    assert.equal(only(ended).error, null);
    assert.deepEqual(await programsIn(namespace, "one"), []);
  });
}

onFault("when kodama is killed, its commands end in their pods", async (fixture) => {
  const { namespace, start } = fixture;
  await namespace.startPod("one", {});
  const { words, token } = sleeper();
  await using run = start("one", "--", "sh", "-c", stubborn(words));
  await untilSleeping(run, token, 2);
  run.signal("SIGKILL");
  await until("the end of the command", async () => await countSleeping(token) === 0);
  await until(
    "the end of what watched it",
    async () => (await programsIn(namespace, "one")).length === 0,
  );
});

onFault("a command that leaves its session outlives kodama", async (fixture) => {
  const { namespace, start } = fixture;
  await namespace.startPod("one", {});
  const { words, token } = sleeper();
  const script = `setsid ${words.join(" ")} >/dev/null 2>&1 & sleep 1000`;
  await using run = start("one", "--", "sh", "-c", script);
  await untilSleeping(run, token);
  run.signal("SIGKILL");
  await until(
    "the end of all but what left",
    async () => (await programsIn(namespace, "one")).length === 1,
  );
  assert.equal(await countSleeping(token), 1);
});

onFault(
  "without a shell in the image a command runs, and a cancel says what is left",
  async (fixture) => {
    const { namespace, start } = fixture;
    await namespace.startPod("bare", { image: "kodama.test/shellless:1", command: undefined });
    const report = only(await start("bare", "--", "hostname").ended());
    assert.deepEqual(outcomeOf(report), ok);
    assert.equal(report.stdout, "bare\n");
    const { words, token } = sleeper();
    await using run = start("bare", "--", ...words);
    await untilSleeping(run, token);
    run.signal("SIGTERM");
    const cancelled = only(await run.ended());
    assert.equal(cancelled.outcome, "cancelled");
    assert.match(cancelled.error ?? "", /may still run: the image has no sh/);
  },
);

onFault("no such command is 127, not a program is 126, in the runtime's words", async (fixture) => {
  const { namespace, start } = fixture;
  await namespace.startPod("one", {});
  for (
    const [word, code, said] of [
      ["no-such-program", 127, /exec: "no-such-program": executable file not found in \$PATH/],
      ["/etc", 126, /exec: "\/etc": is a directory/],
    ] as const
  ) {
    const ended = await start("one", "--", word).ended();
    const report = only(ended);
    assert.deepEqual(outcomeOf(report), { outcome: "failed", exitCode: code, signal: null });
    assert.match(report.stderr, said);
    assert.equal(ended.code, code);
  }
});
