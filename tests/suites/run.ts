/**
 * `deno task test`: runs the suites, or the test files that are named, and reports briefly: a line of progress,
 * failures whole, and a summary with what was skipped and why. `--verbose` prints a line for each test.
 *
 *     deno task test [--verbose] [--filter TEXT] [PATH…]
 *
 * The last line is `N passed, N failed, N skipped`.
 */
import { filePath } from "../../src/files/file_path.ts";

/** As in deadline.ts, which is for the tests' own process. */
const startedVariable = "KODAMA_TEST_STARTED";

const root = filePath(new URL("../../", import.meta.url));

/** A test that blocks its thread can't see its own deadline, which is shorter. */
const blockedMs = 60_000;
const progressEveryMs = 15_000;

/** What the lines of `deno test` have said so far. */
export class TestReport {
  /** Results of tests, not of their steps. */
  passed = 0;
  failed = 0;
  skipped = 0;
  /** Names of skipped tests and steps, by their reason. */
  readonly reasons = new Map<string, string[]>();
  /** Failures as `deno test` prints them at its end. */
  readonly failures: string[] = [];
  #inFailures = false;

  /** Reads a line. */
  add(line: string): void {
    if (line === " ERRORS ") this.#inFailures = true;
    const total = /^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed(?:.*? \| (\d+) ignored)?/.exec(
      line,
    );
    if (total !== null) {
      [this.passed, this.failed, this.skipped] = total.slice(1).map((count) =>
        Number(count ?? 0)
      ) as [
        number,
        number,
        number,
      ];
      this.#inFailures = false;
      return;
    }
    if (this.#inFailures) {
      // Every test is registered by the deadline's code; the stack has its own place.
      this.failures.push(line.replace(/ => \S*deadline\.ts:\d+:\d+$/, ""));
      return;
    }
    const result = /^(?:\S+ => )?(.*) \.\.\. (ok|FAILED|ignored)(?: \([^)]*\))+$/.exec(line);
    if (result === null) return;
    const [, name = "", kind] = result;
    // Steps are indented, or follow their test's name.
    const isStep = name.startsWith(" ") || name.includes(" ... ");
    if (kind === "ignored") this.#skip(name.trim());
    else if (!isStep) this[kind === "ok" ? "passed" : "failed"]++;
  }

  #skip(name: string): void {
    const [, test = name, reason = "no reason is given"] = /^(.*) \(skipped: (.*)\)$/.exec(name) ??
      [];
    this.reasons.set(reason, [...this.reasons.get(reason) ?? [], test]);
  }

  /** Returns the tests that were skipped, below the reason of each. */
  skippedText(): string {
    return [...this.reasons].map(([reason, names]) =>
      `skipped: ${reason}\n${names.map((name) => `  ${name}\n`).join("")}`
    ).join("");
  }
}

async function main(args: readonly string[]): Promise<number> {
  const verbose = args.includes("--verbose");
  const rest = args.filter((arg) => arg !== "--verbose");
  const filterAt = rest.indexOf("--filter");
  const filter = filterAt === -1 ? [] : rest.splice(filterAt, 2);
  const started = await Deno.makeTempDir({ prefix: "kodama-tests-" });
  try {
    return await runTests({ verbose, filter, paths: rest, started });
  } finally {
    await Deno.remove(started, { recursive: true });
  }
}

interface Run {
  verbose: boolean;
  filter: readonly string[];
  /** The suites, if none is named. */
  paths: readonly string[];
  /** A folder with the names of the tests that run. */
  started: string;
}

// The longest first.
const suites = ["program", "scenarios", "sessions", "work", "cluster", "modules"]
  .map((name) => `tests/suites/${name}_test.ts`);

async function runTests({ verbose, filter, paths, started }: Run): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "--quiet", "--parallel", "--no-check", "-P=test"],
      ...["--preload", "tests/suites/deadline.ts", ...filter],
      ...(paths.length === 0 ? suites : paths),
    ],
    cwd: root,
    env: {
      DENO_JOBS: Deno.env.get("DENO_JOBS") ?? "4",
      NO_COLOR: "1",
      KODAMA_TEST_HANG_MS: "45000",
      [startedVariable]: started,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const report = new TestReport();
  const printed: string[] = [];
  const begin = performance.now();
  let shown = begin;
  let hung: string | undefined;
  const timer = setInterval(() => {
    const now = performance.now();
    if (!verbose && now - shown >= progressEveryMs) {
      shown = now;
      progress(report, now - begin);
    }
    const blocked = blockedTest(started);
    if (blocked === undefined || hung !== undefined) return;
    hung = `"${blocked}" has blocked its thread for ${blockedMs / 1000} s`;
    child.kill("SIGKILL");
  }, 500);
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const line of linesOf(stream)) {
      report.add(line);
      if (verbose) print(line);
      else printed.push(line);
    }
  };
  const [{ code }] = await Promise.all([child.status, read(child.stdout), read(child.stderr)]);
  clearInterval(timer);
  if (hung !== undefined) report.failures.push(hung);
  if (!verbose && report.failures.length > 0) print(report.failures.join("\n"));
  // It ended before its own summary: a syntax error, or a crash.
  if (code !== 0 && report.failures.length === 0) print(printed.slice(-60).join("\n"));
  if (code !== 0 && report.failed === 0) report.failed = 1;
  const withoutReason = report.reasons.get("no reason is given") ?? [];
  report.failed += withoutReason.length;
  print(report.skippedText().trimEnd());
  const { passed, failed, skipped } = report;
  print(`${passed} passed, ${failed} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`);
  return failed === 0 ? 0 : 1;
}

/** Returns the test or step that runs for too long. */
function blockedTest(folder: string): string | undefined {
  for (const { name } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    const { mtime } = Deno.statSync(path);
    const test = Deno.readTextFileSync(path);
    if (test !== "" && Date.now() - (mtime?.getTime() ?? 0) > blockedMs) return test;
  }
  return undefined;
}

function progress({ passed, failed }: TestReport, elapsedMs: number): void {
  const seconds = Math.round(elapsedMs / 1000);
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  print(`${time}  ${passed} passed, ${failed} failed so far`);
}

function print(text: string): void {
  if (text !== "") Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Returns the lines of a process' output, as they come. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream() as never)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
