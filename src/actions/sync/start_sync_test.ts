import { action, hint } from "../../base/hint.ts";
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import type { SyncState } from "../../sync/engine/status.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import type { SyncControl } from "../../sync/daemon/model.ts";
import { stillText } from "./first_wait.ts";
import { startSync, type SyncStartEvent } from "./start_sync.ts";
import { syncReport } from "./testing/sync_report.ts";

const { spec } = syncReport();

/** Waits for a sync that reports this state, by the time since it started; ends the wait after a while. */
async function waitFor(
  stateAt: (elapsedMs: number) => Partial<SyncState>,
  { untilMs = Infinity }: { untilMs?: number } = {},
) {
  const { host, clock } = simulatedHost({});
  const control = {
    wholeOf: () => Promise.resolve(undefined),
    start: () => Promise.resolve("started"),
    keys: () => Promise.resolve([]),
    read: () => Promise.resolve(syncReport(stateAt(clock.elapsedMs()))),
  } as unknown as SyncControl;
  const stop = new AbortController();
  using _end = untilMs === Infinity ? undefined : clock.timer(untilMs, () => stop.abort());
  const { signal } = stop;
  const progress: Extract<SyncStartEvent, { kind: "progress" }>[] = [];
  const waiting = (async () => {
    const options = { spec, wait: true, signal };
    for await (
      const event of startSync({ ...host, sync: () => Promise.resolve(control) }, options)
    ) {
      if (event.kind === "progress") progress.push(event);
    }
  })();
  const error = await clock.runUntil(waiting).then(() => undefined, (error: unknown) => error);
  assert.ok(error === undefined || error instanceof KodamaError, String(error));
  return { error, progress, elapsedMs: clock.elapsedMs() };
}

const change = (atMs: number) => ({ atMs, side: "remote", what: "added", path: "a" }) as const;

Deno.test("a sync without progress is reported repeatedly, with its duration", async () => {
  const { error, progress } = await waitFor(
    (ms) => ms < 25_000 ? { phase: "scanning" } : { phase: "watching" },
  );
  assert.equal(error, undefined);
  // Each second, so that a caller that skipped the first report gets the next.
  assert.ok(progress.length >= 20 && progress.length <= 26, `${progress.length}`);
  const words = new Set(progress.map(({ phase, stillMs }) => `${phase}${stillText(stillMs)}`));
  assert.deepEqual([...words], ["scanning", "scanning for 10s", "scanning for 20s"]);
});

Deno.test("an aborted wait reports that the sync continues, and how to inspect it", async () => {
  const { error, elapsedMs } = await waitFor(() => ({ phase: "scanning" }), { untilMs: 3_000 });
  assert.deepEqual([error?.kind, error?.hint, elapsedMs], [
    "cancelled",
    hint`the sync is running in the background: ${action("sync.status", { key: "team.web-0" })}`,
    3_000,
  ]);
});

Deno.test("an unreachable pod is reported after seconds", async () => {
  const { error, elapsedMs } = await waitFor(
    () => ({ phase: "waiting", reason: "no link", connections: 0 }),
  );
  assert.equal(error?.kind, "conflict");
  assert.match(error?.message ?? "", /can't start: no link$/);
  assert.ok(elapsedMs > 5_000 && elapsedMs < 6_000, `${elapsedMs}`);
});

Deno.test("what is in the way again and again ends the wait, unless something is carried over meanwhile", async () => {
  const reason = "log changes while it is synced";
  const again = (ms: number) =>
    ms % 4_000 < 2_000 ? { phase: "syncing" as const } : { phase: "waiting" as const, reason };
  const stuck = await waitFor(again);
  assert.equal(stuck.error?.kind, "timeout");
  assert.match(
    stuck.error?.message ?? "",
    /doesn't get on: log changes while it is synced, for /,
  );
  assert.ok(stuck.elapsedMs > 60_000 && stuck.elapsedMs < 70_000, `${stuck.elapsedMs}`);
  const { error } = await waitFor((ms) =>
    ms > 300_000
      ? { phase: "watching" }
      : { ...again(ms), history: [change(Math.floor(ms / 50_000))] }
  );
  assert.equal(error, undefined);
});

Deno.test("a sync without any news is awaited up to a limit", async () => {
  const { error, elapsedMs } = await waitFor(() => ({ phase: "syncing" }));
  assert.equal(error?.kind, "timeout");
  assert.match(error?.message ?? "", /doesn't get on: syncing for 10m$/);
  assert.ok(elapsedMs > 600_000 && elapsedMs < 601_000, `${elapsedMs}`);
});
