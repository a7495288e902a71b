/** kodama runs with the permissions that `deno.json` lists, each for a reason that is written down. */
import assert from "node:assert/strict";
import { grantedNames, permissionFlags, readPermissionSets } from "../tools/permissions.ts";

const root = new URL("../", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, root));

/** Files of the checkout that a person writes, by their path. */
async function* sourceFiles(folder = ""): AsyncGenerator<string> {
  const generated = /^(?:\.git|dist|node_modules|deno\.lock|tests\/golden)$/;
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder || "./", root))) {
    const path = `${folder}${name}`;
    if (generated.test(path)) continue;
    if (isDirectory) yield* sourceFiles(`${path}/`);
    else if (/\.(?:ts|json|md|sh|c|ya?ml)$|^\.ci\/run$/.test(path)) yield path;
  }
}

/** Rows of a table under a heading of `docs/permissions.md`, as `permission value`. */
async function documented(heading: string): Promise<string[]> {
  const page = await read("docs/permissions.md");
  const section = page.split(/^## /m).find((text) => text.split("\n", 1)[0]?.includes(heading));
  assert.ok(section, `docs/permissions.md has no heading with ${heading}`);
  const rows = [...section.matchAll(/^\| (read|write|net|env|run|sys) *\| (\S+) *\| (.+?) *\|$/gm)];
  for (const [row, , , reason] of rows) assert.ok((reason ?? "").length > 10, `no reason: ${row}`);
  return rows.map(([, kind, value]) => `${kind} ${value?.replaceAll("`", "")}`).toSorted();
}

Deno.test("every permission of deno.json has its reason in docs/permissions.md, and no other", async () => {
  for (const [name, set] of await readPermissionSets()) {
    const granted = Object.entries(set).flatMap(([kind, grant]) =>
      grant === true
        ? [`${kind} everything`]
        : grantedNames(grant).map((value) => `${kind} ${value}`)
    );
    assert.deepEqual(await documented(`\`${name}\``), granted.toSorted(), name);
  }
});

Deno.test("nothing but the rig of a real Kubernetes is started with everything allowed", async () => {
  // Put together here, so that this file isn't a find of its own.
  const everything = new RegExp(
    ["--allow", "-all\\b"].join("") + "|\\bdeno (?:run|test|task|eval|compile)[^\\n|]* -A\\b" +
      '|"(?:run|test|eval)",.*"-A"|"all": *true',
  );
  const finds: string[] = [];
  for await (const path of sourceFiles()) {
    if (path.startsWith("tests/cluster/")) continue;
    for (const line of (await read(path)).split("\n")) {
      // docs/permissions.md says why.
      const ofTheRig = path === "deno.json" && line.includes(" tests/cluster/");
      if (!ofTheRig && everything.test(line)) finds.push(`${path}: ${line.trim()}`);
    }
  }
  assert.deepEqual(finds, []);
});

Deno.test("every variable that the hot path reads is one that it may read", async () => {
  const set = (await readPermissionSets()).get("kodama");
  const allowed = grantedNames(set?.env);
  const reads = /\b(?:env|environment|read|env\.get)\("([A-Z_]+)"\)|\bvariable: "(\w+)"/g;
  const found = new Set<string>();
  for await (const path of sourceFiles("src/")) {
    if (path.startsWith("src/cluster/") || path.endsWith("_test.ts")) continue;
    for (const [, called, declared] of (await read(path)).matchAll(reads)) {
      found.add(called ?? declared ?? "");
    }
  }
  assert.ok(found.has("KUBECONFIG"), "the pattern finds what is read");
  const refused = [...found].filter((name) =>
    !allowed.includes(name) && !name.startsWith("KODAMA_")
  );
  assert.deepEqual(refused, []);
});

Deno.test("flags of a set: what is listed, in a settled order, and what is ignored", () => {
  const flags = permissionFlags({
    net: true,
    env: { allow: ["A", "B_*"], ignore: true },
    read: true,
    write: false,
    run: ["x"],
  });
  assert.deepEqual(flags, [
    "--allow-read",
    "--allow-net",
    "--allow-env=A,B_*",
    "--ignore-env",
    "--allow-run=x",
  ]);
});
