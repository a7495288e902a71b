/** Every row of the tables of docs/sync-model.md, carried out. */
import assert from "node:assert/strict";
import { apply } from "./apply.ts";
import { linuxRules } from "./skipped_paths.ts";
import type { Ancestor, Entry } from "./model.ts";
import type { SyncMode } from "./plan.ts";
import { reconcile } from "./reconcile.ts";
import { file, MemoryTree } from "../testing/memory_tree.ts";

const text = await Deno.readTextFile(new URL("../../../docs/sync-model.md", import.meta.url));
const modes: readonly SyncMode[] = ["two-way-safe", "one-way", "pull", "mirror"];

function entriesOf(sign: string): [string, Entry][] {
  const inFolder = /^dir(?:\((.)\))?$/.exec(sign);
  if (sign === "-") return [];
  if (sign.startsWith("@")) return [["f", { kind: "symlink", target: sign.slice(1) }]];
  if (inFolder === null) {
    assert.match(sign, /^[A-Z]\*?$/);
    return [["f", file(sign.slice(0, 1), sign.endsWith("*") ? 0o755 : 0o644)]];
  }
  const child: [string, Entry][] = inFolder[1] === undefined ? [] : [["f/x", file(inFolder[1])]];
  return [["f", { kind: "folder" }], ...child];
}

function shown(entry: Entry | undefined): string {
  if (entry === undefined) return "-";
  if (entry.kind === "folder") return "dir";
  if (entry.kind === "symlink") return `@${entry.target}`;
  return entry.digest + ((entry.mode & 0o100) === 0 ? "" : "*");
}

function signOf({ entries }: MemoryTree): string {
  const beside = [...entries].filter(([path]) => path.startsWith("f.conflict-"));
  const inside = entries.get("f/x");
  const sign = shown(entries.get("f")) + (inside === undefined ? "" : `(${shown(inside)})`);
  return [sign, ...beside.map(([, entry]) => shown(entry))].join(" beside ");
}

/** Adds a file that keeps a side from being empty, which is a case of its own. */
function fill(entries: Map<string, Entry>, sign: string): Map<string, Entry> {
  for (const [path, entry] of [...entriesOf(sign), ["other", file("other")] as const]) {
    entries.set(path, entry);
  }
  return entries;
}

async function carryOut(mode: SyncMode, [agreed, local, remote]: string[]) {
  const trees = { local: new MemoryTree("local"), remote: new MemoryTree("remote") };
  fill(trees.local.entries, local ?? "");
  fill(trees.remote.entries, remote ?? "");
  let ancestor: Ancestor = {
    roots: { local: "local", remote: "remote" },
    entries: fill(new Map(), agreed ?? ""),
  };
  const pass = async () => {
    const sides = { local: trees.local.snapshot(), remote: trees.remote.snapshot() };
    const rules = { local: linuxRules, remote: linuxRules };
    const plan = reconcile({ ...sides, ancestor, rules, mode, now: 0 });
    assert.ok(plan.kind === "plan");
    const saveAncestor = (saved: Ancestor) => {
      ancestor = saved;
      return Promise.resolve();
    };
    const running = apply(
      { plan, ...sides, ancestor, trees, saveAncestor },
      new AbortController().signal,
    );
    while (!(await running.next()).done);
    return plan;
  };
  const first = await pass();
  const second = await pass();
  assert.deepEqual(second.actions, [], "the second pass finds nothing to do");
  const reported = first.events.map(({ kind }) => kind).join(" ");
  return [signOf(trees.local), signOf(trees.remote), reported];
}

for (const mode of modes) {
  const section = text.split(`\n## ${mode}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("|")).slice(2)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  Deno.test(`docs/sync-model.md: ${mode} has its table`, () => assert.ok(rows.length > 5));
  for (const row of rows) {
    const [agreed, local, remote, ...then] = row;
    Deno.test(`${mode}: agreed on ${agreed}, here ${local}, in the pod ${remote}`, async () => {
      assert.deepEqual(await carryOut(mode, row), then);
    });
  }
}
