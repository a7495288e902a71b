import { Changes } from "../../base/testing/changes.ts";
import { otherThan, unless } from "../../base/testing/unless.ts";
import assert from "node:assert/strict";
/** The events of a watched folder of this machine. */
import type { EndpointEvent } from "../core/endpoint.ts";
import { ignoringOf } from "../core/ignore_rules.ts";
import { watchFolder, watchPulse } from "./watch.ts";

/** Records events, and waits for a given event. */
class Received {
  readonly event: string[] = [];
  readonly #changes = new Changes();

  readonly onEvent = (one: EndpointEvent): void => {
    this.event.push(one.kind === "changed" ? one.path : one.kind);
    this.#changes.changed();
  };

  async has(requested: string): Promise<void> {
    const what = () => `an event of ${requested}; there are: ${this.event}`;
    await this.#changes.holds(what, () => this.event.includes(requested));
  }
}

Deno.test("edits are reported by their paths, except kodama's own and excluded files", async () => {
  const root = await Deno.makeTempDir({ prefix: "kodama-watch-" });
  await Deno.mkdir(`${root}/modules`);
  await Deno.mkdir(`${root}/d`);
  await Deno.mkdir(`${root}/.kodama-sync-test`);
  const received = new Received();
  const rules = { rank: "gitignore", name: "test", text: "modules/\n*.log\n" } as const;
  const ignoring = ignoringOf((folder) => folder === "" ? [rules] : []);
  {
    using watch = watchFolder(root, received.onEvent, { ignoring: () => ignoring });
    assert.notEqual(watch.by, "polling");
    await Deno.writeTextFile(`${root}/.kodama-sync-test/0`, "staged");
    await Deno.writeTextFile(`${root}/modules/a`, "a");
    await Deno.writeTextFile(`${root}/a.log`, "a");
    await Deno.writeTextFile(`${root}/d/file`, "a");
    // Events arrive in the order of the changes: any earlier event would have arrived.
    await received.has("d/file");
    assert.deepEqual([...new Set(received.event)], ["d/file"]);
    await Deno.rename(`${root}/d/file`, `${root}/moved`);
    await received.has("moved");
    await Deno.remove(`${root}/moved`);
  }
  await Deno.remove(root, { recursive: true });
});

Deno.test("rules that change may change everything, wherever they stand", async () => {
  const root = await Deno.makeTempDir({ prefix: "kodama-watch-" });
  await Deno.mkdir(`${root}/deep`);
  for (const path of [".gitignore", "deep/.kodamaignore"]) {
    const received = new Received();
    using _watch = watchFolder(root, received.onEvent, { ignoring: () => undefined });
    await Deno.writeTextFile(`${root}/${path}`, "x\n");
    await received.has("changedAnywhere");
    assert.ok(!received.event.includes(path), "not as an edit of one file");
  }
  await Deno.remove(root, { recursive: true });
});

Deno.test("a folder that can't be watched is looked through now and then", () => {
  using watch = watchFolder("/nowhere/at/all", () => {}, { ignoring: () => undefined });
  assert.equal(watch.by, "polling");
});

Deno.test("a silent system is reported, and requests a full scan", async () => {
  const root = await Deno.makeTempDir({ prefix: "kodama-watch-" });
  const onEvent: EndpointEvent[] = [];
  {
    using watch = watchFolder(root, (event) => void onEvent.push(event), {
      ignoring: () => undefined,
    });
    const system = watch.by;
    watch.setReliable(false);
    assert.equal(watch.by, "polling");
    watch.setReliable(true);
    assert.equal(watch.by, system);
    assert.deepEqual(onEvent, [
      { kind: "watched", by: "polling" },
      { kind: "changedAnywhere" },
      { kind: "watched", by: system },
      { kind: "changedAnywhere" },
    ]);
  }
  await Deno.remove(root, { recursive: true });
});

Deno.test({
  ...unless(
    otherThan("linux"),
    "a watcher that a named pipe holds is noticed, and so is its release",
  ),
  async fn() {
    const parent = await Deno.makeTempDir({ prefix: "kodama-pulse-" });
    const [folder, project] = [`${parent}/own`, `${parent}/project`];
    await Promise.all([folder, project].map((one) => Deno.mkdir(one)));
    const [silent, again] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    {
      using _watcher = Deno.watchFs(project);
      const changed = (reports: boolean) => (reports ? again : silent).resolve();
      using _pulse = watchPulse(folder, { everyMs: 50, changed });
      const pipe = `${project}/pipe`;
      const { success } = await new Deno.Command("mkfifo", { args: [pipe] }).output();
      assert.ok(success);
      await silent.promise;
      // Without its name it blocks no one again when it is closed.
      using _opened = await Deno.open(pipe, { read: true, write: true });
      await Deno.remove(pipe);
      await again.promise;
    }
    await Deno.remove(parent, { recursive: true });
  },
});

Deno.test("git's index is reported when it is written, and not as a file", async () => {
  const root = await Deno.makeTempDir({ prefix: "kodama-watch-" });
  const received = new Received();
  const written = Promise.withResolvers<void>();
  await Deno.mkdir(`${root}/.git`);
  {
    using _watch = watchFolder(root, received.onEvent, {
      ignoring: () => undefined,
      indexChanged: written.resolve,
    });
    await Deno.writeTextFile(`${root}/.git/index.lock`, "x");
    await Deno.rename(`${root}/.git/index.lock`, `${root}/.git/index`);
    await written.promise;
    assert.ok(!received.event.includes(".git/index"));
  }
  await Deno.remove(root, { recursive: true });
});
