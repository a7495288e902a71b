/** Which workflows run without a question, which ask, and which don't run. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { noPermissions } from "../workflow/model.ts";
import { changedPaths, fingerprintOf } from "./fingerprint.ts";
import { grantsAnything, permissionWords } from "./permission_text.ts";
import {
  decideTrust,
  lockText,
  parseLock,
  parseTrustList,
  trustLimits,
  trustListText,
  type TrustQuestion,
} from "./trust.ts";

const hash = (digit: string) => `sha256-${digit.repeat(64)}`;
const files = { "deploy.yaml": hash("a"), "../lib/common.yaml": hash("b") };
const others = { "deploy.yaml": hash("a"), "../lib/common.yaml": hash("c") };

const base: TrustQuestion = {
  path: "/repo/workflows/deploy.yaml",
  files,
  needsTrust: true,
  ownFolders: ["/config/workflows", "/shipped"],
  trusted: [],
  trustNow: false,
  canAsk: true,
};

const entry = (print: Readonly<Record<string, string>>, path = base.path) => ({
  path,
  files: print,
  permissions: [],
  trustedAt: "2026-01-01T00:00:00.000Z",
});

const cases: readonly (readonly [title: string, change: Partial<TrustQuestion>, kind: object])[] = [
  ["one of the user's own", { path: "/config/workflows/a.yaml" }, {
    kind: "trusted",
    because: "own",
  }],
  [
    "a folder that only begins with the same letters",
    { path: "/shipped2/a.yaml" },
    { kind: "ask", seen: "new", changed: [] },
  ],
  ["one that only reads", { needsTrust: false }, { kind: "trusted", because: "harmless" }],
  ["a new one", {}, { kind: "ask", seen: "new", changed: [] }],
  ["--trust", { trustNow: true, canAsk: false }, { kind: "trusted", because: "said" }],
  ["one that was trusted", { trusted: [entry(files)] }, { kind: "trusted", because: "asked" }],
  [
    "one of which a file that it uses has changed",
    { trusted: [entry(others)] },
    { kind: "ask", seen: "changed", changed: ["../lib/common.yaml"] },
  ],
  [
    "the same files elsewhere",
    { trusted: [entry(files, "/other/deploy.yaml")] },
    { kind: "ask", seen: "new", changed: [] },
  ],
  [
    "a new one without a terminal",
    { canAsk: false },
    { kind: "refused", seen: "new", changed: [] },
  ],
  [
    "a locked one without a terminal: the lock may come from the author of the file",
    { canAsk: false, locked: files },
    { kind: "refused", seen: "new", changed: [] },
  ],
  [
    "--locked",
    { canAsk: false, locked: files, trustNow: "locked" },
    { kind: "trusted", because: "locked" },
  ],
  [
    "--locked on a terminal",
    { locked: files, trustNow: "locked" },
    { kind: "trusted", because: "locked" },
  ],
  [
    "--locked without a lock, of one that was trusted",
    { trusted: [entry(files)], trustNow: "locked" },
    { kind: "unlocked", seen: "new", changed: [] },
  ],
  [
    "a locked one on a terminal",
    { locked: files },
    { kind: "ask", seen: "new", changed: [] },
  ],
  [
    "one that isn't as it was locked",
    { locked: others, trustNow: "locked" },
    { kind: "unlocked", seen: "changed", changed: ["../lib/common.yaml"] },
  ],
];

for (const [title, change, decision] of cases) {
  Deno.test(`trust: ${title}`, () => {
    assert.deepEqual(decideTrust({ ...base, ...change }), decision);
  });
}

Deno.test("a fingerprint has paths relative to the workflow's folder", async () => {
  const print = (root: string) =>
    fingerprintOf(`${root}/workflows/deploy.yaml`, [
      { path: `${root}/workflows/deploy.yaml`, text: "steps: []" },
      { path: `${root}/lib/common.yaml`, text: "" },
      { path: `${root}/workflows/scripts/a.ts`, text: "a" },
    ]);
  const here = await print("/home/me/repo");
  assert.deepEqual(Object.keys(here), ["../lib/common.yaml", "deploy.yaml", "scripts/a.ts"]);
  assert.equal(
    here["../lib/common.yaml"],
    "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  assert.deepEqual(await print("/ci"), here);
});

Deno.test("`changedPaths()` finds every changed, added and removed file", () => {
  const print = fc.dictionary(fc.string(), fc.constantFrom(hash("1"), hash("2")), { maxKeys: 4 });
  fc.assert(fc.property(print, print, (a, b) => {
    const same =
      JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
    assert.equal(changedPaths(a, b).length === 0, same);
    assert.deepEqual(changedPaths(a, b), changedPaths(b, a));
  }));
});

Deno.test("the trust list and the lock file are read as written, and the oldest entries are dropped", () => {
  const list = Array.from(
    { length: trustLimits.entries + 1 },
    (_, index) => entry(files, `/repo/${index}.yaml`),
  );
  assert.deepEqual(parseTrustList("t.json", trustListText(list)), list.slice(1));
  assert.deepEqual(parseTrustList("t.json", undefined), []);
  assert.deepEqual(parseLock("kodama.lock", lockText({ "b.yaml": files, "a.yaml": others })), {
    "a.yaml": others,
    "b.yaml": files,
  });
});

Deno.test("an invalid trust file is an error, never an empty list", () => {
  for (const text of ["", "{", "[]", "null", '{"version": 2, "workflows": []}', '{"version": 1}']) {
    assert.throws(
      () => parseTrustList("/config/trust.json", text),
      /^KodamaError: \/config\/trust.json: /,
    );
    assert.throws(
      () => parseLock("/repo/kodama.lock", text),
      /^KodamaError: \/repo\/kodama.lock: /,
    );
  }
  const short = '{"version": 1, "workflows": {"a.yaml": {"a.yaml": "sha256-00"}}}';
  assert.throws(() => parseLock("kodama.lock", short), /workflows.a.yaml/);
});

Deno.test("permissions are described for people, dangerous ones with their consequence", () => {
  assert.equal(grantsAnything(noPermissions), false);
  assert.equal(grantsAnything({ ...noPermissions, read: [] }), false);
  assert.deepEqual(
    permissionWords({
      net: ["example.com:443"],
      read: true,
      write: ["out"],
      env: ["TOKEN", "USER"],
      run: ["git", "sh"],
      sys: false,
      cluster: [{ verbs: ["exec", "logs"], namespaces: [] }, { verbs: ["*"], namespaces: ["*"] }],
    }),
    [
      "connect to example.com:443",
      "read every file that you can read",
      "write out",
      "read the variables TOKEN, USER",
      "run git, sh (a program can do all that you can do)",
      "in scripts, of the cluster: exec, logs in the namespaces of its pods",
      "in scripts, of the cluster: everything in every namespace",
    ],
  );
});
