/**
 * Tests beside software that isn't kodama's: a cluster, a browser, an editor. Tests that fail are run once more; those
 * that pass then are named as `FLAKY NAME`, and don't fail the suite.
 *
 *     deno run -P=test tests/test_twice.ts FLAGS… PATH…    as of `deno test`
 */
import { filePath } from "../src/files/file_path.ts";
import { linesOf } from "./suites/run.ts";

const root = filePath(new URL("../", import.meta.url));

/** Runs `deno test` with these arguments, and those of its tests that fail once more. Returns an exit code. */
export async function testTwice(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const report = await Deno.makeTempFile({ prefix: "kodama-junit-", suffix: ".xml" });
  try {
    const first = await run([...args, `--junit-path=${report}`], env);
    const failed = first.code === 0 ? [] : failedTests(await Deno.readTextFile(report));
    if (failed.length === 0) {
      print(first.summary);
      return first.code;
    }
    print(`\nonce more: ${failed.join(", ")}\n`);
    const pattern = failed.map((name) => RegExp.escape(name)).join("|");
    const second = await run([...withoutFilter(args), `--filter=/^(?:${pattern})$/`], env);
    print(second.summary);
    const [, passed = "0"] = /(\d+) passed/.exec(first.summary) ?? [];
    print(`${passed} passed at once`);
    if (second.code === 0) { for (const name of failed) print(`FLAKY ${name}`); }
    return second.code;
  } finally {
    await Deno.remove(report);
  }
}

/** Returns the names of the tests, not of their steps, that failed by a report of `deno test --junit-path`. */
export function failedTests(junit: string): string[] {
  const cases = [
    ...junit.matchAll(/<testcase name="([^"]*)"[^>]*>\s*(<failure|<error|<\/testcase>)/g),
  ].map(([, name = "", result]) => ({ name: unescaped(name), isFailed: result !== "</testcase>" }));
  // The step of a test is named after it, with ` > ` between.
  return cases.filter(({ name, isFailed }) =>
    isFailed && !cases.some((other) => name.startsWith(`${other.name} > `))
  ).map(({ name }) => name);
}

function unescaped(text: string): string {
  const characters: Record<string, string> = { quot: '"', apos: "'", lt: "<", gt: ">", amp: "&" };
  return text.replaceAll(
    /&(?:(quot|apos|lt|gt|amp)|#(\d+));/g,
    (_all, name, code) => characters[name] ?? String.fromCodePoint(Number(code)),
  );
}

function withoutFilter(args: readonly string[]): string[] {
  return args.filter((arg, at) =>
    arg !== "--filter" && args[at - 1] !== "--filter" && !arg.startsWith("--filter=")
  );
}

/** Shows the output of `deno test`, except for its last line. */
async function run(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ code: number; summary: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--quiet", "--no-check", ...args],
    cwd: root,
    env: { ...env, NO_COLOR: "1" },
    stdout: "piped",
  }).spawn();
  let summary = "";
  for await (const line of linesOf(child.stdout)) {
    if (/^(?:ok|FAILED) \| /.test(line)) summary = line;
    else print(line);
  }
  return { code: (await child.status).code, summary };
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

if (import.meta.main) Deno.exit(await testTwice(Deno.args));
