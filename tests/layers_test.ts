/** The table of ARCHITECTURE.md, "Who may import whom", checked against the real import graph; no cycles; who may use `Deno.`. */
import assert from "node:assert/strict";
import { nodeAt } from "../src/cli/parser/node.ts";
import { tree } from "../src/cli/tree.ts";

const src = new URL("../src/", import.meta.url);
const packages = new URL("../packages/", import.meta.url);

const everyModule =
  "base operation files gate config daemon kube exec runs podscript logs wait forward tmux copy sync session agent expression workflow sandbox model plugin actions present toolbox mcp web cli lsp cluster terminal pick table ui"
    .split(
      " ",
    );

/** Module -> modules it may import. A module may always import itself. */
const allowed: Record<string, readonly string[]> = {
  "base": [],
  "operation": ["base"],
  "files": ["base"],
  "gate": ["base"],
  "terminal": ["base"],
  "kube": ["base", "operation"],
  "config": ["base", "gate", "model"],
  "daemon": ["base", "files"],
  "exec": ["base", "operation", "config", "kube"],
  "runs": ["base", "terminal", "kube", "exec", "workflow"],
  "logs": ["base", "operation", "kube"],
  "wait": ["base", "kube", "expression"],
  "forward": ["base", "files", "daemon", "kube"],
  "tmux": ["base"],
  "podscript": ["base", "kube", "exec"],
  "copy": ["base", "operation", "files", "kube", "exec", "podscript"],
  "sync": ["base", "files", "daemon", "kube", "copy", "podscript"],
  "session": ["base", "kube", "exec", "podscript"],
  "agent": ["base", "kube", "exec", "podscript"],
  "expression": ["base"],
  "workflow": [
    "base",
    "operation",
    "gate",
    "kube",
    "exec",
    "copy",
    "logs",
    "wait",
    "expression",
    "forward",
  ],
  "sandbox": ["base", "workflow"],
  "model": ["base"],
  "plugin": ["base", "sandbox"],
  "actions": [
    "sdk",
    "base",
    "operation",
    "model",
    "plugin",
    "gate",
    "config",
    "kube",
    "exec",
    "runs",
    "podscript",
    "logs",
    "wait",
    "forward",
    "tmux",
    "copy",
    "sync",
    "session",
    "agent",
    "expression",
    "workflow",
    "sandbox",
  ],
  "pick": ["base", "terminal"],
  "table": ["base", "terminal"],
  "present": ["base", "terminal", "pick", "table", "runs", "actions"],
  "cli": [
    "base",
    "operation",
    "terminal",
    "actions",
    "present",
    "runs",
    "toolbox",
    "pick",
    "table",
    "ui",
  ],
  "ui": ["base", "operation", "terminal", "kube", "plugin", "actions", "present", "runs", "table"],
  "toolbox": ["base", "operation", "terminal", "gate", "exec", "actions", "present", "runs"],
  "mcp": ["docs", "base", "model", "actions", "present", "toolbox"],
  "web": ["base", "operation", "terminal", "exec", "logs", "actions", "present", "runs", "toolbox"],
  "lsp": ["base", "actions"],
  "cluster": ["base", "files", "daemon", "kube"],
  "wiring.ts": [...everyModule, "host"],
  "host": everyModule,
};

interface Import {
  from: string;
  to: string;
  typeOnly: boolean;
}

async function* sourceFiles(folder: URL, ending = /\.tsx?$/): AsyncGenerator<URL> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) yield* sourceFiles(new URL(`${entry.name}/`, folder), ending);
    else if (ending.test(entry.name)) yield new URL(entry.name, folder);
  }
}

/** Returns a path relative to `src/` or `packages/`, else to the checkout. */
function pathOf(file: URL): string {
  const roots = [src, packages, new URL("../", src)];
  return file.href.slice(roots.find(({ href }) => file.href.startsWith(href))?.href.length);
}

async function* productFiles(): AsyncGenerator<URL> {
  yield* sourceFiles(src);
  yield* sourceFiles(packages);
}

/** Relative imports of a file, static and dynamic. */
function importsOf(file: URL, text: string): Import[] {
  const from = pathOf(file);
  const statement =
    /^\s*(?:import|export)\s+(type\s)?[^;"']*?from\s*["'](\.[^"']+)["']|^\s*import\s*["'](\.[^"']+)["']|\bimport\(\s*["'](\.[^"']+)["']/gm;
  return [...text.matchAll(statement)].map((match) => {
    const specifier = match[2] ?? match[3] ?? match[4] ?? "";
    return { from, to: pathOf(new URL(specifier, file)), typeOnly: match[1] !== undefined };
  });
}

function moduleOf(path: string): string {
  return path.split("/")[0] ?? path;
}

/** The rule that an import breaks, or undefined. */
function violation({ from, to, typeOnly }: Import): string | undefined {
  const [module, target] = [moduleOf(from), moduleOf(to)];
  if (module === target) return undefined;
  const rule = allowed[module];
  if (rule === undefined) return `${from}: no rule covers the module "${module}"`;
  if (!rule.includes(target)) return `${from} imports ${to}: ${module} may not import ${target}`;
  if (module === "cluster" && target === "kube" && !typeOnly) {
    return `${from} imports ${to}: cluster may take only types from kube`;
  }
  return undefined;
}

async function graph(): Promise<Import[]> {
  const imports: Import[] = [];
  for await (const file of productFiles()) {
    const own = { from: pathOf(file), to: "base", typeOnly: true };
    // A file without imports must be covered by a rule too.
    if (allowed[moduleOf(own.from)] === undefined) imports.push(own);
    imports.push(...importsOf(file, await Deno.readTextFile(file)));
  }
  return imports;
}

Deno.test("every import follows the table of modules", async () => {
  const imports = await graph();
  assert.ok(imports.length > 0, "no import was read");
  assert.deepEqual(imports.map(violation).filter((line) => line !== undefined), []);
});

Deno.test("the page of a browser imports nothing of its server but types", async () => {
  const page = (path: string) => path.startsWith("web/page/");
  const imports = (await graph()).filter(({ from }) => page(from));
  assert.ok(imports.some(({ to }) => to === "web/api.ts"), "the page wasn't found");
  const server = imports.filter(({ to, typeOnly }) =>
    moduleOf(to) === "web" && !page(to) && !typeOnly
  );
  assert.deepEqual(server, []);
});

/** Files of which each imports the next, and the last the first; undefined if there is none. */
function cycleOf(imports: readonly Import[]): string[] | undefined {
  const next = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return path.slice(path.indexOf(file));
    if (done.has(file)) return undefined;
    done.add(file);
    for (const { to } of next.get(file) ?? []) {
      const cycle = visit(to, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    return undefined;
  };
  for (const file of next.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

Deno.test("no file imports itself by way of others, types and what is loaded later included", async () => {
  assert.equal(cycleOf(await graph())?.join(" -> "), undefined);
});

/** The folder of a file one level below its module; undefined for files of the module itself. */
function folderOf(path: string): string | undefined {
  const parts = path.split("/");
  return parts.length < 3 ? undefined : parts.slice(0, 2).join("/");
}

/** The imports between folders of the same module, as if a folder were a file; without those of tests. */
function folderImports(imports: readonly Import[]): Import[] {
  return imports.flatMap((one) => {
    const [from, to] = [folderOf(one.from), folderOf(one.to)];
    if (from === undefined || to === undefined || from === to) return [];
    if (/_test\.ts$|\/testing\//.test(one.from)) return [];
    return moduleOf(from) === moduleOf(to) ? [{ ...one, from, to }] : [];
  });
}

Deno.test("no folder of a module imports another that imports it", async () => {
  assert.equal(cycleOf(folderImports(await graph()))?.join(" -> "), undefined);
});

Deno.test("a cycle of folders is noticed", () => {
  const imports = [
    { from: "kube/http/a.ts", to: "kube/tls/b.ts", typeOnly: false },
    { from: "kube/tls/c.ts", to: "kube/http/d.ts", typeOnly: true },
  ];
  assert.deepEqual(cycleOf(folderImports(imports)), ["kube/http", "kube/tls"]);
  assert.equal(cycleOf(folderImports(imports.slice(1))), undefined);
});

/** Modules and files that own a part of this machine; the others get it passed in. */
const ownsMachine =
  /^(?:cluster|daemon|files|forward|host|plugin|sandbox|terminal|copy\/local|sync\/(?:daemon|local)|workflow\/local|kube\/(?:config|http|tls)|[^/]+(?:\/.+)?\/testing)\/|^wiring\.ts$|^kube\/(?:host|failures)\.ts$|^cli\/commands\/version\.ts$/;

Deno.test("only the modules that own a part of this machine use Deno's interface to it", async () => {
  const strangers: string[] = [];
  for await (const file of productFiles()) {
    const path = pathOf(file);
    if (path.endsWith("_test.ts") || ownsMachine.test(path)) continue;
    const code = (await Deno.readTextFile(file)).replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "");
    if (/\bDeno\./.test(code)) strangers.push(path);
  }
  assert.deepEqual(strangers, []);
});

Deno.test("tests write executable files with writeProgram()", async () => {
  const strangers: string[] = [];
  for (
    const [folder, ending] of [
      [src, /_test\.ts$/],
      [packages, /_test\.ts$/],
      [import.meta.resolve("./"), /\.ts$/],
    ] as const
  ) {
    for await (const file of sourceFiles(new URL(folder), ending)) {
      const text = await Deno.readTextFile(file);
      if (/write(?:Text)?File\([^;]*\bmode: 0o7[05][05]\b/.test(text)) {
        strangers.push(file.pathname);
      }
    }
  }
  assert.deepEqual(strangers, []);
});

Deno.test("a cycle is noticed: by types and by what is loaded later too", () => {
  const at = (name: string) => new URL(`base/${name}.ts`, src);
  const imports = [
    ...importsOf(at("a"), `import { b } from "./b.ts";\nimport { d } from "./d.ts";`),
    ...importsOf(at("b"), `import type { C } from "./c.ts";`),
    ...importsOf(at("c"), `const b = await import("./b.ts");`),
  ];
  assert.deepEqual(cycleOf(imports), ["base/b.ts", "base/c.ts"]);
  assert.equal(cycleOf(imports.filter(({ from }) => from !== "base/c.ts")), undefined);
});

Deno.test("the table is noticed: each way of importing across modules is a violation", () => {
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
    new URL("cluster/a.ts", packages),
    `import { a } from "../../src/kube/a.ts";`,
  ).map(violation);
  assert.equal(cluster.length, 1);
  assert.match(cluster[0] ?? "", /only types/);
  assert.match(
    violation({ from: "attic/a.ts", to: "base/b.ts", typeOnly: false }) ?? "",
    /no rule/,
  );
});

/** The texts of a file's string literals, without comments; an expression in a template is `…`. */
function literalsOf(code: string): string[] {
  const literals: string[] = [];
  const token =
    /\/\*[^]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|(?<=(?:^|[=([{,;:!&|?+>]|return|=>)\s*)\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*|`|[{}]/gm;
  /** Of each open template: its text so far, and the depth of braces in its current expression. */
  const open: { text: string; depth: number }[] = [];
  for (let at = 0; at < code.length;) {
    token.lastIndex = at;
    const found = token.exec(code);
    if (found === null) break;
    at = token.lastIndex;
    const [text] = found;
    const template = open.at(-1);
    if (text === "`") at = templateText(code, at, open, literals);
    else if (/^["']/.test(text)) literals.push(text.slice(1, -1));
    else if (text === "{" && template !== undefined) template.depth++;
    else if (text === "}" && template !== undefined && template.depth-- === 0) {
      at = templateText(code, at, open, literals, open.pop());
    }
  }
  return literals;
}

/** Reads on in a template from `at` to its end or its next expression; returns the position behind that. */
function templateText(
  code: string,
  at: number,
  open: { text: string; depth: number }[],
  literals: string[],
  { text }: { text: string; depth?: number } = { text: "" },
): number {
  const part = /(?:[^`\\$]|\\[^]|\$(?!\{))*/y;
  part.lastIndex = at;
  const [read = ""] = part.exec(code) ?? [];
  const end = at + read.length;
  if (code[end] === "`") {
    literals.push(text + read);
    return end + 1;
  }
  open.push({ text: `${text}${read}…`, depth: 0 });
  return end + 2;
}

/** Other programs, whose command lines an error may quote. */
const otherPrograms = /\b(?:kubectl|git|tmux|attach-session|ssh|ssh-keygen|deno)\b/;

/** Returns whether a literal is a shell script, by the syntax of its expansions, lists and redirections. */
function isShell(literal: string): boolean {
  return /\n|\\n.*\\n|"\$|\$[({*\w]|&&|\|\||[<>]&|>\/dev|"\\\$/.test(literal);
}

/** Returns `kodama` with one of its commands, if a text has that. */
function commandOfKodama(text: string): string | undefined {
  return new RegExp(`\\bkodama (?:${Object.keys(tree.commands).join("|")})\\b`).exec(text)?.[0];
}

/** Returns the words of kodama's command line in a literal: a flag, or `kodama` with one of its commands. */
function commandLineWords(literal: string): string | undefined {
  const named = commandOfKodama(literal);
  if (named !== undefined) return named;
  // Words that are all flags are arguments for another program.
  if (literal.split(/\s+/).every((word) => /^-|^$/.test(word)) || isShell(literal)) {
    return undefined;
  }
  const flag = /(?<![\w-])(?:--[a-z][\w-]*|-[APimntx](?![\w-]))/.exec(literal);
  return flag === null || otherPrograms.test(literal.slice(0, flag.index)) ? undefined : flag[0];
}

/** They are front ends, or compose them; or pose as a Kubernetes, whose messages are its own. */
const wordsItself = /^(?:cli|present|host|web\/page)\/|^wiring\.ts$|_test\.ts$|\/testing\//;

Deno.test("no text below the front ends has words of the command line", async () => {
  const found: string[] = [];
  for await (const file of sourceFiles(src)) {
    const path = file.href.slice(src.href.length);
    if (wordsItself.test(path)) continue;
    for (const literal of literalsOf(await Deno.readTextFile(file))) {
      const words = commandLineWords(literal);
      if (words !== undefined) found.push(`${path}: ${words} in ${JSON.stringify(literal)}`);
    }
  }
  // Flags in a script are those of the programs that it runs.
  for await (const file of sourceFiles(src, /\.sh$/)) {
    const path = file.href.slice(src.href.length);
    if (wordsItself.test(path)) continue;
    const code = (await Deno.readTextFile(file)).replaceAll(/^\s*#.*$/gm, "");
    const command = commandOfKodama(code);
    if (command !== undefined) found.push(`${path}: ${command}`);
  }
  assert.deepEqual(found, []);
});

Deno.test("words of the command line are noticed, and other programs' are not", () => {
  const code = (literal: string) => `const a = /"--x/; // "--y"\nconst b = f(${literal});`;
  const wrong = ['"see --all"', "`${a} --all`", "`a ${g({ b: `-n ${c}` })}`", '"try kodama pods"'];
  const right = [
    '"--all"',
    '["--all", "-n"]',
    '"kubectl get pods --all"',
    '`cat "$1" --all`',
    '"a-b"',
  ];
  const found = (literal: string) =>
    literalsOf(code(literal)).map(commandLineWords).filter(Boolean);
  for (const literal of wrong) assert.equal(found(literal).length, 1, literal);
  for (const literal of right) assert.deepEqual(found(literal), [], literal);
});

Deno.test("every action that advice names is a command", async () => {
  const unknown: string[] = [];
  for await (const file of sourceFiles(src)) {
    if (file.href.endsWith("_test.ts")) continue;
    const code = await Deno.readTextFile(file);
    for (const [, name = ""] of code.matchAll(/\baction\(\s*"([\w.]+)"/g)) {
      if (nodeAt(tree, name.split("."))?.kind !== "leaf") unknown.push(`${file.pathname}: ${name}`);
    }
  }
  assert.deepEqual(unknown, []);
});
