import assert from "node:assert/strict";
import { ManualClock } from "../base/testing/manual_clock.ts";
import { type Daemon, lastLines, startBackground, startDaemon } from "./daemon.ts";
import { tryFileLock } from "./file_lock.ts";
import type { ProcessIdentity } from "./process_identity.ts";
import { ownIdentity } from "./report_writer.ts";

Deno.test("`lastLines()` returns the end of a long log, and nothing of a missing one", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-daemon-" });
  try {
    const lines = Array.from({ length: 5000 }, (_, number) => `line ${number}`);
    await Deno.writeTextFile(`${folder}/log`, lines.join("\n\n"));
    assert.deepEqual(await lastLines(`${folder}/log`, 2), ["line 4998", "line 4999"]);
    assert.deepEqual(await lastLines(`${folder}/none`, 2), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("`startBackground()` gives the output to the owner alone, and leaves the umask as it is", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-process-" });
  const output = `${folder}/crash.txt`;
  await Deno.writeTextFile(output, "of the one before", { mode: 0o644 });
  const usual = await new Deno.Command("sh", { args: ["-c", "umask"] }).output();
  const args = ["sh", "-c", "umask; echo wrong >&2"];
  await startBackground({ args, output, folder, environment: {} }).ended;
  const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;
  assert.equal(await Deno.readTextFile(output), `${new TextDecoder().decode(usual.stdout)}wrong\n`);
  assert.equal(await modeOf(output), 0o600);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a start that joins another waits for a report of a process that runs", async () => {
  const folder = await Deno.makeTempDir({ prefix: "kodama-daemon-" });
  const daemon: Daemon<ProcessIdentity> = {
    name: "the daemon",
    paths: {
      folder,
      report: `${folder}/report.json`,
      lock: `${folder}/lock`,
      startLock: `${folder}/start.lock`,
      output: `${folder}/log`,
    },
    folderHint: "",
    parse: (value) => value as ProcessIdentity,
  };
  const write = (report: ProcessIdentity) =>
    Deno.writeTextFile(daemon.paths.report, JSON.stringify(report));
  const own = await ownIdentity();
  const clock = new ManualClock();
  try {
    using _start = await tryFileLock(daemon.paths.startLock);
    await write({ ...own, processStart: "of a process that was killed" });
    const starting = startDaemon(daemon, {
      command: [],
      clock,
      signal: new AbortController().signal,
      timeoutMs: 1000,
      isReady: () => true,
    });
    assert.deepEqual(await starting.next(), { done: false, value: { kind: "joined" } });
    const next = starting.next();
    await Promise.race([clock.waitedFor(20), next]);
    await write(own);
    clock.advance(100);
    assert.deepEqual(await next, { done: false, value: { kind: "report", report: own } });
    assert.deepEqual(await starting.next(), { done: true, value: own });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
