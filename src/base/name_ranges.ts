/** Names with ranges of numbers, as kodama prints them: `web-[0-3,7]`. Pure. */

/** A typo in a range must not fill the memory. */
const mostNames = 10_000;

/**
 * Returns the names that a text with ranges stands for, `web-[0-3,7],db-0`; undefined if it isn't of this form. A first
 * number with leading zeros sets the width of its range. A backslash makes the next character literal.
 */
export function expandNames(text: string): string[] | undefined {
  const names: string[] = [];
  // At commas outside of brackets.
  const parts = text.match(/(?:\\.|\[[^\]]*\]|[^,\\[])+/gsu) ?? [];
  // A bracket that isn't closed is in no part.
  if (parts.join(",") !== text) return undefined;
  for (const part of parts) {
    const match = /^((?:\\.|[^\\[])*)(?:\[([\d,-]+)\]((?:\\.|[^\\[\]])*))?$/su.exec(part);
    if (match === null) return undefined;
    const [, prefix = "", ranges, suffix = ""] = match;
    for (const range of ranges?.split(",") ?? [undefined]) {
      const numbers = range === undefined ? [""] : numbersOf(range);
      if (numbers === undefined || names.length + numbers.length > mostNames) return undefined;
      names.push(...numbers.map((number) => unescaped(prefix) + number + unescaped(suffix)));
    }
  }
  return names;
}

function numbersOf(range: string): string[] | undefined {
  const [, from = "", to = from] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
  const count = BigInt(to === "" ? -1 : to) - BigInt(from === "" ? 0 : from) + 1n;
  if (from === "" || count < 1n || count > mostNames) return undefined;
  const width = /^0\d/.test(from) ? from.length : 0;
  return Array.from(
    { length: Number(count) },
    (_, at) => String(BigInt(from) + BigInt(at)).padStart(width, "0"),
  );
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gsu, "$1");
}
