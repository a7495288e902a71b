/** Names of targets in a run: as short as possible without being ambiguous; as ranges, and as names of files. */
import type { Target } from "../kube/select/target.ts";

/** The parts that the names of one run have; fixed once, so that later targets fit in. */
export interface NameParts {
  context: boolean;
  namespace: boolean;
  container: boolean;
}

/** Returns the parts that are needed to distinguish all targets. */
export function nameParts(targets: readonly Target[]): NameParts {
  return {
    context: new Set(targets.map((target) => target.context)).size > 1,
    namespace: new Set(targets.map((target) => target.namespace)).size > 1,
    container: new Set(targets.map(podKey)).size < targets.length,
  };
}

/** Returns the name with every part, which doesn't depend on other targets: no two targets have the same. */
export function targetKey(target: Target): string {
  return targetName(target, { context: true, namespace: true, container: true });
}

/** Returns `weka-drive-3`, or with every part `prod/weka/weka-drive-3/agent`. */
export function targetName(target: Target, parts: NameParts): string {
  return [
    ...(parts.context ? [target.context] : []),
    ...(parts.namespace ? [target.namespace] : []),
    target.pod,
    ...(parts.container ? [target.container] : []),
  ].join("/");
}

function podKey({ context, namespace, pod }: Target): string {
  return JSON.stringify([context, namespace, pod]);
}

/* Names of the files that store targets' outputs: distinct, and safe whatever their source. */

/** Bytes of a name; file systems allow 255, and an extension follows. */
const maxLength = 200;

/**
 * Returns the file name, without its extension, for a target's name: its parts joined by `_`, which no Kubernetes name
 * contains. Characters that could leave the folder, hide the file or be special to a shell are written as `%2F`, as in
 * a URL; a name that is too long ends in a hash of the complete name.
 */
export function outputFileName(targetName: string): string {
  const parts = targetName.split("/").map((part) =>
    encodeURIComponent(part.toWellFormed()).replace(/[_~!*'()]|^\./g, percent)
  );
  const name = parts.join("_");
  if (name.length <= maxLength) return name;
  return `${name.slice(0, maxLength)}%${hash(name)}`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/** FNV-1a, twice with different seeds: names that share 200 letters are few. */
function hash(text: string): string {
  return [0x811c9dc5, 0x1b873593].map((seed) => {
    let value = seed;
    for (let at = 0; at < text.length; at++) {
      value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
    }
    return (value >>> 0).toString(16).padStart(8, "0");
  }).join("");
}

/*
 * Folds many names into a short form, like pdsh and ClusterShell: `weka-drive-[0-49,51]`.
 *
 * The folded number is the last one at the name's end or before a separator, so the random letters and digits at the
 * end of a Deployment's pods stay unchanged. Leading zeros retain their width: `node-[08-10]`. A comma, bracket or
 * backslash in a name is escaped by a backslash.
 */

/** A name around its number. */
interface NumberedName {
  prefix: string;
  digits: string;
  suffix: string;
}

/** Longer runs of digits aren't numbers that can be counted exactly. */
const countable = /^\d{1,15}$/;

function split(name: string): NumberedName | undefined {
  const match = [...name.matchAll(/\d+(?=$|[-._/:])/g)].at(-1);
  if (match === undefined || !countable.test(match[0])) return undefined;
  const [digits] = match;
  const suffix = name.slice(match.index + digits.length);
  return { prefix: name.slice(0, match.index), digits, suffix };
}

/** Returns the names as ranges, in the order in which each first appears; numbers ascend. Duplicates are merged. */
export function compressNames(names: Iterable<string>): string {
  const families = new Map<string, { prefix: string; suffix: string; digits: Set<string> }>();
  for (const name of names) {
    const parts = split(name);
    const { prefix, suffix } = parts ?? { prefix: name, suffix: "" };
    const key = `${parts === undefined ? "plain" : "numbered"}\0${prefix}\0${suffix}`;
    let family = families.get(key);
    if (family === undefined) families.set(key, family = { prefix, suffix, digits: new Set() });
    if (parts !== undefined) family.digits.add(parts.digits);
  }
  return [...families.values()].map(({ prefix, suffix, digits }) =>
    escaped(prefix) + numbersWord([...digits]) + escaped(suffix)
  ).join(",");
}

/** Returns `5`, `[0-49,51]`, or an empty text if there are none. */
function numbersWord(digits: string[]): string {
  const first = digits[0];
  if (first === undefined || digits.length === 1) return first ?? "";
  return `[${rangesOf(digits).join(",")}]`;
}

function rangesOf(digits: string[]): string[] {
  const paddedWidths = new Set(digits.filter(isPadded).map((text) => text.length));
  const widthOf = (text: string) => paddedWidths.has(text.length) ? text.length : 0;
  const sorted = digits.toSorted((a, b) => widthOf(a) - widthOf(b) || Number(a) - Number(b));
  const ranges: { from: string; to: string; width: number }[] = [];
  for (const text of sorted) {
    const last = ranges.at(-1);
    const width = widthOf(text);
    if (last !== undefined && last.width === width && Number(text) === Number(last.to) + 1) {
      // `8-10` counts in one width; a padded range retains the width of its first number.
      last.to = text;
    } else ranges.push({ from: text, to: text, width });
  }
  return ranges.map(({ from, to }) => from === to ? from : `${from}-${to}`);
}

function isPadded(digits: string): boolean {
  return digits.length > 1 && digits.startsWith("0");
}

function escaped(text: string): string {
  return text.replace(/[\\,[\]]/g, "\\$&");
}
