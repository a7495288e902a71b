/**
 * Many names as few words, as pdsh and ClusterShell write them: `weka-drive-[0-49,51]`.
 *
 * The number that is folded is the last one that stands at the name's end or before a separator, so the random
 * letters and digits at the end of a Deployment's pods stay as they are. Leading zeros keep their width:
 * `node-[08-10]`. A comma, bracket or backslash in a name itself is escaped by a backslash.
 */

/** A name around its number. */
interface NumberedName {
  prefix: string;
  digits: string;
  suffix: string;
}

/** Longer runs of digits are not numbers that can be counted exactly. */
const countable = /^\d{1,15}$/;

function split(name: string): NumberedName | undefined {
  const match = [...name.matchAll(/\d+(?=$|[-._/:])/g)].at(-1);
  if (match === undefined || !countable.test(match[0])) return undefined;
  const [digits] = match;
  const suffix = name.slice(match.index + digits.length);
  return { prefix: name.slice(0, match.index), digits, suffix };
}

/** The names as ranges, in the order in which each first appears; numbers rise. Repeated names are one. */
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

/** `5`, `[0-49,51]`, or nothing where there are none. */
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
      // `8-10` counts in one width; a padded range keeps the width of its first number.
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

/**
 * The names of such a text: what {@link compressNames} undoes. For lists that people write, too.
 *
 * @throws RangeError for a range that runs backwards or stands for more than `limit` names.
 */
export function expandNames(text: string, limit = 100_000): string[] {
  if (text === "") return [];
  const names: string[] = [];
  for (const word of splitOutside(text)) {
    const match = /^((?:\\.|[^\\[])*)(?:\[([\d,-]+)\]((?:\\.|[^\\[\]])*))?$/su.exec(word);
    if (match === null) throw new RangeError(`not a range of names: ${word}`);
    const [, prefix = "", ranges, suffix = ""] = match;
    const numbers = ranges === undefined ? [""] : numbersOf(ranges, limit - names.length);
    for (const number of numbers) names.push(unescaped(prefix) + number + unescaped(suffix));
    if (names.length > limit) throw new RangeError(`more than ${limit} names`);
  }
  return names;
}

/** At commas outside of brackets that no backslash escapes. */
function splitOutside(text: string): string[] {
  return text.match(/(?:\\.|\[[^\]]*\]|[^,\\[])+/gsu) ?? [];
}

function numbersOf(ranges: string, limit: number): string[] {
  return ranges.split(",").flatMap((range) => {
    const [, from, to] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(range) ?? [];
    if (from === undefined) throw new RangeError(`not a range of numbers: ${range}`);
    const [first, last] = [Number(from), Number(to ?? from)];
    if (last < first) throw new RangeError(`${range} runs backwards`);
    if (last - first >= limit) throw new RangeError(`${range} stands for too many names`);
    const width = isPadded(from) ? from.length : 0;
    return Array.from(
      { length: last - first + 1 },
      (_, index) => String(first + index).padStart(width, "0"),
    );
  });
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gsu, "$1");
}
