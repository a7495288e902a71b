/**
 * Scenario files: Markdown whose blocks are files, manifests and commands with what they print.
 *
 *     ---
 *     runs: embedded, real
 *     world: weka
 *     ---
 *     # What this shows
 *
 *     ```yaml apply
 *     kind: Pod …
 *     ```
 *
 *     ```console
 *     $ kodama exec -l app=web -- false
 *     2> web: exit code 1
 *     [exit 5]
 *     ```
 *
 * In a `console` block a line that starts with `$ ` is a command of a shell; the lines up to the next one are its
 * standard output; `2> ` marks standard error; `[exit N]` ends a command that fails. A block `… file=NAME` is a file of
 * the working directory; `yaml apply` is applied and waited for.
 *
 * `{port}` is a free port of this machine, the same in all of a scenario.
 *
 * Each stream is written in its own time: the order of lines with `2>&1` is undefined. Filter standard error in a file
 * of its own instead.
 */

/** Where a scenario can run. */
export type ScenarioTarget = "embedded" | "real";

/** A command, and its expected result. */
export interface Step {
  command: string;
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** A part of a scenario file, in its order. */
export type Part =
  | { kind: "prose"; lines: string[] }
  | { kind: "file"; fence: string; name: string; text: string }
  | { kind: "apply"; fence: string; text: string }
  | { kind: "console"; fence: string; steps: Step[] };

/** A scenario file. */
export interface Scenario {
  runs: readonly ScenarioTarget[];
  /** Why it doesn't run on a real cluster; a reason is required. */
  whyNotReal: string | undefined;
  /** The initial world of the embedded cluster. */
  world: string;
  header: readonly string[];
  parts: readonly Part[];
}

/** Reads a scenario. Throws with the line if it can't be read. */
export function parseScenario(text: string): Scenario {
  const lines = text.split("\n");
  if (lines[0] !== "---") throw new Error("line 1: a scenario begins with a header between ---");
  const end = lines.indexOf("---", 1);
  if (end < 0) throw new Error("line 1: the header has no end");
  const header = lines.slice(1, end);
  return { ...headerOf(header), header, parts: partsOf(lines, end + 1) };
}

const fields = ["runs", "not real because", "world"];

function headerOf(lines: readonly string[]): Omit<Scenario, "header" | "parts"> {
  const values = new Map(lines.map((line, index) => {
    const at = line.indexOf(": ");
    const name = line.slice(0, at);
    if (!fields.includes(name)) {
      throw new Error(`line ${index + 2}: a header has the fields ${fields.join(", ")}`);
    }
    return [name, line.slice(at + 2)];
  }));
  const runs = (values.get("runs") ?? "").split(", ");
  if (!runs.every((place): place is ScenarioTarget => place === "embedded" || place === "real")) {
    throw new Error("line 2: runs is embedded, or embedded, real");
  }
  const whyNotReal = values.get("not real because");
  if (runs.includes("real") === (whyNotReal !== undefined)) {
    throw new Error("line 2: a scenario runs on a real cluster, or says: not real because");
  }
  return { runs, whyNotReal, world: values.get("world") ?? "empty" };
}

function partsOf(lines: readonly string[], from: number): Part[] {
  const parts: Part[] = [];
  let prose: string[] = [];
  for (let at = from; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (!line.startsWith("```")) {
      prose.push(line);
      continue;
    }
    const close = lines.indexOf("```", at + 1);
    if (close < 0) throw new Error(`line ${at + 1}: the block has no end`);
    parts.push({ kind: "prose", lines: prose });
    prose = [];
    parts.push(blockOf(line, lines.slice(at + 1, close), at + 1));
    at = close;
  }
  parts.push({ kind: "prose", lines: prose });
  return parts;
}

function blockOf(fence: string, lines: readonly string[], number: number): Part {
  if (fence === "```console") return { kind: "console", fence, steps: stepsOf(lines, number) };
  const text = `${lines.join("\n")}\n`;
  const name = / file=(\S+)$/.exec(fence)?.[1];
  if (name !== undefined) return { kind: "file", fence, name, text };
  if (fence === "```yaml apply") return { kind: "apply", fence, text };
  throw new Error(
    `line ${number}: a block is \`\`\`console, \`\`\`yaml apply or \`\`\`… file=NAME`,
  );
}

function stepsOf(lines: readonly string[], number: number): Step[] {
  const steps: Step[] = [];
  lines.forEach((line, index) => {
    const step = steps.at(-1);
    if (line.startsWith("$ ")) {
      steps.push({ command: line.slice(2), stdout: "", stderr: "", exitCode: 0 });
    } else if (step === undefined) {
      throw new Error(`line ${number + index + 1}: a console block begins with a command`);
    } else if (line.startsWith("2> ")) step.stderr += `${line.slice(3)}\n`;
    else if (line === "2>") step.stderr += "\n";
    else if (/^\[exit \d+\]$/.test(line)) step.exitCode = Number(line.slice(6, -1));
    else step.stdout += `${line}\n`;
  });
  return steps;
}

/** Returns the text of a scenario: {@link parseScenario} reads it back. */
export function formatScenario(scenario: Scenario): string {
  const header = ["---", ...scenario.header, "---"];
  return [...header, ...scenario.parts.flatMap(partLines)].join("\n");
}

function partLines(part: Part): string[] {
  switch (part.kind) {
    case "prose":
      return part.lines;
    case "console":
      return [part.fence, ...part.steps.flatMap(stepLines), "```"];
    case "file":
    case "apply":
      return [part.fence, ...part.text.replace(/\n$/, "").split("\n"), "```"];
  }
}

function stepLines({ command, stdout, stderr, exitCode }: Step): string[] {
  return [
    `$ ${command}`,
    ...linesOf(stdout),
    ...linesOf(stderr).map((line) => (line === "" ? "2>" : `2> ${line}`)),
    ...(exitCode === 0 ? [] : [`[exit ${exitCode}]`]),
  ];
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
