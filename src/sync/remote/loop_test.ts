/** The beats of a far end's loop end with it, in whatever way it ended. */
import assert from "node:assert/strict";
import { systemClock } from "../../base/clock.ts";
import { loopCommand } from "./loop.ts";
import type { TestShell } from "../testing/shell_channel.ts";
import { shells } from "../testing/remote_shells.ts";
import { type TemporaryFolder, temporaryFolder } from "../../files/testing/temporary_folder.ts";
import { writeProgram } from "../../base/testing/program_file.ts";

/** How long something may take that takes no time: then the test fails instead of hanging. */
const limitMs = 20_000;

/**
 * For the beater's own sleep: it ends when the test lets a byte through. A program, for busybox runs its own without
 * exec: they would hold open the files that the shell put away for the time of a function.
 */
const gated = 'sleep() { "$GATED"; }\n';
const gatedProgram = '#!/bin/sh\nexec head -c 1 <"$GATE"\n';

/** The effects of signals on a loop that is started by such words. */
const starters = {
  "as it is": ["-c", 'exec sh "$@"', "sh"],
  "deaf to TERM": ["-c", 'trap "" TERM; exec sh "$@"', "sh"],
} as const;

/** A loop whose beats come when the test says so. */
class GatedLoop implements AsyncDisposable {
  readonly #stderr: ReadableStreamDefaultReader<string>;

  private constructor(
    private readonly folder: TemporaryFolder,
    private readonly gate: Deno.FsFile,
    private readonly loop: Deno.ChildProcess,
  ) {
    const text = loop.stderr.pipeThrough(new TextDecoderStream() as never);
    this.#stderr = (text as unknown as ReadableStream<string>).getReader();
  }

  static async start(shell: TestShell, starter: keyof typeof starters): Promise<GatedLoop> {
    const folder = await temporaryFolder("kodama-beats-");
    const gate = `${folder.path}/gate`;
    await new Deno.Command("mkfifo", { args: [gate], clearEnv: true, env: { PATH: shell.path } })
      .output();
    const program = `${folder.path}/sleep`;
    await writeProgram(program, gatedProgram);
    const traits = { mark: "#", root: `${folder.path}/work`, key: "test", fresh: "1" };
    const [, flag = "", script = "", ...rest] = loopCommand(traits);
    const loop = new Deno.Command(`${shell.path.split(":")[0]}/sh`, {
      args: [...starters[starter], flag, gated + script, ...rest],
      clearEnv: true,
      env: { PATH: shell.path, GATE: gate, GATED: program },
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    // Open for both: neither side waits for the other to come.
    const held = await Deno.open(gate, { read: true, write: true });
    return new GatedLoop(folder, held, loop);
  }

  /** Lets the beater's sleep end. */
  async wake(): Promise<void> {
    await this.gate.write(new Uint8Array(1));
  }

  /** Returns the next output on standard error; undefined if no process holds it open. */
  async heard(): Promise<string | undefined> {
    const late = Promise.withResolvers<never>();
    using _limit = systemClock.timer(
      limitMs,
      () => late.reject(new Error("standard error is held open")),
    );
    return (await Promise.race([this.#stderr.read(), late.promise])).value;
  }

  /** Ends the loop, whose beater sleeps. */
  async end(how: "KILL" | "bye"): Promise<void> {
    if (how === "KILL") this.loop.kill("SIGKILL");
    else await new Response("bye\n").body?.pipeTo(this.loop.stdin);
    await this.loop.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A heartbeat that continues then has no reader, and ends; so does its remaining sleep.
    await this.#stderr.cancel();
    for (let at = 0; at < 2; at++) await this.wake();
    this.gate.close();
    if (!this.loop.stdin.locked) await this.loop.stdin.close().catch(() => {});
    await this.loop.status;
    await this.folder[Symbol.asyncDispose]();
  }
}

for (const shell of shells) {
  Deno.test(`${shell.name}: the beats of a loop that was killed end, though their standard error is open`, async () => {
    await using loop = await GatedLoop.start(shell, "as it is");
    await loop.wake();
    assert.equal(await loop.heard(), "#beat\n");
    await loop.end("KILL");
    await loop.wake();
    assert.equal(await loop.heard(), undefined);
  });

  Deno.test(`${shell.name}: the beats of a loop that ends are ended by it, deaf to TERM as they may be`, async () => {
    await using loop = await GatedLoop.start(shell, "deaf to TERM");
    await loop.wake();
    assert.equal(await loop.heard(), "#beat\n");
    await loop.end("bye");
    assert.equal(await loop.heard(), undefined);
  });
}
