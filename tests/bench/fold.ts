// deno-lint-ignore-file no-console -- a benchmark is a program of its own
/**
 * `deno task bench:fold [--guard]`: how long it takes to fold what 5,000 pods have written, 10 KiB each: from the
 * chunks as they come off the streams to the groups with their ranges of names. With `--guard` the exit code reports
 * whether the bound was left.
 */
import { Capture } from "../../src/exec/capture.ts";
import { Fold } from "../../src/exec/fold.ts";

const targets = 5000;
const outputBytes = 10 * 1024;
/** As a kubelet sends it. */
const chunkBytes = 4096;
const boundMs = 500;
const rounds = 9;

/** What a target writes, by its index. */
const shapes: Readonly<Record<string, (target: number) => Uint8Array>> = {
  "all the same": () => filled(""),
  "ten answers": (target) => filled(String(target % 10)),
  "all different, in their last bytes": (target) => filled(String(target).padStart(6, "0")),
};

/** Lines of text up to the size, and these characters at the very end. */
function filled(end: string): Uint8Array {
  const line = "a line of what a command says in every pod of a fleet\n";
  const bytes = new TextEncoder().encode(line.repeat(Math.ceil(outputBytes / line.length)))
    .slice(0, outputBytes);
  bytes.set(new TextEncoder().encode(end), outputBytes - end.length);
  return bytes;
}

function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}

/** Folds once; how long that took, and how many groups there were. */
function fold(outputs: readonly Uint8Array[], names: readonly string[]) {
  const start = performance.now();
  const folded = new Fold();
  outputs.forEach((output, target) => {
    const stdout = new Capture();
    for (const chunk of chunksOf(output)) stdout.push(chunk);
    folded.add({ target, outcome: { kind: "ok" }, stdout });
  });
  const groups = folded.groups(names).length;
  return { ms: performance.now() - start, groups };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

function main(words: readonly string[]): number {
  const names = Array.from({ length: targets }, (_, target) => `weka-drive-${target}`);
  let left = 0;
  console.log(`${targets} outputs of ${outputBytes / 1024} KiB, median of ${rounds} rounds`);
  for (const [what, outputOf] of Object.entries(shapes)) {
    const outputs = names.map((_, target) => outputOf(target));
    const all = Array.from({ length: rounds }, () => fold(outputs, names));
    const ms = median(all.map((one) => one.ms));
    if (ms > boundMs) left++;
    const groups = `${all[0]?.groups} ${all[0]?.groups === 1 ? "group" : "groups"}`;
    console.log(`${what.padEnd(36)}${groups.padEnd(14)}${ms.toFixed(0)} ms`);
  }
  return words.includes("--guard") && left > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(main(Deno.args));
