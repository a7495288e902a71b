import assert from "node:assert/strict";
import fc from "fast-check";
import { KodamaError } from "../base/errors.ts";
import { ManualClock } from "../base/testing/manual_clock.ts";
import type { ConfigMap, KubeObject } from "../kube/types.ts";
import { stateObject, storedSession } from "./state.ts";
import { SessionStore } from "./store.ts";
import {
  type Attachment,
  emptyTeam,
  isAttached,
  maxNotes,
  storedTeam,
  type Team,
  teamObject,
  withAttachment,
  withNote,
  withoutAttachment,
} from "./team.ts";
import { changeTeam, readTeam } from "./team_store.ts";
import { MemoryObjects } from "./testing/memory_objects.ts";
import { sampleSession } from "./testing/session.ts";

const { signal } = new AbortController();
const stored = storedSession({
  ...stateObject(sampleSession()),
  metadata: { ...stateObject(sampleSession()).metadata, uid: "u-1", resourceVersion: "7" },
});
const at = "2026-01-01T00:00:00.000Z";
const jane: Attachment = { id: "a", user: "jane", activity: "shell", since: at, renewedAt: at };
const note = (text: string) => ({ by: "jane", at, text });

function fixture() {
  const server = new MemoryObjects();
  const clock = new ManualClock();
  return { server, clock, store: new SessionStore(server.client, "dev", clock, signal) };
}

Deno.test("a team comes back from its object as it went in; of an earlier session nothing does", () => {
  const team = withNote(withAttachment(emptyTeam, jane, new Date(at)), note("flaky: {a: [1]}"));
  const object = teamObject(stored, { team, resourceVersion: "8" });
  assert.deepEqual(storedTeam(object, stored), { team, resourceVersion: "8" });
  assert.deepEqual(storedTeam(object, { uid: "u-2" }).team, emptyTeam);
});

Deno.test("`storedTeam()` ignores what isn't valid, and returns no control characters", () => {
  const object = teamObject(stored, { team: emptyTeam });
  const read = (text: string) =>
    storedTeam({ ...object, data: { "team.yaml": text } }, stored).team;
  for (
    const text of ["", "a: [", "- 1", "a: &a 1\nb: *a", "attached: 1\nnotes: {}"]
  ) {
    assert.deepEqual(read(text), emptyTeam);
  }
  const numbered = "lastNote: 7 #";
  assert.equal(read(numbered).lastNote, 7);
  assert.deepEqual(read(numbered + "x".repeat(600_000)), emptyTeam);
  const evil = { number: 3, by: "\u001b]0;x\u0007mallory", at, text: "a\u001b[2Jb\nc\u202e" };
  const unknown = { ...jane, activity: "telepathy" };
  assert.deepEqual(read(JSON.stringify({ attached: [jane, unknown, 1], notes: [evil, {}] })), {
    attached: [jane],
    notes: [{ number: 3, by: "mallory", at, text: "ab c" }],
    lastNote: 3,
  });
});

Deno.test("a client is attached until it hasn't renewed for 90 s; one of the future isn't", () => {
  const now = (seconds: number) => new Date(Date.parse(at) + seconds * 1000);
  const rows: [seconds: number, attached: boolean][] = [[0, true], [89, true], [90, false]];
  for (const [seconds, attached] of rows) {
    assert.equal(isAttached(jane, now(seconds)), attached);
    assert.equal(isAttached(jane, now(-seconds)), attached);
  }
  const bob = { ...jane, id: "b", user: "bob", renewedAt: now(100).toISOString() };
  const team = withAttachment({ ...emptyTeam, attached: [jane] }, bob, now(100));
  assert.deepEqual(team.attached, [bob]);
  assert.deepEqual(withoutAttachment(team, "b").attached, []);
});

Deno.test("the newest notes are stored, and no number is used twice", () => {
  let team: Team = emptyTeam;
  for (let at = 0; at < maxNotes + 3; at++) team = withNote(team, note(`${at}`));
  assert.deepEqual([team.notes.length, team.notes[0]?.number], [maxNotes, 4]);
  const without = { ...team, notes: [] };
  assert.equal(withNote(without, note("x")).notes[0]?.number, maxNotes + 4);
});

Deno.test("`changeTeam()` loses no change of concurrent writers, whatever each had read before", async () => {
  const writer = fc.record({ text: fc.string(), isStale: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(writer, { maxLength: 12 }), async (writers) => {
      const { clock, store } = fixture();
      const stale = await clock.runUntil(changeTeam(store, stored, { change: (team) => team }));
      await clock.runUntil(
        Promise.all(writers.map(({ text, isStale }) =>
          changeTeam(store, stored, {
            ...(isStale ? { from: stale } : {}),
            change: (team) => withNote(team, note(`:${text}`)),
          })
        )),
      );
      const { team } = await readTeam(store, stored);
      assert.equal(team.lastNote, writers.length);
      assert.deepEqual(team.notes.map(({ number }) => number), writers.map((_, at) => at + 1));
    }),
    { numRuns: 30 },
  );
});

Deno.test("`changeTeam()` writes again what was deleted, and changes no object of someone else's", async () => {
  const { server, clock, store } = fixture();
  const from = await changeTeam(store, stored, { change: (team) => withNote(team, note("one")) });
  server.objects.clear();
  const change = (team: Team) => withNote(team, note("two"));
  const { team } = await clock.runUntil(changeTeam(store, stored, { from, change }));
  assert.deepEqual(team.notes.map(({ text }) => text), ["two"]);
  const metadata = { name: "kodama-team-my-work", labels: { "kodama.dev/session": "other" } };
  const others = { apiVersion: "v1", kind: "ConfigMap", metadata } as ConfigMap & KubeObject;
  server.objects.set(metadata.name, others);
  assert.deepEqual(await readTeam(store, stored), { team: emptyTeam });
  await assert.rejects(changeTeam(store, stored, { change }), { kind: "environment" });
  assert.equal(server.objects.get(metadata.name), others);
});

Deno.test("`changeTeam()` repeats only a lost race: any other failure of a write is the caller's", async () => {
  const change = (team: Team) => withNote(team, note("one"));
  const failures = [
    new KodamaError("forbidden", "no right"),
    new TypeError("a defect"),
  ];
  for (const failure of failures) {
    const { server, clock } = fixture();
    const { client } = server;
    let writes = 0;
    const update = () => {
      writes++;
      return Promise.reject(failure);
    };
    const failing = { ...client, update } as unknown as typeof client;
    await changeTeam(new SessionStore(client, "dev", clock, signal), stored, { change });
    const store = new SessionStore(failing, "dev", clock, signal);
    const error = await clock.runUntil(changeTeam(store, stored, { change }))
      .catch((error: unknown) => error);
    assert.equal(error, failure);
    assert.equal(writes, 1);
  }
});
