// deno-lint-ignore-file no-console -- a tool talks to the person who runs it
/**
 * `deno task coverage [PATH…]`: runs tests, by default all that `deno task test` does, and prints which share of the
 * lines and branches of each module of `src/` ran. What kodama does in a process of its own isn't counted.
 */
import { filePath } from "../src/files/file_path.ts";
import { percentage, summary } from "./coverage_summary.ts";

const root = filePath(new URL("../", import.meta.url));

async function deno(args: readonly string[], stdout: "inherit" | "piped"): Promise<string> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    stdout,
    stderr: "inherit",
  }).output();
  if (!output.success && stdout === "piped") Deno.exit(output.code);
  return stdout === "piped" ? new TextDecoder().decode(output.stdout) : "";
}

const folder = await Deno.makeTempDir({ prefix: "kodama-coverage-" });
try {
  const paths = Deno.args.length > 0 ? Deno.args : ["tests/suites"];
  const test = [
    "test",
    "--quiet",
    "--parallel",
    "--no-check",
    "-P=test",
    `--coverage=${folder}`,
    "--coverage-raw-data-only",
  ];
  await deno([...test, ...paths], "inherit");
  const lcov = await deno(["coverage", "--quiet", "--lcov", folder], "piped");
  console.log(`${"module".padEnd(20)} lines  branches`);
  for (const { module, lines, branches } of summary(lcov, root)) {
    console.log(
      `${module.padEnd(20)} ${percentage(lines).padStart(5)}  ${percentage(branches).padStart(8)}`,
    );
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}
