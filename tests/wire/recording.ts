/**
 * What a real cluster answered to kubectl, and what the embedded one does: the files of `recorded/` are
 * scenarios whose expectations `deno task wire:record` wrote on a real Kubernetes.
 */
import { parseScenario, type Scenario, type Step } from "../harness/scenario.ts";
import { runScenario, type ScenarioCluster } from "../harness/scenario_run.ts";

/** Where the recorded files are. */
export const recordedFolder = new URL("recorded/", import.meta.url).pathname;

/** Names of the recorded files, in order. */
export async function recordedNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(recordedFolder)) {
    if (name.endsWith(".md")) names.push(name);
  }
  return names.sort();
}

/** Reads a recorded file. */
export async function readRecorded(name: string): Promise<Scenario> {
  return parseScenario(await Deno.readTextFile(`${recordedFolder}${name}`));
}

/** Runs a file's commands on a cluster; what differs between any two clusters is replaced. */
export async function perform(scenario: Scenario, stage: ScenarioCluster): Promise<Scenario> {
  const happened = await runScenario(scenario, stage);
  const parts = happened.parts.map((part) =>
    part.kind === "console" ? { ...part, steps: part.steps.map(settledStep) } : part
  );
  return { ...happened, parts };
}

/** The commands of a file, in order. */
export function stepsOf({ parts }: Scenario): Step[] {
  return parts.flatMap((part) => part.kind === "console" ? part.steps : []);
}

/** A step as the text that is compared. */
export function stepText({ stdout, stderr, exitCode }: Step): string {
  const errors = stderr.split("\n").filter((line) => line !== "").map((line) => `2> ${line}\n`);
  // The formatter of the recorded files drops empty lines at the end of an output.
  const output = stdout.replace(/\s+$/, "\n");
  return `${output}${errors.join("")}[exit ${exitCode}]\n`;
}

function settledStep(step: Step): Step {
  return { ...step, stdout: settled(step.stdout), stderr: settled(step.stderr) };
}

const patterns: readonly [RegExp, string][] = [
  [/"resourceVersion": ?"\d+"/g, '"resourceVersion": "{version}"'],
  [/\b(?:127\.0\.0\.1|198\.18\.\d{1,3}\.\d{1,3})\b/g, "{ip}"],
  [/[0-9a-f]{64}\b/g, "{digest}"],
  [/\bkube-api-access-[a-z0-9]{5}\b/g, "kube-api-access-{id}"],
  [/\bv1\.\d+\.\d+[\w+.-]*/g, "{release}"],
  [/-[bcdf-hj-np-tv-xz2456789]{8,10}(?=[\\"\s)]|$)/gm, "-{hash}"],
  // Warnings of kubectl about its own version, beside a server of another.
  [/^WARNING: version difference .*\n/gm, ""],
  // Columns are as wide as what stands in them, which was replaced.
  [/(?<=\S) {2,}/g, "  "],
];

function settled(text: string): string {
  const result = patterns.reduce((text, [pattern, by]) => text.replace(pattern, by), text);
  // As a file has it: the last line ends.
  return result === "" || result.endsWith("\n") ? result : `${result}\n`;
}
