/** How the outputs of groups differ: each against the largest, as a unified diff. */
import type { FoldedGroup, GroupDiff } from "./fold.ts";

/** Bounds of one comparison: it takes time and memory by the product of length and differences. */
export interface DiffBounds {
  /** The limit for each side. */
  maxBytes: number;
  /** Lines that exist on only one side. */
  maxChangedLines: number;
}

const usualBounds: DiffBounds = { maxBytes: 256 * 1024, maxChangedLines: 1000 };

/** Returns the groups, each with its diff. Loads the diff code only when called. */
export async function withDiffs(
  groups: readonly FoldedGroup[],
  bounds: DiffBounds = usualBounds,
): Promise<FoldedGroup[]> {
  const [reference] = groups;
  if (reference === undefined) return [];
  const patch = await textPatch(bounds);
  const before = textsOf(reference);
  const compare = (group: FoldedGroup): GroupDiff => {
    if (group === reference) return { kind: "reference" };
    const cut = group.omittedBytes + reference.omittedBytes > 0;
    if (cut || largest(group, reference) > bounds.maxBytes) return notCompared("too long");
    const after = textsOf(group);
    if (before === undefined || after === undefined) return notCompared("not UTF-8 text");
    return outputDiff(patch, [reference.names, before], [group.names, after], bounds);
  };
  return groups.map((group) => ({ ...group, diff: compare(group) }));
}

/** What a target wrote. */
interface OutputTexts {
  stdout: string;
  stderr: string;
}

/** Returns the difference of two outputs; `same` if their texts are the same. */
export function outputDiff(
  patch: Awaited<ReturnType<typeof textPatch>>,
  [oldName, before]: readonly [name: string, output: OutputTexts],
  [newName, after]: readonly [name: string, output: OutputTexts],
  { maxBytes }: DiffBounds = usualBounds,
): GroupDiff {
  const texts = [before, after].flatMap(({ stdout, stderr }) => [stdout, stderr]);
  if (texts.some(({ length }) => length > maxBytes)) return notCompared("too long");
  const [stdout, stderr] = (["stdout", "stderr"] as const).map((stream) =>
    patch([oldName, before[stream]], [newName, after[stream]])
  );
  if (stdout === undefined || stderr === undefined) return notCompared("too different");
  return stdout + stderr === "" ? { kind: "same" } : { kind: "unified", stdout, stderr };
}

/** Returns how many lines differ: a line that was replaced counts once. */
export function changedLineCount(
  { stdout, stderr }: Extract<GroupDiff, { kind: "unified" }>,
): number {
  const lines = [stdout, stderr].flatMap((text) => text.split("\n").slice(2));
  const count = (sign: string) => lines.filter((line) => line.startsWith(sign)).length;
  return Math.max(count("+"), count("-"));
}

/** A text with its name in the patch. */
type NamedText = readonly [name: string, text: string];

/**
 * Returns a function that compares two texts: their unified diff, with its header; empty if they are the same;
 * undefined if they are too different. Loads the diff code only when called.
 */
export async function textPatch(
  bounds: DiffBounds = usualBounds,
): Promise<(before: NamedText, after: NamedText) => string | undefined> {
  const { createTwoFilesPatch, FILE_HEADERS_ONLY } = await import("diff");
  return ([oldName, before], [newName, after]) => {
    if (before === after) return "";
    return createTwoFilesPatch(oldName, newName, before, after, undefined, undefined, {
      context: 3,
      maxEditLength: bounds.maxChangedLines,
      headerOptions: FILE_HEADERS_ONLY,
    });
  };
}

function notCompared(reason: string): GroupDiff {
  return { kind: "notCompared", reason };
}

function largest(...groups: readonly FoldedGroup[]): number {
  return Math.max(...groups.flatMap(({ stdout, stderr }) => [stdout.length, stderr.length]));
}

function textsOf({ stdout, stderr }: FoldedGroup): OutputTexts | undefined {
  const [out, err] = [textOf(stdout), textOf(stderr)];
  return out === undefined || err === undefined ? undefined : { stdout: out, stderr: err };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
