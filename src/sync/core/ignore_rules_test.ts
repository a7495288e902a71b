import assert from "node:assert/strict";
import fc from "fast-check";
import { trackedFiles } from "../local/folder.ts";
import { type IgnoreOptions, IgnoreScope, type IgnoreSource, trackedTree } from "./ignore_rules.ts";
import { runs } from "../testing/runs.ts";

/**
 * Returns whether a path is ignored, itself or by a folder above it: the content of an ignored folder can't be included
 * again. `sources` returns those of a folder, "" for the top.
 */
function ignoresPath(
  sources: (folder: string) => readonly IgnoreSource[],
  path: string,
  options: IgnoreOptions & { kind: "folder" | "other" },
): boolean {
  let scope = IgnoreScope.root(sources(""), options);
  const names = path.split("/");
  for (const [at, name] of names.entries()) {
    const last = at === names.length - 1;
    if (scope.ignores(name, last ? options.kind : "folder")) return true;
    if (!last) scope = scope.enter(name, sources(names.slice(0, at + 1).join("/")));
  }
  return false;
}

/** Files of rules by folder, "" for the top. */
type RuleFiles = Record<string, string>;

function ours(
  files: RuleFiles,
  path: string,
  kind: "folder" | "other",
  ignoreCase = false,
  tracked: readonly string[] = [],
) {
  const sources = (folder: string): IgnoreSource[] =>
    files[folder] === undefined
      ? []
      : [{ rank: "gitignore", name: `${folder}/.gitignore`, text: files[folder] }];
  return ignoresPath(sources, path, { kind, ignoreCase, tracked: trackedTree(tracked) });
}

const table: [rules: string, path: string, kind: "folder" | "other", ignored: boolean][] = [
  ["node_modules/", "a/node_modules", "folder", true],
  ["node_modules/", "a/node_modules", "other", false],
  ["node_modules/", "a/node_modules/b/c.js", "other", true],
  ["/dist", "a/dist", "other", false],
  ["a/*.o", "a/b.o", "other", true],
  ["a/*.o", "x/a/b.o", "other", false],
  ["*.log\n!keep.log", "x/keep.log", "other", false],
  ["x/\n!x/keep.log", "x/keep.log", "other", true],
  ["a/**/z", "a/z", "other", true],
  ["a/**/z", "a/b/c/z", "other", true],
  ["**/z", "z", "other", true],
  ["a/**", "a", "folder", false],
  ["a/**", "a/b", "other", true],
  ["\\#a\n\\!b", "#a", "other", true],
  ["a\\ ", "a ", "other", true],
  ["a  ", "a", "other", true],
  ["[a-c]x", "bx", "other", true],
  ["[!a-c]x", "bx", "other", false],
  ["[[:digit:]]x", "7x", "other", true],
  ["[a", "[a", "other", false],
  ["# a", "# a", "other", false],
  ["?", "é", "other", false],
  ["\uFEFFa\r\nb\r", "a", "other", true],
];

for (const [rules, path, kind, ignored] of table) {
  Deno.test(`${JSON.stringify(rules)} ${ignored ? "leaves out" : "keeps"} ${path} (${kind})`, () => {
    assert.equal(ours({ "": rules }, path, kind), ignored);
  });
}

Deno.test(".kodamaignore decides before .gitignore, and the settings before both", () => {
  const files = new Map<string, IgnoreSource[]>([
    ["", [
      { rank: "gitignore", name: ".gitignore", text: "*.gen\nsecret" },
      { rank: "kodamaignore", name: ".kodamaignore", text: "!*.gen\nlocal" },
      { rank: "settings", name: "excludePatterns", text: "!secret\nx.gen" },
    ]],
    ["a", [{ rank: "gitignore", name: "a/.gitignore", text: "*.gen" }]],
  ]);
  const ignored = (path: string) =>
    ignoresPath((folder) => files.get(folder) ?? [], path, { kind: "other" });
  const paths = ["y.gen", "a/y.gen", "secret", "local", "x.gen", "a/x.gen"];
  assert.deepEqual(paths.filter(ignored), ["local", "x.gen", "a/x.gen"]);
});

Deno.test("a pattern that makes matchers backtrack takes no longer than any other", () => {
  const rules = `${"a*".repeat(60)}b\n${"**/a*/".repeat(30)}b`;
  assert.equal(ours({ "": rules }, `${"a".repeat(250)}`, "other"), false);
  assert.equal(ours({ "": rules }, `${"a/".repeat(120)}c`, "other"), false);
});

Deno.test("rules beyond the limits are refused by name", () => {
  assert.throws(() => ours({ "": `a\n${"a".repeat(5000)}` }, "a", "other"), /line 2.*4096 bytes/);
  assert.throws(() => ours({ "": "a\n".repeat(600_000) }, "a", "other"), /longer than 1048576/);
});

const name = fc.constantFrom(
  "a",
  "b",
  "ab",
  "A",
  "abc",
  "a b",
  "b ",
  "[a",
  "!a",
  "#b",
  "é",
  "a-b",
  "1",
);
const path = fc.array(name, { minLength: 1, maxLength: 4 });
const piece = fc.constantFrom(
  ..."a b ab A é * ** *** ? / / / [a-c] [!a] [^b] []a] [a-] [[:alpha:]] [[:upper:]] [[:x:]] [[:] [A-C] [\\]a] [ \\a \\A \\* \\ - 1 # !"
    .split(" "),
  " ",
);
const pattern = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(""));
const line = fc.tuple(
  fc.constantFrom("", "", "!", "/"),
  pattern,
  fc.constantFrom("", "", "/", " ", "\r"),
)
  .map((parts) => parts.join(""));
const rules = fc.array(line, { maxLength: 5 }).map((lines) => lines.join("\n"));

const tree = fc.record({
  paths: fc.array(path, { minLength: 1, maxLength: 10 }),
  top: rules,
  nested: rules,
  nestedIn: fc.nat(),
  ignoreCase: fc.boolean(),
});

async function git(folder: string, args: string[], input = ""): Promise<string> {
  const child = new Deno.Command("git", {
    args: ["-C", folder, ...args],
    env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  assert.ok(code === 0 || code === 1, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Returns the folders and files of the paths: the last name is a file unless something is in it. */
function kindsOf(paths: string[][]): Map<string, "folder" | "other"> {
  const kinds = new Map<string, "folder" | "other">();
  for (const names of paths) {
    names.forEach((_, at) => {
      const here = names.slice(0, at + 1).join("/");
      if (at < names.length - 1) kinds.set(here, "folder");
      else if (!kinds.has(here)) kinds.set(here, "other");
    });
  }
  return kinds;
}

Deno.test("git check-ignore and these rules agree about random trees and rules", async () => {
  const top = await Deno.makeTempDir();
  const repository = `--git-dir=${top}/.git`;
  try {
    await git(top, ["init", "-q", "--template="]);
    await fc.assert(
      fc.asyncProperty(tree, async ({ paths, top: topRules, nested, nestedIn, ignoreCase }) => {
        const folder = await Deno.makeTempDir({ dir: top });
        const kinds = kindsOf(paths);
        for (const [file, kind] of kinds) {
          if (kind === "folder") await Deno.mkdir(`${folder}/${file}`, { recursive: true });
          else await Deno.writeTextFile(`${folder}/${file}`, "");
        }
        const folders = [...kinds].filter(([, kind]) => kind === "folder").map(([file]) => file);
        const files: RuleFiles = { "": topRules };
        const chosen = folders[nestedIn % Math.max(1, folders.length)];
        if (chosen !== undefined) files[chosen] = nested;
        for (const [at, text] of Object.entries(files)) {
          await Deno.writeTextFile(`${folder}/${at}/.gitignore`, text);
        }
        const options = [
          repository,
          `--work-tree=${folder}`,
          "-c",
          `core.ignorecase=${ignoreCase}`,
        ];
        const args = [...options, "check-ignore", "--no-index", "-z", "--stdin"];
        const said = await git(folder, args, [...kinds.keys()].map((file) => `${file}\0`).join(""));
        const mine = [...kinds].filter(([file, kind]) => ours(files, file, kind, ignoreCase));
        assert.deepEqual(mine.map(([file]) => file), said.split("\0").slice(0, -1));
        await Deno.remove(folder, { recursive: true });
      }),
      { numRuns: runs(100) },
    );
  } finally {
    await Deno.remove(top, { recursive: true });
  }
});

Deno.test("tracked files aren't ignored, and what else their ignored folders hold is", async () => {
  const top = await Deno.makeTempDir();
  const runGit = (folder: string, ...args: string[]) => git(folder, args);
  try {
    await fc.assert(
      fc.asyncProperty(
        tree,
        fc.array(fc.nat(), { maxLength: 6 }),
        fc.nat(5),
        async ({ paths, top: topRules, nested, nestedIn }, forced, removed) => {
          const folder = await Deno.makeTempDir({ dir: top });
          await runGit(folder, "init", "-q", "--template=");
          const kinds = kindsOf(paths);
          const files = [...kinds].filter(([, kind]) => kind === "other").map(([file]) => file);
          const folders = [...kinds].filter(([, kind]) => kind === "folder").map(([file]) => file);
          for (const one of folders) await Deno.mkdir(`${folder}/${one}`, { recursive: true });
          for (const one of files) await Deno.writeTextFile(`${folder}/${one}`, "");
          const rulesOf: RuleFiles = { "": topRules };
          const chosen = folders[nestedIn % Math.max(1, folders.length)];
          if (chosen !== undefined) rulesOf[chosen] = nested;
          for (const [at, text] of Object.entries(rulesOf)) {
            await Deno.writeTextFile(`${folder}/${at}/.gitignore`, text);
          }
          const added = new Set(forced.map((at) => files[at % files.length] ?? ""));
          for (const one of added) {
            await runGit(folder, "--literal-pathspecs", "add", "-f", "--", one);
          }
          const [dropped] = [...added].slice(removed, removed + 1);
          if (dropped !== undefined) {
            await runGit(folder, "--literal-pathspecs", "rm", "-q", "--cached", "--", dropped);
          }
          const seen = async (...flags: string[]) =>
            (await runGit(folder, "ls-files", "-z", ...flags)).split("\0");
          const kept = new Set([...await seen("-c"), ...await seen("-o", "--exclude-standard")]);
          const tracked = await trackedFiles(folder, (name) => Deno.env.get(name));
          const mine = files.filter((one) => !ours(rulesOf, one, "other", false, tracked));
          assert.deepEqual(mine.sort(), files.filter((one) => kept.has(one)).sort());
          await Deno.remove(folder, { recursive: true });
        },
      ),
      { numRuns: runs(40) },
    );
  } finally {
    await Deno.remove(top, { recursive: true });
  }
});
