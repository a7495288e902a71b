/** The whole life of a synchronisation, with a manual clock. */
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { ManualClock, quiet } from "../../base/testing/manual_clock.ts";
import type { EndNews } from "../core/endpoint.ts";
import { linuxRules } from "../core/held_paths.ts";
import { ignoresNothing, MemoryEnd, MemoryFiles } from "../testing/memory_end.ts";
import { MemoryTree } from "../testing/memory_tree.ts";
import { SideLostError, type StepFailure } from "../core/tree.ts";
import { AncestorStore } from "./ancestor_store.ts";
import { SyncEngine } from "./engine.ts";
import { PurposeGoneError, type WatchedRemoteEnd } from "./parts.ts";
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

class World implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly trees = { local: new MemoryTree("local"), remote: new MemoryTree("remote") };
  readonly phases: string[] = [];
  readonly log: string[] = [];
  /** Errors of the next attempts to connect. */
  readonly refusals: (KodamaError | SideLostError | PurposeGoneError)[] = [];
  remote: TestRemote | undefined;
  engine!: SyncEngine;
  state!: SyncState;
  #told: (news: EndNews) => void = () => {};
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  attempts = 0;

  static async open(watcher = "test"): Promise<World> {
    const world = new World();
    const local = new MemoryEnd(world.trees.local);
    world.engine = new SyncEngine({
      mode: "two-way-safe",
      local,
      localWatcher: () => "test",
      connect: (told) => {
        world.attempts++;
        const refusal = world.refusals.shift();
        if (refusal !== undefined) return Promise.reject(refusal);
        world.#told = told;
        world.remote = new TestRemote(world.trees.remote);
        world.remote.watcher = watcher;
        return Promise.resolve(world.remote);
      },
      rules: { local: linuxRules, remote: linuxRules },
      store: await AncestorStore.open(new MemoryFiles()),
      ignoring: () => ignoresNothing,
      clock: world.clock,
      told: (state) => {
        world.state = state;
        const text = state.reason === "" ? state.phase : `${state.phase}: ${state.reason}`;
        if (world.phases.at(-1) !== text) world.phases.push(text);
      },
      log: (line) => world.log.push(line),
    });
    return world;
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
    const news = { kind: "changed", path } as const;
    if (side === "local") this.engine.localNews(news);
    else this.#told(news);
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
  await using world = await World.open();
  world.trees.local.save("a", "1");
  world.run();
  await world.pass(10);
  assert.equal(world.text("remote", "a"), "1");
  world.save("local", "a", "2");
  await world.pass(100);
  assert.equal(world.text("remote", "a"), "2");
  world.save("remote", "b", "3");
  await world.pass(100);
  assert.equal(world.text("local", "b"), "3");
  assert.equal(world.state.phase, "watching");
  const told = world.state.history.map(({ side, what, path }) => `${side} ${what} ${path}`);
  assert.deepEqual(told, ["remote added a", "remote changed a", "local added b"]);
});

Deno.test("a pod that isn't there is waited for, longer each time, and told", async () => {
  await using world = await World.open();
  const gone = () => new KodamaError("notFound", 'pods "dev" not found');
  world.refusals.push(gone(), gone(), gone());
  world.run();
  await world.pass(100);
  assert.equal(world.state.reason, 'pods "dev" not found');
  await world.pass(400);
  assert.equal(world.attempts, 2, "after half a second");
  await world.pass(1000);
  assert.equal(world.attempts, 3, "after another second");
  await world.pass(2000);
  assert.equal(world.state.phase, "watching");
});

Deno.test("a link that breaks is mended, and what was saved meanwhile goes over", async () => {
  await using world = await World.open();
  world.run();
  await world.pass(10);
  world.remote?.cut();
  await world.pass(10);
  assert.equal(world.phases.at(-1), "waiting: the link broke");
  world.save("local", "a", "1");
  world.trees.remote.save("b", "2");
  await world.pass(1000);
  assert.deepEqual([world.text("remote", "a"), world.text("local", "b")], ["1", "2"]);
  assert.equal(world.state.connections, 2);
});

Deno.test("what is gone for good is not waited for: it ends, says why, and has changed nothing", async () => {
  await using world = await World.open();
  world.trees.local.save("a", "1");
  const ended = world.run();
  await world.pass(10);
  world.refusals.push(new PurposeGoneError("it was deleted"));
  world.remote?.cut();
  world.trees.remote.delete("a");
  await world.pass(1000);
  assert.equal(await ended, "gone");
  assert.deepEqual([world.phases.at(-1), world.attempts], ["stopped: it was deleted", 2]);
  assert.equal(world.text("local", "a"), "1");
});

Deno.test("one that a person has to say yes to sees all the same that there is nothing any more", async () => {
  await using world = await World.open();
  world.trees.local.save("a", "1");
  const ended = world.run();
  await world.pass(10);
  world.trees.remote.delete("a");
  const flushed = world.engine.flush();
  await world.pass(10);
  await flushed;
  assert.match(world.phases.at(-1) ?? "", /^halted/);
  world.refusals.push(new PurposeGoneError("it was deleted"));
  world.remote?.cut();
  await world.pass(1000);
  assert.equal(await ended, "gone");
  assert.equal(world.text("local", "a"), "1");
});

Deno.test("a pause lets go of the pod; nothing is changed until it goes on", async () => {
  await using world = await World.open();
  world.run();
  await world.pass(10);
  world.engine.pause();
  await world.pass(10);
  assert.equal(world.state.phase, "paused");
  world.save("local", "a", "1");
  await world.pass(60_000);
  assert.equal(world.text("remote", "a"), undefined);
  world.engine.resume(false);
  await world.pass(10);
  assert.equal(world.text("remote", "a"), "1");
});

Deno.test("a side that was emptied stops everything until a person says yes", async () => {
  await using world = await World.open();
  world.trees.local.save("a", "1");
  world.run();
  await world.pass(10);
  world.trees.remote.delete("a");
  const flushed = world.engine.flush();
  await world.pass(10);
  assert.equal(await flushed, "the pod's folder has nothing in it any more");
  assert.equal(world.phases.at(-1), "halted: the pod's folder has nothing in it any more");
  assert.equal(world.text("local", "a"), "1");
  world.engine.resume(true);
  await world.pass(1000);
  assert.deepEqual([world.text("local", "a"), world.state.phase], [undefined, "watching"]);
});

Deno.test("a full disk is waited for, told, and then gone on with", async () => {
  await using world = await World.open();
  const full: StepFailure = { kind: "failed", reason: "full", message: "No space left on device" };
  world.trees.remote.hook = (place) => place === "before" ? full : undefined;
  world.trees.local.save("a", "1");
  world.run();
  await world.pass(100);
  assert.equal(world.phases.at(-1), "waiting: no space is left: No space left on device");
  const flushed = world.engine.flush();
  await world.pass(60_000);
  assert.equal(await flushed, "no space is left: No space left on device");
  world.trees.remote.hook = () => undefined;
  const later = world.engine.flush();
  await world.pass(60_000);
  assert.equal(await later, undefined);
  assert.deepEqual([world.text("remote", "a"), world.state.phase], ["1", "watching"]);
});

Deno.test("a flush tells what could not be carried over, and nothing of what a rule leaves alone", async () => {
  await using world = await World.open();
  const denied: StepFailure = { kind: "failed", reason: "denied", message: "Permission denied" };
  world.trees.remote.hook = (place) => place === "before" ? denied : undefined;
  world.trees.local.save("a", "1");
  world.run();
  await world.pass(100);
  const flushed = world.engine.flush();
  await world.pass(100);
  assert.equal(await flushed, "a: Permission denied");
  world.trees.remote.hook = () => undefined;
  const later = world.engine.flush();
  await world.pass(100);
  assert.equal(await later, undefined);
});

Deno.test("a pod that can't tell is asked, and what no one told is found now and then", async () => {
  await using world = await World.open("none");
  world.run();
  await world.pass(10);
  world.trees.remote.save("a", "1");
  world.remote?.polled.push("a");
  await world.pass(3000);
  assert.equal(world.text("local", "a"), "1");
  world.trees.remote.save("b", "2");
  await world.pass(31_000);
  assert.equal(world.text("local", "b"), "2");
});

Deno.test("a conflict is told until somebody has merged it", async () => {
  await using world = await World.open();
  world.trees.local.save("a", "mine");
  world.trees.remote.save("a", "theirs");
  world.run();
  await world.pass(10);
  const [kept = ""] = world.state.conflicts;
  assert.match(kept, /^a\.conflict-remote-\d{8}T\d{6}Z$/);
  assert.deepEqual([world.text("local", kept), world.text("remote", "a")], ["theirs", "mine"]);
  world.trees.local.delete(kept);
  world.engine.localNews({ kind: "changed", path: kept });
  await world.pass(100);
  assert.deepEqual(world.state.conflicts, []);
});
