/** Numbers of targets on the command line: `5`, or `20%` of all of them. */
import type { Amount } from "../../../actions/exec/events.ts";
import { BadValue } from "../../parser/flag.ts";

const hint = "as in 5, or 20%";

/** Parses an amount from 0. Throws {@link BadValue}. */
export function amount(raw: string): Amount {
  const match = /^(\d{1,9}(?:\.\d{1,9})?)(%?)$/.exec(raw);
  const number = Number(match?.[1]);
  if (match?.[2] === "%" && number <= 100) return { kind: "percent", percent: number };
  if (match?.[2] === "" && Number.isInteger(number)) return { kind: "count", count: number };
  throw new BadValue(raw, "must be a number of pods, or a percentage of them", { hint });
}

/** Parses the sizes of successive batches: `1,5,20%`. Throws {@link BadValue}. */
export function amounts(raw: string): readonly Amount[] {
  return raw.split(",").map((part) => {
    const size = amount(part.trim());
    if (size.kind === "count" ? size.count >= 1 : size.percent > 0) return size;
    throw new BadValue(raw, "a batch has one pod at least", { hint: "as in 1,5,20%" });
  });
}
