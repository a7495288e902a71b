/** The table of ARCHITECTURE.md, "Who may import whom", held against the real import graph; and no circles in it. */
import assert from "node:assert/strict";

const src = new URL("../src/", import.meta.url);

const everyRoom =
  "base gate config daemon kube exec logs tmux copy sync session agent expression workflow sandbox actions cli cluster term pick"
    .split(
      " ",
    );

/** Room -> rooms it may import. A room may always import itself. */
const allowed: Record<string, readonly string[]> = {
  "base": [],
  "gate": ["base"],
  "term": ["base"],
  "kube": ["base"],
  "config": ["base"],
  "daemon": ["base"],
  "exec": ["base", "kube"],
  "logs": ["base", "kube"],
  "tmux": ["base"],
  "sync": ["base", "kube", "copy"],
  "copy": ["base", "kube", "exec"],
  "session": ["base", "kube", "exec"],
  "agent": ["base", "kube", "exec"],
  "expression": ["base"],
  "workflow": ["base", "gate", "kube", "exec", "expression"],
  "sandbox": ["base", "workflow"],
  "actions": [
    "base",
    "gate",
    "config",
    "kube",
    "exec",
    "logs",
    "tmux",
    "copy",
    "sync",
    "session",
    "agent",
    "expression",
    "workflow",
    "sandbox",
  ],
  "pick": ["base", "term"],
  "cli": ["base", "term", "actions", "pick"],
  "cluster": ["base", "daemon", "kube"],
  "wiring.ts": [...everyRoom, "wiring"],
  "wiring": everyRoom,
};

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

async function* sourceFiles(folder: URL): AsyncGenerator<URL> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) yield* sourceFiles(new URL(`${entry.name}/`, folder));
    else if (entry.name.endsWith(".ts")) yield new URL(entry.name, folder);
  }
}

/** Relative imports of a file, static and dynamic. Paths are relative to `src/`. */
function importsOf(file: URL, text: string): Import[] {
  const from = file.href.slice(src.href.length);
  const statement =
    /^\s*(?:import|export)\s+(type\s)?[^;"']*?from\s*["'](\.[^"']+)["']|^\s*import\s*["'](\.[^"']+)["']|\bimport\(\s*["'](\.[^"']+)["']/gm;
  return [...text.matchAll(statement)].map((match) => {
    const specifier = match[2] ?? match[3] ?? match[4] ?? "";
    const to = new URL(specifier, file).href;
    return { from, to: to.slice(src.href.length), typeOnly: match[1] !== undefined };
  });
}

function roomOf(path: string): string {
  return path.split("/")[0] ?? path;
}

/** The rule that an import breaks, or undefined. */
function violation({ from, to, typeOnly }: Import): string | undefined {
  const [room, target] = [roomOf(from), roomOf(to)];
  if (room === target) return undefined;
  const rule = allowed[room];
  if (rule === undefined) return `${from}: no rule covers the room "${room}"`;
  if (!rule.includes(target)) return `${from} imports ${to}: ${room} may not import ${target}`;
  if (room === "cluster" && target === "kube" && !typeOnly) {
    return `${from} imports ${to}: cluster may take only types from kube`;
  }
  return undefined;
}

async function graph(): Promise<Import[]> {
  const imports: Import[] = [];
  for await (const file of sourceFiles(src)) {
    const own = { from: file.href.slice(src.href.length), to: "base", typeOnly: true };
    // A file without imports must be covered by a rule too.
    if (allowed[roomOf(own.from)] === undefined) imports.push(own);
    imports.push(...importsOf(file, await Deno.readTextFile(file)));
  }
  return imports;
}

Deno.test("every import follows the table of rooms", async () => {
  const imports = await graph();
  assert.ok(imports.length > 0, "no import was read");
  assert.deepEqual(imports.map(violation).filter((line) => line !== undefined), []);
});

/** Files of which each imports the next, and the last the first; undefined where there is no such circle. */
function circleOf(imports: readonly Import[]): string[] | undefined {
  const next = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return path.slice(path.indexOf(file));
    if (done.has(file)) return undefined;
    done.add(file);
    for (const { to } of next.get(file) ?? []) {
      const circle = visit(to, [...path, file]);
      if (circle !== undefined) return circle;
    }
    return undefined;
  };
  for (const file of next.keys()) {
    const circle = visit(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

Deno.test("no file imports itself by way of others, types and what is loaded later included", async () => {
  assert.equal(circleOf(await graph())?.join(" -> "), undefined);
});

Deno.test("a circle is noticed: by types and by what is loaded later too", () => {
  const at = (name: string) => new URL(`base/${name}.ts`, src);
  const imports = [
    ...importsOf(at("a"), `import { b } from "./b.ts";\nimport { d } from "./d.ts";`),
    ...importsOf(at("b"), `import type { C } from "./c.ts";`),
    ...importsOf(at("c"), `const b = await import("./b.ts");`),
  ];
  assert.deepEqual(circleOf(imports), ["base/b.ts", "base/c.ts"]);
  assert.equal(circleOf(imports.filter(({ from }) => from !== "base/c.ts")), undefined);
});

Deno.test("the table is noticed: each way of importing across rooms is a violation", () => {
  const file = new URL("base/sample.ts", src);
  const forbidden = [
    `import { a } from "../kube/a.ts";`,
    `import type { A } from "../kube/a.ts";`,
    `export { a } from "../kube/a.ts";`,
    `const a = await import("../kube/a.ts");`,
    `import "../kube/a.ts";`,
    `import {\n  a,\n  b,\n} from "../kube/a.ts";`,
  ];
  for (const text of forbidden) {
    assert.deepEqual(importsOf(file, text).map(violation).filter(Boolean).length, 1, text);
  }
  const cluster = importsOf(
    new URL("cluster/a.ts", src),
    `import { a } from "../kube/a.ts";`,
  ).map(violation);
  assert.equal(cluster.length, 1);
  assert.match(cluster[0] ?? "", /only types/);
  assert.match(
    violation({ from: "attic/a.ts", to: "base/b.ts", typeOnly: false }) ?? "",
    /no rule/,
  );
});
