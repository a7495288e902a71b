/** The whole life of a synchronisation, with a manual clock. */
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { ManualClock, quiet } from "../../base/testing/manual_clock.ts";
import type { EndpointEvent } from "../core/endpoint.ts";
import { linuxRules } from "../core/skipped_paths.ts";
import { ignoresNothing, MemoryEnd, MemoryFiles } from "../testing/memory_end.ts";
import { MemoryTree } from "../testing/memory_tree.ts";
import { type ActionFailure, SideLostError } from "../core/tree.ts";
import { AncestorStore } from "./ancestor_store.ts";
import { SyncEngine } from "./engine.ts";
import { PurposeEndedError, type WatchedRemoteEnd } from "./parts.ts";
import type { SyncState } from "./status.ts";

/** A pod's end whose connection a test breaks. */
class TestRemote extends MemoryEnd implements WatchedRemoteEnd {
  readonly #lost = Promise.withResolvers<Error>();
  override readonly lost = this.#lost.promise;
  watcher: string | undefined = "test";
  readonly watchIsStale = false;
  /** Answers of a pod without a watcher to polls. */
  polled: string[] = [];

  watch(): Promise<void> {
    return Promise.resolve();
  }

  changed(): Promise<string[]> {
    return Promise.resolve(this.polled.splice(0));
  }

  cut(): void {
    this.#lost.resolve(new SideLostError("remote", { reason: "the link broke" }));
  }
}

class Fixture implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly trees = { local: new MemoryTree("local"), remote: new MemoryTree("remote") };
  readonly phases: string[] = [];
  readonly log: string[] = [];
  /** Errors of the next attempts to connect. */
  readonly refusals: (KodamaError | SideLostError | PurposeEndedError)[] = [];
  remote: TestRemote | undefined;
  engine!: SyncEngine;
  state!: SyncState;
  #seen: (event: EndpointEvent) => void = () => {};
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  attempts = 0;

  static async open(watcher = "test"): Promise<Fixture> {
    const fixture = new Fixture();
    const local = new MemoryEnd(fixture.trees.local);
    fixture.engine = new SyncEngine({
      mode: "two-way-safe",
      local,
      localWatcher: () => "test",
      connect: (onEvent) => {
        fixture.attempts++;
        const refusal = fixture.refusals.shift();
        if (refusal !== undefined) return Promise.reject(refusal);
        fixture.#seen = onEvent;
        fixture.remote = new TestRemote(fixture.trees.remote);
        fixture.remote.watcher = watcher;
        return Promise.resolve(fixture.remote);
      },
      rules: { local: linuxRules, remote: linuxRules },
      store: await AncestorStore.open(new MemoryFiles()),
      ignoring: () => ignoresNothing,
      clock: fixture.clock,
      onEvent: (state) => {
        fixture.state = state;
        const text = state.reason === "" ? state.phase : `${state.phase}: ${state.reason}`;
        if (fixture.phases.at(-1) !== text) fixture.phases.push(text);
      },
      log: (line) => fixture.log.push(line),
    });
    return fixture;
  }

  run(): Promise<"stopped" | "gone"> {
    const running = this.engine.run(this.#stop.signal);
    this.#running = running;
    return running;
  }

  /** Advances the clock, and waits for everything that is due by then. */
  async pass(ms: number): Promise<void> {
    const until = this.clock.elapsedMs() + ms;
    let reached = false;
    using _timer = this.clock.timer(ms, () => reached = true);
    while (!reached) {
      await quiet();
      await quiet();
      this.clock.step();
    }
    await quiet();
    assert.ok(this.clock.elapsedMs() <= until);
  }

  /** A save that the side's watcher reports. */
  save(side: "local" | "remote", path: string, text: string): void {
    this.trees[side].save(path, text);
    const event = { kind: "changed", path } as const;
    if (side === "local") this.engine.localEvent(event);
    else this.#seen(event);
  }

  text(side: "local" | "remote", path: string): string | undefined {
    const entry = this.trees[side].entries.get(path);
    return entry?.kind === "file" ? entry.digest : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    assert.match(this.phases.at(-1) ?? "", /^stopped/);
  }
}

Deno.test("a saved file is on the other side within a tenth of a second, either way", async () => {
  await using fixture = await Fixture.open();
  fixture.trees.local.save("a", "1");
  fixture.run();
  await fixture.pass(10);
  assert.equal(fixture.text("remote", "a"), "1");
  fixture.save("local", "a", "2");
  await fixture.pass(100);
  assert.equal(fixture.text("remote", "a"), "2");
  fixture.save("remote", "b", "3");
  await fixture.pass(100);
  assert.equal(fixture.text("local", "b"), "3");
  assert.equal(fixture.state.phase, "watching");
  const onEvent = fixture.state.history.map(({ side, what, path }) => `${side} ${what} ${path}`);
  assert.deepEqual(onEvent, ["remote added a", "remote changed a", "local added b"]);
});

Deno.test("a missing pod is retried at growing intervals, and reported", async () => {
  await using fixture = await Fixture.open();
  const gone = () => new KodamaError("notFound", 'pods "dev" not found');
  fixture.refusals.push(gone(), gone(), gone());
  fixture.run();
  await fixture.pass(100);
  assert.equal(fixture.state.reason, 'pods "dev" not found');
  await fixture.pass(700);
  assert.equal(fixture.attempts, 2, "after the first delay");
  await fixture.pass(1600);
  assert.equal(fixture.attempts, 3, "after twice as long");
  await fixture.pass(3200);
  assert.equal(fixture.state.phase, "watching");
});

Deno.test("a link that breaks is mended, and what was saved meanwhile goes over", async () => {
  await using fixture = await Fixture.open();
  fixture.run();
  await fixture.pass(10);
  fixture.remote?.cut();
  await fixture.pass(10);
  assert.equal(fixture.phases.at(-1), "waiting: the link broke");
  fixture.save("local", "a", "1");
  fixture.trees.remote.save("b", "2");
  await fixture.pass(1000);
  assert.deepEqual([fixture.text("remote", "a"), fixture.text("local", "b")], ["1", "2"]);
  assert.equal(fixture.state.connections, 2);
});

Deno.test("what is gone for good is not waited for: it ends, says why, and has changed nothing", async () => {
  await using fixture = await Fixture.open();
  fixture.trees.local.save("a", "1");
  const ended = fixture.run();
  await fixture.pass(10);
  fixture.refusals.push(new PurposeEndedError("it was deleted"));
  fixture.remote?.cut();
  fixture.trees.remote.delete("a");
  await fixture.pass(1000);
  assert.equal(await ended, "gone");
  assert.deepEqual([fixture.phases.at(-1), fixture.attempts], ["stopped: it was deleted", 2]);
  assert.equal(fixture.text("local", "a"), "1");
});

Deno.test("one that a person has to say yes to sees all the same that there is nothing any more", async () => {
  await using fixture = await Fixture.open();
  fixture.trees.local.save("a", "1");
  const ended = fixture.run();
  await fixture.pass(10);
  fixture.trees.remote.delete("a");
  const flushed = fixture.engine.flush();
  await fixture.pass(10);
  await flushed;
  assert.match(fixture.phases.at(-1) ?? "", /^halted/);
  fixture.refusals.push(new PurposeEndedError("it was deleted"));
  fixture.remote?.cut();
  await fixture.pass(1000);
  assert.equal(await ended, "gone");
  assert.equal(fixture.text("local", "a"), "1");
});

Deno.test("a pause lets go of the pod; nothing is changed until it goes on", async () => {
  await using fixture = await Fixture.open();
  fixture.run();
  await fixture.pass(10);
  fixture.engine.pause();
  await fixture.pass(10);
  assert.equal(fixture.state.phase, "paused");
  fixture.save("local", "a", "1");
  await fixture.pass(60_000);
  assert.equal(fixture.text("remote", "a"), undefined);
  fixture.engine.resume(false);
  await fixture.pass(10);
  assert.equal(fixture.text("remote", "a"), "1");
});

Deno.test("a side that was emptied stops everything until a person says yes", async () => {
  await using fixture = await Fixture.open();
  fixture.trees.local.save("a", "1");
  fixture.run();
  await fixture.pass(10);
  fixture.trees.remote.delete("a");
  const flushed = fixture.engine.flush();
  await fixture.pass(10);
  assert.equal(await flushed, "the pod's folder has nothing in it any more");
  assert.equal(fixture.phases.at(-1), "halted: the pod's folder has nothing in it any more");
  assert.equal(fixture.text("local", "a"), "1");
  fixture.engine.resume(true);
  await fixture.pass(1000);
  assert.deepEqual([fixture.text("local", "a"), fixture.state.phase], [undefined, "watching"]);
});

Deno.test("a full disk is reported, retried, and then the sync continues", async () => {
  await using fixture = await Fixture.open();
  const full: ActionFailure = {
    kind: "failed",
    reason: "full",
    message: "No space left on device",
  };
  fixture.trees.remote.hook = (place) => place === "before" ? full : undefined;
  fixture.trees.local.save("a", "1");
  fixture.run();
  await fixture.pass(100);
  assert.equal(fixture.phases.at(-1), "waiting: no space is left: No space left on device");
  const flushed = fixture.engine.flush();
  await fixture.pass(60_000);
  assert.equal(await flushed, "no space is left: No space left on device");
  fixture.trees.remote.hook = () => undefined;
  const later = fixture.engine.flush();
  await fixture.pass(60_000);
  assert.equal(await later, undefined);
  assert.deepEqual([fixture.text("remote", "a"), fixture.state.phase], ["1", "watching"]);
});

Deno.test("a flush reports what could not be carried over, and not what a rule leaves alone", async () => {
  await using fixture = await Fixture.open();
  const denied: ActionFailure = { kind: "failed", reason: "denied", message: "Permission denied" };
  fixture.trees.remote.hook = (place) => place === "before" ? denied : undefined;
  fixture.trees.local.save("a", "1");
  fixture.run();
  await fixture.pass(100);
  const flushed = fixture.engine.flush();
  await fixture.pass(100);
  assert.equal(await flushed, "a: Permission denied");
  fixture.trees.remote.hook = () => undefined;
  const later = fixture.engine.flush();
  await fixture.pass(100);
  assert.equal(await later, undefined);
});

Deno.test("a pod without a watcher is polled, and missed changes are found by full scans", async () => {
  await using fixture = await Fixture.open("none");
  fixture.run();
  await fixture.pass(10);
  fixture.trees.remote.save("a", "1");
  fixture.remote?.polled.push("a");
  await fixture.pass(3000);
  assert.equal(fixture.text("local", "a"), "1");
  fixture.trees.remote.save("b", "2");
  await fixture.pass(31_000);
  assert.equal(fixture.text("local", "b"), "2");
});

Deno.test("a conflict is reported until it is merged", async () => {
  await using fixture = await Fixture.open();
  fixture.trees.local.save("a", "mine");
  fixture.trees.remote.save("a", "theirs");
  fixture.run();
  await fixture.pass(10);
  const [kept = ""] = fixture.state.conflicts;
  assert.match(kept, /^a\.conflict-remote-\d{8}T\d{6}Z$/);
  assert.deepEqual([fixture.text("local", kept), fixture.text("remote", "a")], ["theirs", "mine"]);
  fixture.trees.local.delete(kept);
  fixture.engine.localEvent({ kind: "changed", path: kept });
  await fixture.pass(100);
  assert.deepEqual(fixture.state.conflicts, []);
});
