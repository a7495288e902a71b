import assert from "node:assert/strict";
import { openDraft } from "./incomplete_file.ts";

/** Runs with a folder that is removed after the test. */
async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "kodama-draft-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);
const replacing = { private: false, replace: true };

async function contentOf(folder: string): Promise<Record<string, string>> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
  const texts = names.map(async (name) => [name, await Deno.readTextFile(`${folder}/${name}`)]);
  return Object.fromEntries(await Promise.all(texts));
}

Deno.test("`openDraft()` replaces the earlier file only when the draft is complete", () =>
  withFolder(async (folder) => {
    const path = `${folder}/dump`;
    await Deno.writeTextFile(path, "monday");
    await using draft = await openDraft(path, replacing);
    await draft.write(bytes("tues"));
    assert.equal(await Deno.readTextFile(path), "monday");
    await draft.write(bytes("day"));
    await draft.complete();
    assert.deepEqual(await contentOf(folder), { dump: "tuesday" });
    assert.equal(await draft.keep(), undefined);
  }));

Deno.test("a draft that fails leaves the earlier file, and its bytes as NAME.incomplete", () =>
  withFolder(async (folder) => {
    const path = `${folder}/dump`;
    await Deno.writeTextFile(path, "monday");
    for (const text of ["header", "other"]) {
      await using draft = await openDraft(path, replacing);
      await draft.write(bytes(text));
      assert.equal(await draft.keep(), `${path}.incomplete`);
    }
    assert.deepEqual(await contentOf(folder), { dump: "monday", "dump.incomplete": "other" });
    {
      await using draft = await openDraft(path, replacing);
      assert.equal(await draft.keep(), undefined);
    }
    assert.deepEqual(await contentOf(folder), { dump: "monday", "dump.incomplete": "other" });
  }));

Deno.test("a draft whose process is killed has a name that says that it is incomplete", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/dump`, "monday");
    await using draft = await openDraft(`${folder}/dump`, replacing);
    await draft.write(bytes("half"));
    const { dump, ...others } = await contentOf(folder);
    assert.equal(dump, "monday");
    assert.match(Object.keys(others).join(), /^dump\.incomplete-[0-9a-f]{8}$/);
  }));

Deno.test("two drafts of one file don't mix: the later end has the name, or is a conflict", () =>
  withFolder(async (folder) => {
    for (const replace of [true, false]) {
      const path = `${folder}/${replace}`;
      await using first = await openDraft(path, { private: false, replace });
      await using second = await openDraft(path, { private: false, replace });
      for (const part of ["1", "2"]) {
        await first.write(bytes(`a${part}`));
        await second.write(bytes(`b${part}`));
      }
      await first.complete();
      assert.equal(await Deno.readTextFile(path), "a1a2");
      if (replace) await second.complete();
      else await assert.rejects(second.complete(), { kind: "conflict" });
    }
    assert.deepEqual(await contentOf(folder), {
      "false": "a1a2",
      "false.incomplete": "b1b2",
      "true": "b1b2",
    });
  }));

Deno.test("`openDraft()` refuses a folder, replaces a link itself, and protects a private file", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/taken`);
    await assert.rejects(openDraft(`${folder}/taken`, replacing), /is not a file/);
    await Deno.remove(`${folder}/taken`);
    await Deno.writeTextFile(`${folder}/target`, "mine");
    await Deno.symlink(`${folder}/target`, `${folder}/link`);
    await using draft = await openDraft(`${folder}/link`, { private: true, replace: true });
    await draft.write(bytes("new"));
    await draft.complete();
    assert.deepEqual(await contentOf(folder), { link: "new", target: "mine" });
    assert.equal((await Deno.stat(`${folder}/link`)).mode! & 0o777, 0o600);
  }));
