import assert from "node:assert/strict";
import { KodamaError } from "../../../src/base/errors.ts";
import { systemClock } from "../../../src/base/clock.ts";
import {
  clusterDown,
  clusterPaths,
  type ClusterRecord,
  clusterStatus,
  clusterUp,
  type UpOptions,
} from "./control.ts";
import { lastLines } from "../../../src/daemon/daemon.ts";
import { processStart, signalProcess } from "../../../src/daemon/process_identity.ts";
import { replaceFile } from "../../../src/files/own_files.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kodama-control-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function recordOf(pid: number, processStart: string): ClusterRecord {
  return {
    version: 1,
    pid,
    processStart,
    phase: "ready",
    world: "empty",
    context: "kodama",
    kubeconfig: "/nowhere",
    server: "https://127.0.0.1:1",
    pods: { ready: 0, expected: 0 },
    kept: false,
    startedAt: "2026-01-01T00:00:00Z",
  };
}

function options(folder: string, script: string): UpOptions {
  return {
    folder,
    clock: systemClock,
    signal: new AbortController().signal,
    world: "empty",
    command: ["sh", "-c", script],
  };
}

async function failure(events: AsyncIterable<unknown>): Promise<KodamaError> {
  try {
    await Array.fromAsync(events);
  } catch (error) {
    assert.ok(error instanceof KodamaError, String(error));
    return error;
  }
  throw new Error("it did not fail");
}

Deno.test("`clusterUp()` runs the process in the cluster's folder, not in the caller's", () =>
  inFolder(async (folder) => {
    const { message } = await failure(clusterUp(options(folder, "pwd; exit 1")));
    assert.ok(message.includes(folder), message);
  }));

Deno.test("`clusterUp()` names a folder that it can't create", async () => {
  const { kind, message } = await failure(clusterUp(options("/dev/null/cluster", "exit 1")));
  assert.deepEqual([kind, message.includes("/dev/null/cluster")], ["environment", true]);
});

Deno.test("a record of a process that exited is stale, and `clusterDown()` signals nothing", () =>
  inFolder(async (folder) => {
    const child = new Deno.Command("sleep", { args: ["1000"] }).spawn();
    // The process id of a stranger, with the start time of a process that has ended.
    const stranger = { pid: child.pid, processStart: "a boot long ago/1" };
    const record = recordOf(stranger.pid, stranger.processStart);
    await replaceFile(clusterPaths(folder).report, JSON.stringify(record));
    assert.deepEqual(await clusterStatus({ folder }), {
      phase: "stopped",
      died: { record, log: `${folder}/cluster.log` },
    });
    const { signal } = new AbortController();
    const events = await Array.fromAsync(clusterDown({ folder, clock: systemClock, signal }));
    assert.deepEqual(events, [{ kind: "stopped" }]);
    assert.deepEqual(await clusterStatus({ folder }), { phase: "stopped" });
    const start = await processStart(child.pid);
    assert.ok(start, "the stranger was ended");
    assert.equal(await signalProcess({ pid: child.pid, processStart: start }, "SIGKILL"), true);
    await child.status;
  }));

Deno.test("`clusterStatus()` counts a record that can't be read as none", () =>
  inFolder(async (folder) => {
    for (const text of ["", "{", "{}", '{"version":2}']) {
      await Deno.writeTextFile(clusterPaths(folder).report, text);
      assert.deepEqual(await clusterStatus({ folder }), { phase: "stopped" });
    }
  }));

Deno.test("`clusterUp()` shows the last output of a process that exits early, and its log", () =>
  inFolder(async (folder) => {
    const error = await failure(
      clusterUp(options(folder, "echo first >&2; echo 'port 6443 is taken' >&2; exit 3")),
    );
    assert.equal(error.kind, "environment");
    assert.match(
      error.message,
      /exited before it was ready; its last output:\nfirst\nport 6443 is taken$/,
    );
    assert.equal(error.hint, `all of its output: ${folder}/cluster.log`);
  }));

Deno.test("`clusterUp()` ends the process at its time limit", () =>
  inFolder(async (folder) => {
    const script = `echo $$ > '${folder}/pid'; echo yes > '${folder}/started'; exec sleep 1000`;
    // No time passes before the process has started, and none before the limit begins.
    let reads = 0;
    const hasStarted = () => Deno.readTextFileSync(`${folder}/started`).endsWith("\n");
    await Deno.writeTextFile(`${folder}/started`, "");
    const elapsedMs = () => reads++ > 0 && hasStarted() ? 1000 : 0;
    const clock = { ...systemClock, elapsedMs };
    const error = await failure(clusterUp({ ...options(folder, script), clock, timeoutMs: 200 }));
    assert.equal(error.kind, "timeout");
    const pid = Number(await Deno.readTextFile(`${folder}/pid`));
    assert.equal(await processStart(pid), undefined);
  }));

Deno.test("a cancelled `clusterUp()` leaves no process", () =>
  inFolder(async (folder) => {
    const cancel = new AbortController();
    const script = `echo $$ > '${folder}/pid'; exec sleep 1000`;
    const events = clusterUp({ ...options(folder, script), signal: cancel.signal });
    assert.equal((await events.next()).value?.kind, "starting");
    const rest = failure(events);
    while (!(await lastLines(`${folder}/pid`, 1)).length) await Promise.resolve();
    cancel.abort();
    assert.equal((await rest).kind, "cancelled");
    const pid = Number(await Deno.readTextFile(`${folder}/pid`));
    assert.equal(await processStart(pid), undefined);
  }));
