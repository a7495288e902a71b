/** Prints identical outputs once: fifty pods with the same output are one block under one line of names. */
import type { Capture } from "./capture.ts";
import type { Outcome } from "./outcome.ts";
import { compressNames } from "./target_names.ts";

/** The compared parts of a target that has ended. */
interface FoldInput {
  target: number;
  outcome: Outcome;
  stdout: Capture;
  /** Absent if standard error isn't compared. */
  stderr?: Capture;
}

interface Group {
  targets: number[];
  outcome: Outcome;
  stdout: Uint8Array;
  stderr: Uint8Array;
  omittedBytes: number;
}

/** How much of all distinct outputs together is stored; of further ones, only the start. */
const storeLimitBytes = 256 * 1024 * 1024;
const shortenedBytes = 4096;

/** Groups targets as they end. Each distinct output is stored once. */
export class Fold {
  readonly #groups = new Map<string, Group[]>();
  #storedBytes = 0;

  constructor(readonly limitBytes: number = storeLimitBytes) {}

  add(input: FoldInput): void {
    const stderr = input.stderr?.bytes ?? new Uint8Array();
    const key = keyOf(input);
    const bucket = this.#groups.get(key);
    const same = bucket?.find((group) =>
      startsSame(group.stdout, input.stdout.bytes) && startsSame(group.stderr, stderr)
    );
    if (same !== undefined) {
      same.targets.push(input.target);
      return;
    }
    const group = this.#store(input, stderr);
    if (bucket === undefined) this.#groups.set(key, [group]);
    else bucket.push(group);
  }

  /** The largest group first; of equal ones, the one with the first target. */
  groups(names: readonly string[]): FoldedGroup[] {
    const all = [...this.#groups.values()].flat();
    for (const group of all) group.targets.sort((a, b) => a - b);
    all.sort((a, b) =>
      b.targets.length - a.targets.length || (a.targets[0] ?? 0) - (b.targets[0] ?? 0)
    );
    return all.map((group) => ({
      ...group,
      names: compressNames(group.targets.map((target) => names[target] ?? String(target))),
    }));
  }

  #store(input: FoldInput, stderr: Uint8Array): Group {
    const { outcome, target } = input;
    const full = this.#storedBytes + input.stdout.bytes.length + stderr.length > this.limitBytes;
    const [out, err] = [input.stdout.bytes, stderr].map((bytes) =>
      full ? bytes.slice(0, shortenedBytes) : bytes
    ) as [Uint8Array, Uint8Array];
    this.#storedBytes += out.length + err.length;
    const omittedBytes = input.stdout.omittedBytes + (input.stderr?.omittedBytes ?? 0) +
      (input.stdout.bytes.length - out.length) + (stderr.length - err.length);
    return { targets: [target], outcome, stdout: out, stderr: err, omittedBytes };
  }
}

/** Equal for equal outputs; stored bytes are compared too, omitted ones only by their hash. */
function keyOf({ outcome, stdout, stderr }: FoldInput): string {
  return [stdout, stderr].map((capture) =>
    capture === undefined
      ? ""
      : `${capture.bytes.length}.${
        hash(capture.bytes)
      }.${capture.omittedBytes}.${capture.omittedHash}`
  ).join(" ") + JSON.stringify(outcome);
}

/** A stored output may be truncated: as far as it goes, it must be a prefix of the other. */
function startsSame(stored: Uint8Array, other: Uint8Array): boolean {
  if (stored.length > other.length) return false;
  const [uint32s, others] = [uint32sOf(stored), uint32sOf(other)];
  for (let at = 0; at < uint32s.length; at++) if (uint32s[at] !== others[at]) return false;
  for (let at = uint32s.length * 4; at < stored.length; at++) {
    if (stored[at] !== other[at]) return false;
  }
  return true;
}

/** 53 bits from two lanes of multiply and mix: no protection against an adversary; the comparison is. */
function hash(bytes: Uint8Array): number {
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  const uint32s = uint32sOf(bytes);
  for (let at = 0; at < uint32s.length; at++) {
    const uint32 = uint32s[at] as number;
    low = Math.imul(low ^ uint32, 2654435761);
    low ^= low >>> 15;
    high = Math.imul(high ^ uint32, 1597334677);
    high ^= high >>> 13;
  }
  for (let at = uint32s.length * 4; at < bytes.length; at++) {
    low = Math.imul(low ^ (bytes[at] as number), 2654435761);
    high = Math.imul(high ^ (bytes[at] as number), 1597334677);
  }
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
}

/** Comparing four bytes at a time is four times as fast. A captured output starts at the start of its buffer. */
function uint32sOf(bytes: Uint8Array): Uint32Array {
  const whole = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(whole.buffer, whole.byteOffset, whole.length >> 2);
}

/* The common output of several targets, and how it differs from that of others. */

/** Targets with the same output and the same end. */
export interface FoldedGroup {
  /** Indexes, rising. */
  targets: readonly number[];
  /** Their names as ranges: `weka-drive-[0-49]`. */
  names: string;
  outcome: Outcome;
  stdout: Uint8Array;
  /** Empty unless standard error is folded too. */
  stderr: Uint8Array;
  /** Bytes of each target that were omitted at the limit. */
  omittedBytes: number;
  /** The difference from the first group, if requested. */
  diff?: GroupDiff;
}

/** How a group's output relates to that of the reference, the first group. */
export type GroupDiff =
  | { kind: "reference" }
  /** Only the outcomes differ. */
  | { kind: "same" }
  /** Unified diffs with their headers; empty for a stream that is the same. */
  | { kind: "unified"; stdout: string; stderr: string }
  /** Not compared; the reason completes "not compared: ". */
  | { kind: "notCompared"; reason: string };
