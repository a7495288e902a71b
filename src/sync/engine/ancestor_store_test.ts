/** The ancestor over processes that exit at any time. */
import assert from "node:assert/strict";
import type { Ancestor } from "../core/model.ts";
import { file } from "../testing/memory_tree.ts";
import { type AncestorFiles, AncestorStore } from "./ancestor_store.ts";

const roots = { local: "l", remote: "r" };

function agreed(entries: Record<string, string>): Ancestor {
  const files = Object.entries(entries).map(([path, text]) => [path, file(text)] as const);
  return { roots, entries: new Map(files) };
}

/** The two files, accessible to a test. */
class Files implements AncestorFiles {
  base: string | undefined;
  journal = "";
  readBase = () => Promise.resolve(this.base);
  readJournal = () => Promise.resolve(this.journal);
  replaceBase = (text: string) => {
    [this.base, this.journal] = [text, ""];
    return Promise.resolve();
  };
  /** For each line, whether it had to survive a loss of power before anything follows. */
  durable: boolean[] = [];
  append = (line: string, durable: boolean) => {
    this.journal += line;
    this.durable.push(durable);
    return Promise.resolve();
  };
}

function textOf({ ancestor }: AncestorStore): Record<string, string> | undefined {
  if (ancestor === undefined) return undefined;
  return Object.fromEntries(
    [...ancestor.entries].map(([path, entry]) => [path, entry.kind === "file" ? entry.digest : ""]),
  );
}

Deno.test("a change of one file is a line, and comes back with the next process", async () => {
  const files = new Files();
  const store = await AncestorStore.open(files);
  await store.save(agreed({ a: "1", b: "1" }));
  const { base } = files;
  await store.save(agreed({ a: "2" }), new Set(["a"]));
  await store.save(agreed({}), new Set(["b"]));
  assert.equal(files.base, base, "the base stays");
  assert.equal(files.journal.split("\n").length, 3);
  assert.deepEqual(textOf(await AncestorStore.open(files)), { a: "2" });
});

Deno.test("what is forgotten is on the disk before anything is changed; what is learnt needn't be", async () => {
  const files = new Files();
  const store = await AncestorStore.open(files);
  await store.save(agreed({ a: "1", b: "1" }));
  await store.save(agreed({ a: "2" }), new Set(["a"]));
  await store.save(agreed({ c: "1" }), new Set(["b", "c"]));
  assert.deepEqual(files.durable, [false, true]);
});

Deno.test("a journal that is cut ends there, and one of another base counts for nothing", async () => {
  const files = new Files();
  const store = await AncestorStore.open(files);
  await store.save(agreed({ a: "1" }));
  await store.save(agreed({ a: "2" }), new Set(["a"]));
  const whole = files.journal;
  await store.save(agreed({ a: "3" }), new Set(["a"]));
  files.journal = files.journal.slice(0, -5);
  assert.deepEqual(textOf(await AncestorStore.open(files)), { a: "2" });
  await (await AncestorStore.open(files)).save({
    roots: { local: "other", remote: "r" },
    entries: new Map([["x", file("x")]]),
  });
  files.journal = whole;
  assert.deepEqual(textOf(await AncestorStore.open(files)), { x: "x" });
});

Deno.test("agreements are stored with the changes, and those to come are on the disk before anything is changed", async () => {
  const files = new Files();
  const store = await AncestorStore.open(files);
  await store.save({ ...agreed({ a: "1" }), agreements: ["1"] });
  await store.save({ ...agreed({ a: "1" }), agreements: ["1", "2"] }, new Set(["a"]));
  assert.deepEqual((await AncestorStore.open(files)).ancestor?.agreements, ["1", "2"]);
  await store.save({ ...agreed({ a: "2" }), agreements: ["2"] }, new Set(["a"]));
  assert.deepEqual(files.durable, [true, false]);
  const next = await AncestorStore.open(files);
  assert.deepEqual([textOf(next), next.ancestor?.agreements], [{ a: "2" }, ["2"]]);
});

Deno.test("lines that continue another journal of the same base count for nothing", async () => {
  const files = new Files();
  const store = await AncestorStore.open(files);
  await store.save({ ...agreed({ a: "1", b: "1" }), agreements: ["1"] });
  await store.save({ ...agreed({}), agreements: ["2"] }, new Set(["b"]));
  const copy = files.journal;
  await store.save({ ...agreed({ a: "2" }), agreements: ["3"] }, new Set(["a"]));
  // The state folder is restored while its process goes on.
  files.journal = copy;
  await store.save({ ...agreed({ c: "1" }), agreements: ["4"] }, new Set(["c"]));
  const next = await AncestorStore.open(files);
  assert.deepEqual([textOf(next), next.ancestor?.agreements], [{ a: "1" }, ["2"]]);
});

Deno.test("lines of an earlier version know no agreement", async () => {
  const files = new Files();
  const store = await AncestorStore.open(files);
  await store.save({ ...agreed({ a: "1" }), agreements: ["1"] });
  await store.save({ ...agreed({ a: "2" }), agreements: ["2"] }, new Set(["a"]));
  const line: unknown = JSON.parse(files.journal.slice(files.journal.indexOf(" ")));
  assert.ok(typeof line === "object" && line !== null && "of" in line && "changes" in line);
  const old = JSON.stringify({ of: line.of, changes: line.changes });
  files.journal = `${old.length} ${old}\n`;
  const next = await AncestorStore.open(files);
  assert.deepEqual([textOf(next), next.ancestor?.agreements], [{ a: "2" }, [""]]);
});

Deno.test("after a partial line from a full disk, the whole file is rewritten", async () => {
  const files = new Files();
  const store = await AncestorStore.open(files);
  await store.save(agreed({ a: "1", b: "1" }));
  const append = files.append;
  files.append = (line) => {
    files.journal += line.slice(0, 10);
    return Promise.reject(new Error("no space"));
  };
  await assert.rejects(store.save(agreed({}), new Set(["a"])), /no space/);
  files.append = append;
  const nextProcess = await AncestorStore.open(files);
  assert.deepEqual(textOf(nextProcess), { a: "1", b: "1" });
  await nextProcess.save(agreed({}), new Set(["a"]));
  assert.equal(files.journal, "", "a new base");
  files.journal = "torn";
  await store.save(agreed({}), new Set(["a"]));
  assert.equal(files.journal, "", "and one by the process that saw the full disk");
  assert.deepEqual(textOf(await AncestorStore.open(files)), { b: "1" });
});

Deno.test("without a base that is whole nothing is known", async () => {
  const files = new Files();
  const store = await AncestorStore.open(files);
  assert.equal(store.ancestor, undefined);
  await store.save(agreed({ a: "1" }));
  files.base = files.base?.slice(0, -3);
  assert.equal((await AncestorStore.open(files)).ancestor, undefined);
});

Deno.test("many changes at once are a new base", async () => {
  const files = new Files();
  const store = await AncestorStore.open(files);
  await store.save(agreed({ a: "1" }));
  const many = Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`f${at}`, "x"]));
  await store.save(agreed(many), new Set(Object.keys(many)));
  assert.equal(files.journal, "");
  assert.equal(Object.keys(textOf(await AncestorStore.open(files)) ?? {}).length, 601);
});
