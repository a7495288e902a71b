/** `docs/security.md`: each line of the threat model names a test that exists. */
import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);
const page = await Deno.readTextFile(new URL("docs/security.md", root));
const model = page.split("\n## Who could attack, and which rule holds\n")[1]?.split("\n## ")[0] ??
  "";

/** The actors, with the rows of each: what it could do, the rule, and the tests. */
const actors = model.split("\n### ").slice(1).map((section) => ({
  name: section.split("\n", 1)[0] ?? "",
  rows: section.split("\n").filter((line) => line.startsWith("| ")).slice(2)
    .map((line) => line.split(" | ")),
}));

/** Returns a text without what a formatter changes: breaks of lines, and how quotes are escaped. */
function plain(text: string): string {
  return text.replaceAll("\\", "").replaceAll(/\s+/g, " ");
}

Deno.test("the threat model has all actors, and a rule and a test for each of their lines", () => {
  const names = actors.map(({ name }) => name.toLowerCase()).join("; ");
  for (const actor of ["repository", "pod", "agent", "model", "teammate", "neighbour", "admin"]) {
    assert.match(names, new RegExp(`\\b${actor}\\b`));
  }
  for (const { name, rows } of actors) {
    assert.ok(rows.length > 0, name);
    for (const cells of rows) {
      assert.equal(cells.length, 3, `${name}: ${cells.join(" | ")}`);
      assert.match(cells[2] ?? "", /`(?:src|tests)\/\S+_test\.ts: [^`]+`/, `${name}: ${cells[0]}`);
    }
  }
});

Deno.test("each test that the threat model names exists", async () => {
  const named = [...model.matchAll(/`((?:src|tests)\/[^`:]+): ([^`]+)`/g)];
  assert.ok(named.length > 50, `${named.length} tests`);
  const missing: string[] = [];
  for (const [, path = "", words = ""] of named) {
    const source = await Deno.readTextFile(new URL(path, root)).catch(() => "");
    if (!plain(source).includes(plain(words))) missing.push(`${path}: ${words}`);
  }
  assert.deepEqual(missing, []);
});
