/** The process of a synchronisation, before it connects to a cluster. */
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { tryFileLock } from "../../daemon/file_lock.ts";
import { inTime, requireSession, serveSync } from "./serve_sync.ts";
import { replaceFile, syncPaths, type SyncRecord } from "./sync_folder.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import type { SyncedSession } from "../../actions/sync_control.ts";
import type { Host } from "../../actions/host.ts";
import { fillFolder } from "../../session/fill_scripts.ts";
import { stateObject } from "../../session/state.ts";
import { sampleSession } from "../../session/testing/session.ts";
import { reservedPrefix } from "../../sync/remote/loop.ts";

const record: SyncRecord = {
  version: 1,
  id: "0123456789ab",
  key: "default.work",
  local: "/nowhere",
  target: { context: "c", namespace: "default", pod: "p", container: "main" },
  remotePath: "/workspace",
  mode: "two-way-safe",
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
    host() {
      asked++;
      return Promise.reject(new KodamaError("unreachable", "no cluster"));
    },
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
      await assert.rejects(Deno.stat(paths.log), "what the first one tells stays its own");
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

Deno.test("what isn't there isn't served, and what is no name of one leads to no other folder", async () => {
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

Deno.test("a call that nobody answers ends in time, and when it isn't wanted any more", async () => {
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

const session = sampleSession();
const target = { context: "c", namespace: session.namespace, pod: "p", container: "workspace" };
const restoredAt = "2026-01-15T14:30:00.000Z";

/** Checks a sync's session in a cluster that has this state of it, or answers with an error. */
function required(
  there: { uid: string; restoredAt?: string } | KodamaError,
  synced: Omit<SyncedSession, "name">,
): Promise<void> {
  const get = () => {
    if (there instanceof KodamaError) return Promise.reject(there);
    const { uid, ...changes } = there;
    const object = stateObject({ ...session, ...changes });
    return Promise.resolve({ ...object, metadata: { ...object.metadata, uid } });
  };
  const host = { kube: () => Promise.resolve({ get }) } as unknown as Host;
  const record = { session: { name: session.name, ...synced }, target };
  return requireSession(host, record, new AbortController().signal);
}

Deno.test("`requireSession()` ends a sync whose session is another one, or was restored since it began", async () => {
  await required({ uid: "1" }, { uid: "1" });
  await required({ uid: "1", restoredAt }, { uid: "1", restoredAt });
  const name = `configmaps "kodama-session-${session.name}" not found`;
  const cases: [Parameters<typeof required>, RegExp][] = [
    [[{ uid: "2" }, { uid: "1" }], /another one of its name was begun since$/],
    [[new KodamaError("notFound", name), { uid: "1" }], /was deleted$/],
    [[{ uid: "1", restoredAt }, { uid: "1" }], /files of session ".*" were replaced by those of a/],
    [
      [{ uid: "1", restoredAt }, { uid: "1", restoredAt: "2026-01-14T14:30:00.000Z" }],
      /--sync FOLDER begins it again/,
    ],
  ];
  for (const [args, message] of cases) {
    await assert.rejects(required(...args), { name: "PurposeGoneError", message });
  }
  // A failed request proves nothing.
  await required(new KodamaError("forbidden", "no"), { uid: "1" });
});

Deno.test("files that a restore brings into a workspace have a name that no sync carries over", () => {
  assert.ok(fillFolder.startsWith(reservedPrefix));
});
