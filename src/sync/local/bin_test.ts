/** Files that a sync has removed or replaced, and how they are restored. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Bin, binsIn, openBin } from "./bin.ts";

/** A folder, its bin, and a clock. */
class Folder implements AsyncDisposable {
  nowMs = Date.UTC(2026, 0, 1);
  bin: Bin;

  private constructor(readonly root: string, readonly binFolder: string) {
    this.bin = this.opened();
  }

  static async open(): Promise<Folder> {
    const top = await Deno.makeTempDir({ prefix: "kodama-bin-" });
    await Deno.mkdir(`${top}/root`);
    return new Folder(`${top}/root`, `${top}/bin`);
  }

  opened(limits?: ConstructorParameters<typeof Bin>[2]): Bin {
    return this.bin = new Bin(this.binFolder, () => new Date(this.nowMs), limits);
  }

  write(path: string, text: string): void {
    const full = `${this.root}/${path}`;
    Deno.mkdirSync(full.slice(0, full.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(full, text);
  }

  /** Replaces a file as a step does: by a rename. */
  replace(path: string, text: string): void {
    this.bin.keep(this.root, path, "copy");
    Deno.writeTextFileSync(`${this.root}/.part`, text);
    Deno.renameSync(`${this.root}/.part`, `${this.root}/${path}`);
  }

  read(path: string): string | undefined {
    try {
      return Deno.readTextFileSync(`${this.root}/${path}`);
    } catch {
      return undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.root.slice(0, -5), { recursive: true });
  }
}

Deno.test("removed and replaced files come back as they were, and what replaced them stays in the bin", async () => {
  await using folder = await Folder.open();
  folder.write("src/a", "a1");
  folder.write("src/deep/b", "b1");
  Deno.chmodSync(`${folder.root}/src/a`, 0o755);
  Deno.symlinkSync("src/a", `${folder.root}/link`);
  folder.replace("src/a", "a2");
  folder.bin.next();
  folder.nowMs += 1000;
  for (const path of ["src/a", "src/deep/b", "link"]) folder.bin.keep(folder.root, path, "remove");
  Deno.removeSync(`${folder.root}/src/deep`);
  folder.bin.next();
  folder.nowMs += 3_600_000;
  const undone = folder.opened().undo(folder.root);
  assert.deepEqual(undone.restored, ["link", "src/a", "src/deep/b"]);
  assert.deepEqual(undone.failed, []);
  assert.equal(undone.since?.toISOString(), "2026-01-01T00:00:00.000Z");
  assert.deepEqual(["src/a", "src/deep/b"].map((path) => folder.read(path)), ["a1", "b1"]);
  assert.equal((Deno.statSync(`${folder.root}/src/a`).mode ?? 0) & 0o777, 0o755);
  assert.equal(Deno.readLinkSync(`${folder.root}/link`), "src/a");
  // The second version, which an undo has replaced, isn't lost either, but isn't undone again.
  assert.deepEqual(folder.bin.undo(folder.root).restored, []);
  const kept = [...Deno.readDirSync(folder.binFolder)].map(({ name }) => name);
  assert.equal(Deno.readTextFileSync(`${folder.binFolder}/${kept[0]}/src/a`), "a2");
});

Deno.test("changes that are minutes apart are undone one after the other", async () => {
  await using folder = await Folder.open();
  for (const text of ["1", "2", "3"]) {
    if (text === "1") folder.write("a", text);
    else folder.replace("a", text);
    folder.bin.next();
    folder.nowMs += 90_000;
  }
  for (const text of ["2", "1"]) {
    folder.bin.undo(folder.root);
    assert.equal(folder.read("a"), text);
  }
});

Deno.test("an undo writes through no link and into no folder, and says so", async () => {
  await using folder = await Folder.open();
  folder.write("d/a", "a");
  folder.write("b", "b");
  for (const path of ["d/a", "b"]) folder.bin.keep(folder.root, path, "remove");
  folder.bin.next();
  Deno.removeSync(`${folder.root}/d`);
  Deno.mkdirSync(`${folder.root}/../outside`);
  Deno.symlinkSync("../outside", `${folder.root}/d`);
  Deno.mkdirSync(`${folder.root}/b`);
  const { restored, failed } = folder.bin.undo(folder.root);
  assert.deepEqual(restored, []);
  assert.deepEqual(failed.map(({ path }) => path).sort(), ["b", "d/a"]);
  assert.deepEqual([...Deno.readDirSync(`${folder.root}/../outside`)], []);
});

Deno.test("the oldest batches go for their age and size, the newest stay behind a clock that jumps", async () => {
  await using folder = await Folder.open();
  const dayMs = 24 * 3_600_000;
  folder.opened({ maxAgeMs: 7 * dayMs, maxBytes: 10, newest: 2 });
  const keep = (text: string) => {
    folder.write("a", text);
    folder.bin.keep(folder.root, "a", "remove");
    folder.bin.next();
    return [...Deno.readDirSync(folder.binFolder)].length;
  };
  assert.deepEqual(["1", "2", "3"].map(keep), [1, 2, 3]);
  folder.nowMs += 40 * dayMs;
  assert.equal(keep("4"), 2, "the clock has jumped");
  assert.equal(keep("1234567890"), 1, "there is no more room");
});

Deno.test("nothing of a path is lost, whatever is removed and replaced in which order", async () => {
  await using folder = await Folder.open();
  const step = fc.record({
    path: fc.constantFrom("a", "b", "a/c"),
    how: fc.constantFrom("write" as const, "replace" as const, "remove" as const, "next" as const),
  });
  let serial = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const written: string[] = [];
      for (const { path, how } of steps) {
        if (how === "next") folder.bin.next();
        const info = (at: string) => {
          try {
            return Deno.lstatSync(`${folder.root}/${at}`);
          } catch {
            return undefined;
          }
        };
        if (path === "a/c" && info("a")?.isFile === true) continue;
        if (info(path)?.isDirectory === true) continue;
        const text = String(serial++);
        if (how === "write" && info(path) === undefined) {
          folder.write(path, text);
          written.push(text);
        } else if (how === "replace" && info(path) !== undefined) {
          folder.replace(path, text);
          written.push(text);
        } else if (how === "remove" && info(path) !== undefined) {
          folder.bin.keep(folder.root, path, "remove");
          if (path === "a/c") Deno.removeSync(`${folder.root}/a`);
        }
      }
      const all = textsIn(folder.root.slice(0, -5));
      for (const text of written) assert.ok(all.has(text), text);
    }),
    { numRuns: 200 },
  );
});

function textsIn(folder: string, found = new Set<string>()): Set<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    if (isDirectory) textsIn(`${folder}/${name}`, found);
    else found.add(Deno.readTextFileSync(`${folder}/${name}`));
  }
  return found;
}

Deno.test("a bin belongs to one sync and one folder, and is found without the sync", async () => {
  const config = await Deno.makeTempDir({ prefix: "kodama-bin-" });
  try {
    await openBin(config, { key: "default.web", local: "/one" });
    await openBin(config, { key: "default.web", local: "/two" });
    const found = (await binsIn(config)).map(({ key, local }) => `${key} ${local}`).sort();
    assert.deepEqual(found, ["default.web /one", "default.web /two"]);
    assert.deepEqual(await binsIn(`${config}/none`), []);
  } finally {
    await Deno.remove(config, { recursive: true });
  }
});
