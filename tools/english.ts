// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/**
 * Prints how near the project's texts are to plain technical English: the rates of some words in
 * comments, the vague words of identifiers by module, and the uses of denied expressions.
 *
 * `deno task english [--list] [--update] [PATH…]`: `--list` prints the lines with a denied
 * expression; `--update` lowers the numbers of `tests/english.json` to today's.
 */
import { CommentCounts, denied, deniedIn, rates, vagueWords } from "./english/language.ts";
import { type Fragment, identifierWords, readSource } from "./english/source_text.ts";

/** A file of the project, and what is written in it. */
export interface ReadFile {
  /** Relative to the repository's root. */
  readonly path: string;
  /** A page of documentation is one fragment per line. */
  readonly fragments: readonly Fragment[];
}

/** What is read unless paths are given. Generated schemas repeat texts of `src/`. */
export const everything = [
  "src",
  "docs",
  "README.md",
  "ARCHITECTURE.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
];

/** The file with the greatest allowed numbers of denied expressions. */
export const limitsFile: URL = new URL("../tests/english.json", import.meta.url);

const root = new URL("../", import.meta.url);

/** Returns the TypeScript files and pages at `paths`, files or folders, in the order of their names. */
export async function readTree(paths: readonly string[]): Promise<ReadFile[]> {
  const files = (await Promise.all(paths.map(filesAt))).flat().sort();
  return await Promise.all(files.map(async (path) => {
    const text = await Deno.readTextFile(new URL(path, root));
    return { path, fragments: path.endsWith(".ts") ? readSource(text) : pageLines(text) };
  }));
}

async function filesAt(path: string): Promise<string[]> {
  if (!(await Deno.stat(new URL(path, root))).isDirectory) return [path];
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(`${path}/`, root))) {
    if (isDirectory) found.push(...await filesAt(`${path}/${name}`));
    else if (/\.(?:ts|md)$/.test(name)) found.push(`${path}/${name}`);
  }
  return found;
}

function pageLines(text: string): Fragment[] {
  return text.split("\n").map((line, index) => ({ kind: "page", text: line, line: index + 1 }));
}

/** Returns whether a file is part of the program, and not a test of it. */
function isProduct(path: string): boolean {
  return path.startsWith("src/") && !/_test\.ts$|\/testing\//.test(path);
}

/** A use of a denied expression. */
export interface Use {
  readonly name: string;
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

/** Returns every use of a denied expression; one that occurs twice in a fragment is listed twice. */
function deniedUses(files: readonly ReadFile[]): Use[] {
  const found: Use[] = [];
  for (const { path, fragments } of files) {
    for (const fragment of fragments) {
      for (const name of deniedIn(fragment)) {
        found.push({ name, path, line: fragment.line, text: fragment.text.trim() });
      }
    }
  }
  return found;
}

function printUses(files: readonly ReadFile[]): void {
  for (const { name, path, line, text } of deniedUses(files)) {
    console.log(`${path}:${line}: ${name}: ${text.slice(0, 120)}`);
  }
}

function printSummary(files: readonly ReadFile[]): void {
  const product = files.filter(({ path }) => isProduct(path));
  const counts = new CommentCounts();
  for (const { kind, text } of product.flatMap(({ fragments }) => fragments)) {
    if (kind === "comment") counts.add(text);
  }
  console.log(`In ${counts.words} words of comments, per 10,000:`);
  for (const rate of rates) {
    const value = counts.per10k(rate);
    const goal = rate.atLeast === undefined
      ? rate.atMost === undefined ? "" : `  (at most ${rate.atMost})`
      : `  (at least ${rate.atLeast})`;
    const misses = value < (rate.atLeast ?? 0) || value > (rate.atMost ?? Infinity);
    console.log(`  ${rate.name.padEnd(26)}${value.toFixed(1).padStart(6)}${misses ? goal : ""}`);
  }
  console.log("\nVague words in identifiers, by module:");
  for (const [module, words] of vagueByModule(product)) {
    const listed = [...words].sort(([, a], [, b]) => b - a).map(([word, n]) => `${word} ${n}`);
    console.log(`  ${module.padEnd(12)}${listed.join(", ")}`);
  }
  console.log("\nDenied expressions (deno task english --list):");
  for (const [name, count] of deniedCounts(files)) {
    console.log(`  ${name.padEnd(26)}${`${count}`.padStart(6)}`);
  }
}

/** Counts the vague words of identifiers: module to word to how often. */
function vagueByModule(files: readonly ReadFile[]): Map<string, Map<string, number>> {
  const modules = new Map<string, Map<string, number>>();
  for (const { path, fragments } of files) {
    const module = path.split("/")[1] ?? path;
    const words = modules.get(module) ?? new Map<string, number>();
    modules.set(module, words);
    for (const { text } of fragments.filter(({ kind }) => kind === "identifier")) {
      for (const word of identifierWords(text)) {
        if (Object.hasOwn(vagueWords, word)) words.set(word, (words.get(word) ?? 0) + 1);
      }
    }
  }
  return modules;
}

/** Returns how often each denied expression is used. */
export function deniedCounts(files: readonly ReadFile[]): Map<string, number> {
  const counts = new Map(denied.map(({ name }) => [name, 0]));
  for (const { name } of deniedUses(files)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

async function lowerLimits(files: readonly ReadFile[]): Promise<void> {
  const old = JSON.parse(await Deno.readTextFile(limitsFile)) as Record<string, number>;
  const limits = [...deniedCounts(files)].map(([name, count]) =>
    [name, Math.min(count, old[name] ?? count)] as const
  );
  await Deno.writeTextFile(limitsFile, `${JSON.stringify(Object.fromEntries(limits), null, 2)}\n`);
}

if (import.meta.main) {
  const paths = Deno.args.filter((argument) => !argument.startsWith("--"));
  const files = await readTree(paths.length > 0 ? paths : everything);
  if (Deno.args.includes("--list")) printUses(files);
  else if (Deno.args.includes("--update")) await lowerLimits(files);
  else printSummary(files);
}
