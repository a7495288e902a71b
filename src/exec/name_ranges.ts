/**
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
