/** The process of a synchronisation, before it connects to a cluster. */
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { tryFileLock } from "../../daemon/file_lock.ts";
import { replaceFile } from "../../files/own_files.ts";
import { inTime, serveSync } from "./serve.ts";
import { syncPaths, type SyncRecord } from "./record.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";

const record: SyncRecord = {
  version: 1,
  id: "0123456789ab",
  key: "default.work",
  local: "/nowhere",
  target: { context: "c", namespace: "default", pod: "p", container: "main" },
  remotePath: "/workspace",
  mode: "two-way-safe",
  git: false,
  useGitignore: true,
  excludePatterns: [],
  kubeconfig: null,
  session: null,
};

/** Returns how serving ends in a configuration folder; `asked` counts how often a cluster was requested. */
async function serve(configDir: string): Promise<{ error: unknown; asked: number }> {
  let asked = 0;
  const error = await serveSync({
    configDir,
    key: record.key,
    clients() {
      asked++;
      return Promise.reject(new KodamaError("unreachable", "no cluster"));
    },
    requirePurpose: () => Promise.resolve(),
    signal: new AbortController().signal,
  }).then(() => undefined, (error: unknown) => error);
  return { error, asked };
}

Deno.test("of one sync one process runs: a second one ends before it looks at anything", async () => {
  const configDir = await Deno.makeTempDir({ prefix: "kodama-serve-sync-" });
  try {
    const paths = syncPaths(configDir, record.key);
    await Deno.mkdir(paths.folder, { recursive: true });
    await replaceFile(paths.record, JSON.stringify(record));
    assert.equal(((await Deno.stat(paths.record)).mode ?? 0) & 0o077, 0, "its owner's alone");
    {
      using lock = await tryFileLock(paths.lock);
      assert.ok(lock !== undefined);
      const { error, asked } = await serve(configDir);
      assert.ok(error instanceof KodamaError);
      assert.deepEqual([error.kind, asked], ["conflict", 0]);
      await assert.rejects(Deno.stat(paths.log), "the first one's events stay out of the log");
    }
    const { error, asked } = await serve(configDir);
    assert.ok(error instanceof KodamaError);
    assert.deepEqual([error.kind, asked], ["unreachable", 1], "free again, it is served");
    using lock = await tryFileLock(paths.lock);
    assert.ok(lock !== undefined, "and lets go when it ends");
  } finally {
    await Deno.remove(configDir, { recursive: true });
  }
});

Deno.test("a missing sync isn't served, and an invalid name leads to no other folder", async () => {
  const configDir = await Deno.makeTempDir({ prefix: "kodama-serve-sync-" });
  try {
    const { error } = await serve(configDir);
    assert.equal(error instanceof KodamaError && error.kind, "notFound");
    for (const key of ["../x", "", ".", "..", "a/b", "-x", "a\0b", "x".repeat(201)]) {
      assert.throws(() => syncPaths(configDir, key), KodamaError, key);
    }
  } finally {
    await Deno.remove(configDir, { recursive: true });
  }
});

const never = () => new Promise<never>(() => {});

/** Fails if the time passes. */
function before<T>(clock: ManualClock, limitMs: number, promise: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    clock.timer(limitMs, () => reject(new Error("it waits for ever")));
  });
  return clock.runUntil(Promise.race([promise, late]));
}

Deno.test("an unanswered call ends at its time limit, and when it is aborted", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  await assert.rejects(before(clock, 60_000, inTime(clock, never, stop.signal)), {
    kind: "timeout",
    message: "the cluster gave no answer within 30s",
  });
  assert.equal(clock.elapsedMs(), 30_000);
  const waiting = inTime(clock, never, stop.signal);
  stop.abort(new Error("stopped"));
  await assert.rejects(waiting, { message: "stopped" });
});

Deno.test("what was answered is ended by no limit", async () => {
  const clock = new ManualClock();
  const { signal } = new AbortController();
  const open = await inTime(clock, (own) => Promise.resolve(own), signal);
  assert.equal(clock.step(), false);
  assert.equal(open.aborted, false);
});
