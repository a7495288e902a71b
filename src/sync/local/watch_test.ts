/** The events of a watched folder of this machine. */
import assert from "node:assert/strict";
import type { EndNews } from "../core/endpoint.ts";
import { ignoringOf } from "../core/ignoring.ts";
import { watchFolder } from "./watch.ts";

/** Records events, and waits for one of them. */
class Heard {
  readonly news: string[] = [];
  #waiting: (() => void)[] = [];

  readonly told = (one: EndNews): void => {
    this.news.push(one.kind === "changed" ? one.path : one.kind);
    for (const wake of this.#waiting.splice(0)) wake();
  };

  async until(wanted: string): Promise<void> {
    while (!this.news.includes(wanted)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

Deno.test("edits are told by their paths; kodama's own files and what is left out aren't", async () => {
  const root = await Deno.makeTempDir({ prefix: "kodama-watch-" });
  await Deno.mkdir(`${root}/modules`);
  await Deno.mkdir(`${root}/d`);
  await Deno.mkdir(`${root}/.kodama-sync-test`);
  const heard = new Heard();
  const rules = { rank: "gitignore", name: "test", text: "modules/\n*.log\n" } as const;
  const ignoring = ignoringOf((folder) => folder === "" ? [rules] : []);
  {
    using watch = watchFolder(root, heard.told, () => ignoring);
    assert.notEqual(watch.by, "polling");
    await Deno.writeTextFile(`${root}/.kodama-sync-test/0`, "staged");
    await Deno.writeTextFile(`${root}/modules/a`, "a");
    await Deno.writeTextFile(`${root}/a.log`, "a");
    await Deno.writeTextFile(`${root}/d/file`, "a");
    // Events arrive in the order of the changes: any earlier one would have arrived.
    await heard.until("d/file");
    assert.deepEqual([...new Set(heard.news)], ["d/file"]);
    await Deno.rename(`${root}/d/file`, `${root}/moved`);
    await heard.until("moved");
    await Deno.remove(`${root}/moved`);
  }
  await Deno.remove(root, { recursive: true });
});

Deno.test("rules that change may change everything, wherever they stand", async () => {
  const root = await Deno.makeTempDir({ prefix: "kodama-watch-" });
  await Deno.mkdir(`${root}/deep`);
  for (const path of [".gitignore", "deep/.kodamaignore"]) {
    const heard = new Heard();
    using _watch = watchFolder(root, heard.told, () => undefined);
    await Deno.writeTextFile(`${root}/${path}`, "x\n");
    await heard.until("changedAnywhere");
    assert.ok(!heard.news.includes(path), "not as an edit of one file");
  }
  await Deno.remove(root, { recursive: true });
});

Deno.test("a folder that can't be watched is looked through now and then", () => {
  using watch = watchFolder("/nowhere/at/all", () => {}, () => undefined);
  assert.equal(watch.by, "polling");
});

Deno.test("a system that falls silent is told, and that all has to be looked through", async () => {
  const root = await Deno.makeTempDir({ prefix: "kodama-watch-" });
  const told: EndNews[] = [];
  {
    using watch = watchFolder(root, (news) => void told.push(news), () => undefined);
    const system = watch.by;
    watch.tells(false);
    assert.equal(watch.by, "polling");
    watch.tells(true);
    assert.equal(watch.by, system);
    assert.deepEqual(told, [
      { kind: "watched", by: "polling" },
      { kind: "changedAnywhere" },
      { kind: "watched", by: system },
      { kind: "changedAnywhere" },
    ]);
  }
  await Deno.remove(root, { recursive: true });
});
