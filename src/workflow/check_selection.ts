/** Selections that can't match any pod. Pure. */
import { expressionMark } from "./fields.ts";
import { listed } from "./one_or_more.ts";

/** Returns why it can't match anything; undefined if it may match something. */
export function emptySelection(select: unknown): string | undefined {
  const { match, exclude } = select as { match?: string | string[]; exclude?: string | string[] };
  const wanted = listed(match);
  const unwanted = listed(exclude).filter(isPlain);
  if (wanted.length === 0 || !wanted.every(isPlain)) return undefined;
  // A name that contains `drive-1` contains `drive` too.
  const covers = wanted.map((text) => unwanted.find((other) => text.includes(other)));
  if (covers.some((cover) => cover === undefined)) return undefined;
  return `it can match nothing: exclude ${JSON.stringify(covers[0])} leaves out all that match`;
}

function isPlain(text: string): boolean {
  return !text.includes(expressionMark) && !(text.length > 2 && /^\/.*\/$/.test(text));
}
