import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeAncestor, encodeAncestor } from "./core/ancestor.ts";
import { conflictName } from "./core/plan.ts";
import { linuxRules, type SideRules, skippedPaths } from "./core/skipped_paths.ts";
import { withoutIgnored } from "./core/ignore_rules.ts";
import { type Ancestor, type Entry, type Snapshot, unsafePath } from "./core/model.ts";
import { reconcile, type ReconcileInput } from "./core/reconcile.ts";
import { file } from "./testing/memory_tree.ts";

const folder: Entry = { kind: "folder" };
const both = { local: linuxRules, remote: linuxRules };

function snapshot(entries: Record<string, Entry>, unread: string[] = [], root = "r"): Snapshot {
  return { root, entries: new Map(Object.entries(entries)), unread: new Set(unread) };
}

function agreed(entries: Record<string, Entry>): Ancestor {
  return { roots: { local: "r", remote: "r" }, entries: new Map(Object.entries(entries)) };
}

/** Returns the plan's actions and events in short. */
function planned(input: Partial<ReconcileInput>): string[] {
  const none = snapshot({});
  const plan = reconcile({
    ...{ local: none, remote: none, ancestor: agreed({}), rules: both, mode: "two-way-safe" },
    ...{ now: 0, ...input },
  });
  if (plan.kind === "halted") return [`halted ${plan.side}`];
  return [
    ...plan.actions.map(({ kind, side, path }) => `${kind} ${side} ${path}`),
    ...plan.events.map((event) => `${event.kind}${"path" in event ? ` ${event.path}` : ""}`),
  ];
}

Deno.test("a path that leads out, or stands for another name, is not a path", () => {
  const unsafe = [
    "",
    "/a",
    "a/",
    "a//b",
    ".",
    "a/../../b",
    "f\uFFFD",
    "a/g\0",
    "\uD800",
    "a".repeat(4097),
  ];
  assert.deepEqual(unsafe.filter((path) => !unsafePath(path)), []);
  assert.deepEqual(["a", "a/b", "..a", "a..", "…/ü"].filter(unsafePath), []);
});

Deno.test("nothing is deleted for a listing that broke off, or a folder that could not be read", () => {
  const old = { "d": folder, "d/a": file("1"), "b": file("2") };
  const local = snapshot(old);
  assert.deepEqual(planned({ local, remote: snapshot({}, [""]), ancestor: agreed(old) }), [
    "held ",
  ]);
  const remote = snapshot({ "d": folder, "b": file("2") }, ["d"]);
  assert.deepEqual(planned({ local, remote, ancestor: agreed(old) }), ["held d"]);
});

Deno.test("a side that is suddenly empty stops everything until a person says yes", () => {
  const old = { "a": file("1") };
  const input = { local: snapshot(old), ancestor: agreed(old) };
  assert.deepEqual(planned(input), ["halted remote"]);
  assert.deepEqual(planned({ ...input, acceptRemovals: true }), ["remove local a"]);
  assert.deepEqual(planned({ remote: snapshot(old), mode: "mirror" }), ["halted local"]);
  assert.deepEqual(planned({ ...input, mode: "pull" }), ["halted remote"]);
  const other = { remote: snapshot(old), ancestor: agreed(old) };
  assert.deepEqual(planned({ ...other, mode: "one-way" }), ["halted local"]);
  assert.deepEqual(
    planned({ ...other, mode: "pull" }),
    ["put local a"],
    "it is where things go to",
  );
});

Deno.test("another root is another history: both sides are joined", () => {
  const old = { "a": file("1"), "b": file("2") };
  const remote = snapshot({ "b": file("2") }, [], "another volume");
  const expected = ["put remote a", "ancestorUnknown"];
  assert.deepEqual(planned({ local: snapshot(old), remote, ancestor: agreed(old) }), expected);
});

Deno.test("a folder that holds ignored files is emptied of what is synchronised, and kept", () => {
  const old = { "d": folder, "d/a": file("1"), "b": file("2") };
  const remote = snapshot({ ...old, "d": { kind: "folder", holdsOthers: true } });
  const local = snapshot({ "b": file("2") });
  assert.deepEqual(planned({ local, remote, ancestor: agreed(old) }), [
    "remove remote d/a",
    "folderKept d",
  ]);
});

Deno.test("a moved file is made from the old one before that goes", () => {
  const plan = reconcile({
    local: snapshot({ "b": file("1") }),
    remote: snapshot({ "a": file("1") }),
    ancestor: agreed({ "a": file("1") }),
    ...{ rules: both, mode: "two-way-safe", now: 0 },
  });
  assert.ok(plan.kind === "plan");
  const [put, remove] = plan.actions;
  assert.ok(put?.kind === "put" && put.near === "a" && remove?.kind === "remove");
});

const heldTable: [
  what: string,
  remote: Record<string, Entry>,
  rules: Partial<SideRules>,
  held: string[],
][] = [
  ["case", { "A": file("1"), "a": file("2"), "b": file("3") }, { ignoresCase: true }, ["A", "a"]],
  ["case that matters", { "A": file("1"), "a": file("2") }, {}, []],
  ["composition", { "é": file("1"), "e\u0301": file("2") }, { ignoresComposition: true }, [
    "é",
    "e\u0301",
  ]],
  ["Windows", { "aux.txt": file("1"), "a:b": file("1"), "c.": file("1"), "d": file("1") }, {
    windowsNames: true,
  }, ["aux.txt", "a:b", "c."]],
  ["long names", { ["é".repeat(130)]: file("1") }, {}, ["é".repeat(130)]],
  [
    "links that lead out",
    {
      "a": { kind: "symlink", target: "../x" },
      "b": { kind: "symlink", target: "/etc" },
      "c": { kind: "symlink", target: "./d//e/." },
      "d": folder,
      "d/e": { kind: "symlink", target: ".././c" },
      "d/f": { kind: "symlink", target: "../../c" },
    },
    {},
    ["a", "b", "d/f"],
  ],
  [
    "links that lead out by way of another",
    {
      "d": folder,
      "d/top": { kind: "symlink", target: ".." },
      "out": { kind: "symlink", target: "d/top/../secret" },
    },
    {},
    ["out"],
  ],
  ["hosts without links", { "c": { kind: "symlink", target: "d" } }, { symlinks: false }, ["c"]],
];

for (const [what, remote, rules, held] of heldTable) {
  Deno.test(`what this machine can't hold is left alone: ${what}`, () => {
    const found = skippedPaths({
      ...{ local: snapshot({}), remote: snapshot(remote), ancestor: new Map() },
      rules: { local: { ...linuxRules, ...rules }, remote: linuxRules },
    });
    assert.deepEqual([...found.keys()], held);
  });
}

Deno.test("a rename by case alone goes over in two passes, on the side that ignores case too", () => {
  const rules = { local: { ...linuxRules, ignoresCase: true }, remote: linuxRules };
  const old = { "a": file("1"), "b": file("2") };
  const remote = snapshot({ "A": file("1"), "b": file("2") });
  const first = planned({ local: snapshot(old), remote, ancestor: agreed(old), rules });
  assert.deepEqual(first, ["remove local a", "held A"]);
  const rest = { "b": file("2") };
  const second = planned({ local: snapshot(rest), remote, ancestor: agreed(rest), rules });
  assert.deepEqual(second, ["put local A"]);
});

Deno.test("a side without execute bits changes contents and leaves modes alone", () => {
  const rules = { local: { ...linuxRules, executableBits: false }, remote: linuxRules };
  const old = { "a": file("1", 0o755) };
  const plan = (local: Entry) =>
    reconcile({
      ...{ local: snapshot({ "a": local }), remote: snapshot(old), ancestor: agreed(old), rules },
      ...{ mode: "two-way-safe", now: 0 },
    });
  const [same, edited] = [plan(file("1")), plan(file("2"))];
  assert.ok(same.kind === "plan" && same.actions.length === 0);
  assert.ok(edited.kind === "plan");
  const [put] = edited.actions;
  assert.ok(put?.kind === "put" && put.entry.kind === "file" && (put.entry.mode & 0o100) !== 0);
});

Deno.test("an ancestor comes back as it was, and not at all with any of it cut or changed", () => {
  const whole = agreed({ "a": file("1"), "d": folder, "d/l": { kind: "symlink", target: "x\n" } });
  const text = encodeAncestor(whole);
  assert.deepEqual(decodeAncestor(text), whole);
  fc.assert(
    fc.property(fc.nat(text.length - 2), (at) => decodeAncestor(text.slice(0, at)) === undefined),
  );
  fc.assert(fc.property(fc.integer({ min: 60, max: text.length - 2 }), (at) => {
    const other = text[at] === "1" ? "2" : "1";
    return decodeAncestor(text.slice(0, at) + other + text.slice(at + 1)) === undefined;
  }));
  assert.throws(() => decodeAncestor(text.replace("ancestor-1", "ancestor-2")), /another|format/);
});

Deno.test("names of conflicts fit every system, however long the name", () => {
  assert.equal(
    conflictName.make("d/a.txt", "remote", 0, 1),
    "d/a.txt.conflict-remote-19700101T000000Z",
  );
  const long = conflictName.make("é".repeat(127), "local", 0, 12);
  assert.ok(new TextEncoder().encode(long).length <= 240 && long.isWellFormed());
});

Deno.test("a first run over a hundred and fifty thousand files in one folder makes a plan of them all", () => {
  const entries: Record<string, Entry> = { "d": folder };
  for (let count = 0; count < 150_000; count++) entries[`d/${count}`] = file(`${count}`);
  const local = snapshot(entries);
  assert.equal(planned({ local, ancestor: undefined }).length, 150_002);
});

Deno.test("what is ignored is in no snapshot, and keeps its folder from being removed", () => {
  const whole = snapshot({
    "d": folder,
    "d/a": file("1"),
    "d/a.log": file("2"),
    "e": folder,
    "e/keep.log": file("3"),
    "node_modules": folder,
    "node_modules/x": folder,
    "node_modules/x/y": file("4"),
  }, ["node_modules/z", "e/q", "node_modules/x"]);
  const rules: Record<string, string> = { "": "node_modules/\n*.log", "e": "!keep.log" };
  const seen = withoutIgnored(
    whole,
    (at) => rules[at] === undefined ? [] : [{ rank: "gitignore", name: at, text: rules[at] }],
  );
  assert.deepEqual([...seen.entries.keys()], ["d", "d/a", "e", "e/keep.log"]);
  assert.deepEqual(seen.entries.get("d"), { kind: "folder", holdsOthers: true });
  assert.deepEqual([...seen.unread], ["e/q"]);
});
