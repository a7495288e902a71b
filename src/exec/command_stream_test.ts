/** A command under a terminal: how it begins, and a second stream, which reports how the first one ended. */
import assert from "node:assert/strict";
import type { ChannelEnd } from "../kube/client.ts";
import { Latest } from "../base/latest.ts";
import { watchArgv } from "./command_stream.ts";
import { events, hello, outcomesOf, outputOf, runFixture } from "./testing/run_fixture.ts";
import { writeProgram } from "../base/testing/program_file.ts";

/** A run of one target with a terminal. */
function withTerminal(end: ChannelEnd) {
  const terminal = { sizes: new Latest({ columns: 80, rows: 24 }) };
  return runFixture([{ ...hello, end }], { terminal });
}

Deno.test("`TerminalWatch` ends without a hang-up if the command has ended", async () => {
  const run = withTerminal({ kind: "exited", exitCode: 0 });
  assert.deepEqual(outcomesOf(await events(run)), [{ kind: "ok" }]);
  assert.deepEqual(run.pods[0]?.watched, ["end\n"]);
});

Deno.test("`TerminalWatch` leaves a broken terminal to the watching shell", async () => {
  const run = withTerminal({ kind: "cut", reason: "gone" });
  assert.deepEqual(outcomesOf(await events(run)), [{ kind: "unknown", reason: "gone" }]);
  assert.deepEqual(run.pods[0]?.watched, []);
});

Deno.test("a command without a terminal opens no second stream", async () => {
  const run = runFixture([hello]);
  await events(run);
  assert.equal(run.pods[0]?.requests.length, 1);
});

Deno.test("`onStarted` is called when the command runs", async () => {
  const begun: number[] = [];
  const terminal = { sizes: new Latest({ columns: 80, rows: 24 }) };
  const onStarted = () => void begun.push(run.clock.elapsedMs());
  const run = runFixture([{ ...hello, openMs: 30 }], {
    terminal: { ...terminal, onStarted },
  });
  await events(run);
  assert.equal(begun.length, 1);
  assert.ok((begun[0] ?? 0) >= 30, `after ${begun}ms`);
  const closed = runFixture([{ ...hello, openMs: 5000 }], {
    terminal: { ...terminal, onStarted },
  });
  assert.deepEqual(outcomesOf(await events(closed)).map(({ kind }) => kind), ["timeout"]);
  assert.equal(begun.length, 1);
});

Deno.test("a program that discards kodama's line as it begins to draw is shown, and gets its input", async () => {
  const screen = new TextEncoder().encode("\x1b[H\x1b[2J$ ");
  const pieces = [Uint8Array.of(7)];
  let begun = 0;
  const run = runFixture([{
    ...hello,
    losesLine: true,
    unmarked: true,
    output: [
      { afterMs: 1, stream: "stdout", bytes: screen },
      { afterMs: 10, stream: "stdout", bytes: Uint8Array.of(7) },
    ],
  }], {
    terminal: { sizes: new Latest({ columns: 80, rows: 24 }), onStarted: () => void begun++ },
    input: { open: () => ({ read: () => Promise.resolve(pieces.shift()) }), isEmpty: false },
  });
  const all = await events(run);
  assert.deepEqual(outcomesOf(all), [{ kind: "ok" }]);
  assert.deepEqual(outputOf(all, 0, "stdout"), [...screen, 7]);
  assert.deepEqual(run.pods[0]?.written, [Uint8Array.of(7)]);
  assert.equal(begun, 1);
});

/** Shells whose `sleep` takes no time: the delays aren't under test. */
async function hurriedPath(): Promise<{ path: string } & AsyncDisposable> {
  const folder = await Deno.makeTempDir();
  await writeProgram(`${folder}/sleep`, "#!/bin/sh\n");
  return {
    path: `${folder}:${Deno.env.get("PATH")}`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/**
 * A process that leads a session of its own; it prints its id, and that of the process the script started, in one line.
 */
async function leader(script: string) {
  const command = new Deno.Command("setsid", {
    args: ["sh", "-c", `${script}\necho $$ $!; while :; do read -r line; done`],
    stdin: "piped",
    stdout: "piped",
  });
  const child = command.spawn();
  const reader = child.stdout.getReader();
  const said = new TextDecoder().decode((await reader.read()).value);
  const [id, begun] = said.trim().split(" ").map(Number);
  return { child, id: id ?? NaN, begun: begun ?? NaN, reader };
}

async function ended({ child, reader }: Awaited<ReturnType<typeof leader>>): Promise<void> {
  await child.status;
  await reader.cancel();
  await child.stdin.close().catch(() => {});
}

function watch(id: number, env: Record<string, string>): Deno.ChildProcess {
  const [program = "", ...args] = watchArgv(id, 1, []);
  return new Deno.Command(program, { args, env, stdin: "piped", stdout: "piped" }).spawn();
}

async function introduced(child: Deno.ChildProcess): Promise<void> {
  const reader = child.stdout.getReader();
  assert.match(new TextDecoder().decode((await reader.read()).value), /^\d+ \d+\n$/);
  await reader.cancel();
}

Deno.test("the end of the watch's input hangs up the session, except processes that ignore HUP", async () => {
  await using hurried = await hurriedPath();
  const session = await leader("trap '' HUP; sleep 1000 & trap - HUP");
  const watching = watch(session.id, { PATH: hurried.path });
  await introduced(watching);
  await watching.stdin.close();
  await watching.status;
  await ended(session);
  assert.equal((await session.child.status).signal, "SIGHUP");
  Deno.kill(session.begun, "SIGKILL");
});

Deno.test("a watch that gets the last line signals nothing", async () => {
  await using hurried = await hurriedPath();
  const session = await leader(":");
  const watching = watch(session.id, { PATH: hurried.path });
  await introduced(watching);
  await new Response("\n\nend\n").body?.pipeTo(watching.stdin);
  assert.equal((await watching.status).code, 0);
  Deno.kill(session.id, "SIGTERM");
  await ended(session);
  assert.equal((await session.child.status).signal, "SIGTERM");
});
