/** Two real folders and a real shell between them, over links that are cut at any byte. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock } from "../../base/clock.ts";
import type { ExecChannel } from "../../kube/client.ts";
import { AncestorStore } from "./ancestor_store.ts";
import { Passes } from "./passes.ts";
import { StateTracker } from "./state_tracker.ts";
import { PodEndpoint } from "../remote/endpoint.ts";
import { RemoteIndex } from "../remote/remote_index.ts";
import { linuxRules } from "../core/skipped_paths.ts";
import { type Ignoring, ignoringOf } from "../core/ignore_rules.ts";
import { MemoryFiles } from "../testing/memory_end.ts";
import { runs } from "../testing/runs.ts";
import { ShellChannel } from "../testing/shell_channel.ts";
import { SideLostError } from "../core/tree.ts";
import { nativeChecksums } from "../../copy/local/files.ts";
import { LocalFolder } from "../local/folder.ts";

const shell = { name: "GNU", path: "/bin:/usr/bin" };
const { signal } = new AbortController();

/** Forwards N bytes, in either direction, and then closes. */
class CutChannel implements ExecChannel {
  readonly output: ExecChannel["output"];
  readonly end: ExecChannel["end"];
  #left: number;

  constructor(private readonly inner: ShellChannel, left: number) {
    this.#left = left;
    this.output = this.#cut();
    this.end = inner.end;
  }

  async *#cut(): AsyncGenerator<{ stream: "stdout" | "stderr"; bytes: Uint8Array }> {
    for await (const { stream, bytes } of this.inner.output) {
      const taken = bytes.subarray(0, this.#left);
      this.#left -= taken.length;
      if (taken.length > 0) yield { stream, bytes: taken };
      if (this.#left === 0) return await this.inner.close();
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    const taken = bytes.subarray(0, this.#left);
    this.#left -= taken.length;
    await this.inner.write(taken);
    if (this.#left === 0) await this.inner.close();
  }

  closeStdin(): Promise<boolean> {
    return this.inner.closeStdin();
  }

  resize(): Promise<void> {
    return this.inner.resize();
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.inner.close();
  }
}

/** Two folders, and the state that is kept between connections. */
class World implements AsyncDisposable {
  readonly #ignoring: Ignoring = ignoringOf(() => []);
  readonly #knowledge = new RemoteIndex();
  readonly #local: LocalFolder;
  #passes: Passes | undefined;

  private constructor(private readonly folder: string) {
    this.#local = new LocalFolder(`${folder}/local`, "test", linuxRules);
  }

  static async open(): Promise<World> {
    const folder = await Deno.makeTempDir({ prefix: "kodama-faults-" });
    await Deno.mkdir(`${folder}/local`);
    await Deno.mkdir(`${folder}/remote`);
    return new World(folder);
  }

  path(side: "local" | "remote", name: string): string {
    return `${this.folder}/${side}/${name}`;
  }

  async save(side: "local" | "remote", name: string, text: string): Promise<void> {
    const path = this.path(side, name);
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(path, text);
  }

  /** A connection that is cut after N bytes; returns whether the pass ended. */
  async connect(bytes: number): Promise<boolean> {
    this.#passes ??= new Passes({
      mode: "two-way-safe",
      local: this.#local,
      localWatcher: () => "test",
      connect: () => Promise.reject(new Error("not asked for")),
      rules: { local: linuxRules, remote: linuxRules },
      store: await AncestorStore.open(new MemoryFiles()),
      ignoring: () => this.#ignoring,
      clock: systemClock,
      onEvent: () => {},
      log: () => {},
    }, new StateTracker("two-way-safe", systemClock, () => {}));
    try {
      await using remote = await PodEndpoint.open({
        open: (command) =>
          Promise.resolve(new CutChannel(new ShellChannel(shell, command, this.folder), bytes)),
        root: "remote",
        key: "test",
        index: this.#knowledge,
        native: nativeChecksums,
        clock: systemClock,
        onEvent: () => {},
      }, signal);
      this.#local.use(remote.digests);
      for (let pass = 0; pass < 5; pass++) {
        const work = {
          paths: { local: new Set<string>(), remote: new Set<string>() },
          anywhere: true,
        };
        const { kind } = await this.#passes.run(work, { remote, acceptRemovals: true, signal });
        if (kind === "quiet") return true;
      }
      return false;
    } catch (error) {
      if (error instanceof SideLostError) return false;
      throw error;
    }
  }

  /** Contents of all files of a side, by their paths. */
  async contents(side: "local" | "remote"): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    const walk = async (folder: string): Promise<void> => {
      for await (const { name, isDirectory } of Deno.readDir(this.path(side, folder))) {
        if (name.startsWith(".kodama-sync-")) continue;
        const path = folder === "" ? name : `${folder}/${name}`;
        if (isDirectory) await walk(path);
        else found.set(path, await Deno.readTextFile(this.path(side, path)));
      }
    };
    await walk("");
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("a folder in the pod that is restored from a copy takes nothing away here", async () => {
  await using world = await World.open();
  const whole = Number.MAX_SAFE_INTEGER;
  await world.save("local", "a", "monday");
  await world.save("local", "b", "monday");
  assert.ok(await world.connect(whole));
  await copyFolder(world.path("remote", ""), world.path("local", "../copy"));
  await world.save("local", "b", "tuesday");
  await world.save("local", "work/c", "tuesday");
  assert.ok(await world.connect(whole));
  await Deno.remove(world.path("remote", ""), { recursive: true });
  await copyFolder(world.path("local", "../copy"), world.path("remote", ""));
  assert.ok(await world.connect(whole));
  const found = await world.contents("local");
  assert.deepEqual(["a", "b", "work/c"].map((path) => found.get(path)), [
    "monday",
    "tuesday",
    "tuesday",
  ]);
  assert.deepEqual([...found.values()].sort(), ["monday", "monday", "tuesday", "tuesday"]);
  assert.deepEqual(await world.contents("remote"), found);
});

async function copyFolder(from: string, to: string): Promise<void> {
  const { success } = await new Deno.Command("cp", { args: ["-a", from, to] }).output();
  assert.ok(success);
}

const name = fc.constantFrom("a", "b c", "d/x", "d/y", "d/e/z");
const saved = fc.record({
  side: fc.constantFrom<"local" | "remote">("local", "remote"),
  name,
  size: fc.constantFrom(0, 10, 3000, 90_000),
});
const life = fc.record({
  saves: fc.array(saved, { minLength: 1, maxLength: 5 }),
  cutAfter: fc.array(fc.integer({ min: 1, max: 250_000 }), { maxLength: 3 }),
});

Deno.test("whatever byte a link is cut at: no edit is lost, no file is torn, and both sides end in sync", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 3 }), async (lives) => {
      await using world = await World.open();
      const owed = new Set<string>();
      const every = new Set<string>();
      let count = 0;
      for (const { saves, cutAfter } of lives) {
        for (const { side, name, size } of saves) {
          const before = (await world.contents(side)).get(name);
          const text = `${++count}:`.padEnd(size, String(count % 10));
          await world.save(side, name, text);
          if (before !== undefined) owed.delete(before);
          owed.add(text);
          every.add(text);
        }
        for (const bytes of cutAfter) await world.connect(bytes);
        const held = [...(await world.contents("local")).values()].concat([
          ...(await world.contents("remote")).values(),
        ]);
        assert.deepEqual([...owed].filter((text) => !held.includes(text)), [], "an edit is lost");
        assert.deepEqual(
          held.filter((text) => !every.has(text)),
          [],
          "a content that no side saved",
        );
      }
      assert.ok(await world.connect(Number.MAX_SAFE_INTEGER), "a whole link gets through");
      assert.deepEqual(await world.contents("local"), await world.contents("remote"));
      const held = [...(await world.contents("local")).values()];
      assert.deepEqual([...owed].filter((text) => !held.includes(text)), [], "an edit is lost");
    }),
    { numRuns: runs(12) },
  );
});
