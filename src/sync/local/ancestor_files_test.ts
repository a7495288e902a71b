/** The ancestor as it is stored on the disk. */
import assert from "node:assert/strict";
import { KodamaError } from "../../base/errors.ts";
import { LocalAncestorFiles } from "./ancestor_files.ts";

interface Kept extends AsyncDisposable {
  base: string;
  journal: string;
}

async function place(): Promise<Kept> {
  const folder = await Deno.makeTempDir({ prefix: "kodama-agreed-" });
  return {
    base: `${folder}/agreed.jsonl`,
    journal: `${folder}/agreed.journal`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("a base and the lines behind it are there for the next process; a new base has none", async () => {
  await using kept = await place();
  {
    using files = new LocalAncestorFiles(kept);
    assert.deepEqual([await files.readBase(), await files.readJournal()], [undefined, ""]);
    await files.replaceBase("first\n");
    await files.append("one\n", true);
    await files.append("two\n", false);
  }
  {
    using files = new LocalAncestorFiles(kept);
    assert.equal(await files.readBase(), "first\n");
    assert.equal(await files.readJournal(), "one\ntwo\n");
    await files.replaceBase("second\n");
    await files.append("three\n", true);
  }
  using files = new LocalAncestorFiles(kept);
  assert.deepEqual([await files.readBase(), await files.readJournal()], ["second\n", "three\n"]);
});

Deno.test("a base that can't be written whole leaves the one that was, and its journal", async () => {
  await using kept = await place();
  using files = new LocalAncestorFiles(kept);
  await files.replaceBase("first\n");
  await files.append("one\n", true);
  // Blocks the path where the new file is written before it is renamed.
  await Deno.mkdir(`${kept.base}.new`);
  await assert.rejects(
    files.replaceBase("second\n"),
    (error) =>
      error instanceof KodamaError && error.message.startsWith("cannot keep what both sides"),
  );
  assert.deepEqual([await files.readBase(), await files.readJournal()], ["first\n", "one\n"]);
});

Deno.test("what both sides have is its owner's alone to read", async () => {
  await using kept = await place();
  using files = new LocalAncestorFiles(kept);
  await files.replaceBase("first\n");
  await files.append("one\n", true);
  for (const path of [kept.base, kept.journal]) {
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o077, 0, path);
  }
});
