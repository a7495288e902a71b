import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { ManualClock } from "../../base/testing/manual_clock.ts";
import type { KubeClient } from "../../kube/client.ts";
import { stateObject, storedSession } from "../../session/state.ts";
import { SessionStore } from "../../session/store.ts";
import { maxNoteChars, renewalMs } from "../../session/team.ts";
import { MemoryObjects } from "../../session/testing/memory_objects.ts";
import { sampleSession } from "../../session/testing/session.ts";
import type { Host } from "../host.ts";
import { simulatedHost } from "../testing/simulated_host.ts";
import { addNote, reportAttached, teamOf } from "./team.ts";

const { signal } = new AbortController();

/** A cluster whose clock is an hour ahead of the machine's. */
function fixture(changes: Partial<KubeClient> = {}) {
  const clock = new ManualClock();
  const server = new MemoryObjects();
  const answer = () => ({
    metadata: { creationTimestamp: new Date(clock.now().getTime() + 3_600_000).toISOString() },
    status: { userInfo: { username: "jane" } },
  });
  const raw = () => Promise.resolve(answer());
  const client = { ...server.client, raw, ...changes } as unknown as KubeClient;
  const logged: string[] = [];
  const { promise: firstLog, resolve } = Promise.withResolvers<void>();
  const log = (_level: string, _category: string, message: string) => {
    logged.push(message);
    resolve();
  };
  const host = { clock, log } as unknown as Host;
  const object = stateObject(sampleSession());
  const metadata = { ...object.metadata, uid: "u-1", resourceVersion: "7" };
  const stored = storedSession({ ...object, metadata });
  const opened = { store: new SessionStore(client, "dev", clock, signal), stored };
  const users = async () =>
    (await teamOf(host, opened, signal))?.attached.map(({ user, since, renewedAt }) =>
      `${user} ${since} ${renewedAt}`
    );
  return { clock, server, host, opened, users, logged, firstLog };
}

Deno.test("a client is attached from its first entry, by the server's clock, until it detaches", async () => {
  const { clock, host, opened, users } = fixture();
  {
    await using _attached = reportAttached(host, opened, "shell");
    await clock.waitedFor(renewalMs);
    const since = "2026-01-01T01:00:00.000Z";
    assert.deepEqual(await users(), [`jane ${since} ${since}`]);
    for (const renewedAt of ["2026-01-01T01:00:30.000Z", "2026-01-01T01:01:00.000Z"]) {
      clock.advance(renewalMs);
      await clock.waitedFor(renewalMs);
      assert.deepEqual(await users(), [`jane ${since} ${renewedAt}`]);
    }
  }
  assert.deepEqual(await users(), []);
  assert.equal(clock.waiting, 0);
});

Deno.test("the entry of a killed client expires, and the next client removes it", async () => {
  const { clock, server, host, opened, users } = fixture();
  const killed = reportAttached(host, opened, "shell");
  await clock.waitedFor(renewalMs);
  const entries = structuredClone(server.objects.get("kodama-team-my-work"));
  await killed[Symbol.asyncDispose]();
  assert.ok(entries);
  server.objects.set("kodama-team-my-work", entries);
  assert.equal((await users())?.length, 1);
  clock.advance(90_000);
  assert.deepEqual(await users(), []);
  await using _next = reportAttached(host, opened, "shell");
  await clock.waitedFor(renewalMs);
  const { data } = server.objects.get("kodama-team-my-work") as { data?: Record<string, string> };
  assert.equal(data?.["team.yaml"]?.match(/user: jane/g)?.length, 1);
});

Deno.test("a client that fails to report itself retries; without the right it doesn't", async () => {
  for (const kind of ["notFound", "forbidden"] as const) {
    const failure = () => Promise.reject(new KodamaError(kind, "no"));
    const { clock, host, opened, users, logged, firstLog } = fixture({ create: failure });
    await using _attached = reportAttached(host, opened, "shell");
    await firstLog;
    if (kind === "notFound") await clock.waitedFor(renewalMs);
    assert.deepEqual(logged, ["cannot report that this client is attached: no"]);
    assert.deepEqual(await users(), []);
  }
});

Deno.test("the end of a client that can't be reported is logged, and ends all the same", async () => {
  type Update = (signal: AbortSignal | undefined) => Promise<never>;
  const refused: Update = () => Promise.reject(new KodamaError("forbidden", "no right"));
  const silent: Update = (signal) =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  const defect: Update = () => Promise.reject(new TypeError("a defect"));
  const entryExpires = ["cannot report that this client is detached; its entry expires"];
  const rows = [[refused, entryExpires], [silent, entryExpires], [defect, []]] as const;
  for (const [update, expected] of rows) {
    const { server: { client }, clock, host, opened, logged } = fixture();
    let isAttached = false;
    const changed = Object.assign(opened.store.client, {
      update: (...[kind, name, object, scope, options]: Parameters<KubeClient["update"]>) =>
        isAttached ? update(options?.signal) : client.update(kind, name, object, scope, options),
    });
    const store = new SessionStore(changed, "dev", clock, signal);
    const attached = reportAttached(host, { ...opened, store }, "shell");
    await clock.waitedFor(renewalMs);
    isAttached = true;
    await clock.runUntil(Promise.resolve(attached[Symbol.asyncDispose]()));
    assert.deepEqual(logged, expected);
  }
});

Deno.test("`teamOf()` returns nothing without the right to read it, and throws any other error", async () => {
  for (const kind of ["forbidden", "unreachable"] as const) {
    const { host, opened } = fixture({ get: () => Promise.reject(new KodamaError(kind, "no")) });
    const team = teamOf(host, opened, signal);
    if (kind === "forbidden") assert.equal(await team, undefined);
    else await assert.rejects(team, { kind });
  }
});

Deno.test("a note has a text, and one of at most its limit", async () => {
  const kube = () => Promise.reject(new KodamaError("unreachable", "asked"));
  const host = { ...simulatedHost({}).host, kube };
  const add = (text: string) => addNote(host, { name: "web", text, signal });
  for (const text of ["", " \x1b[0m\n", "x".repeat(maxNoteChars + 1)]) {
    await assert.rejects(add(text), { kind: "usage" });
  }
  await assert.rejects(add("x".repeat(maxNoteChars)), { kind: "unreachable" });
});
