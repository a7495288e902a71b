/**
 * The suites of `deno task test`: each loads its test files into one isolate. An isolate per file would load most
 * modules three hundred times, which is a fifth of the processor time.
 */

const root = new URL("../../", import.meta.url);

/** The suites, and the test files of each: a file belongs to the first whose pattern matches. */
const suites = {
  scenarios: /^tests\/scenarios_test/,
  sessions: /^tests\/(agent|session|sync)_/,
  program: /^tests\//,
  cluster: /^packages\/cluster\//,
  work: /^src\/(actions|agent|sandbox|session|sync|workflow)\//,
  modules: /^(src|editors)\//,
} as const;

/** The name of a suite. */
export type SuiteName = keyof typeof suites;

/** Tests that need more than Deno, or minutes; they have tasks of their own. */
const elsewhere = [
  "tests/browser/",
  "tests/clients/",
  "tests/cluster/",
  "tests/editors/",
  "tests/mcp/",
  "tests/ollama/",
  "tests/plugins/",
  "tests/proofs/",
  "tests/release/",
  "tests/suites/",
  "tests/vscode/",
  "tests/web/",
  "tests/week/",
  "tests/wire/",
];

/** Loads the test files of a suite. */
export async function loadSuite(name: SuiteName): Promise<void> {
  const paths = (await Promise.all(["src/", "packages/", "editors/", "tests/"].map(testFiles)))
    .flat();
  const own = paths.filter((path) => suiteOf(path) === name);
  for (const path of own.sort()) await import(new URL(path, root).href);
}

function suiteOf(path: string): SuiteName | undefined {
  const names = Object.keys(suites) as SuiteName[];
  return names.find((name) => suites[name].test(path));
}

async function testFiles(folder: string): Promise<string[]> {
  if (elsewhere.includes(folder)) return [];
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) paths.push(...await testFiles(`${folder}${name}/`));
    else if (name.endsWith("_test.ts")) paths.push(folder + name);
  }
  return paths;
}
