/** The flags of `kodama cp`. */
import { choice, toggle, valueOr } from "../../parser/flag.ts";
import { BadValue } from "../../parser/flag.ts";
import { runningFlags } from "../exec/flags.ts";
import { allFlag, selectionFlags } from "../../parser/selection.ts";

const copying = { group: "Copying" };
const checksums = choice(["auto", "sha256", "none"]);
const progresses = choice(["auto", "none"]);

const {
  fanout,
  serial,
  output,
  color,
  quiet,
  yes,
  "max-fail": maxFail,
  "fail-fast": failFast,
  "connect-timeout": connectTimeout,
  "confirm-above": confirmAbove,
} = runningFlags;

/** By their long names. */
export const copyFlags = {
  ...selectionFlags,
  ...allFlag,
  fanout,
  serial,
  "max-fail": maxFail,
  "fail-fast": failFast,
  "connect-timeout": connectTimeout,
  "timeout": {
    ...runningFlags.timeout,
    summary: "time limit of each pod's copy (default none)",
  },
  yes,
  "confirm-above": {
    ...confirmAbove,
    summary: "ask before writing into more than N pods (default 10, or exec.confirmAbove)",
  },
  "list": toggle("print what would be copied, and copy nothing", runningGroup()),
  "checksum": valueOr(
    "how copies are compared: the cheapest that the image has, SHA-256, or not at all",
    checksums.parse,
    "auto",
    { ...checksums, ...copying },
  ),
  "retries": valueOr(
    "how many times a copy resumes after a broken link without progress",
    retries,
    "5",
    {
      placeholder: "N",
      ...copying,
    },
  ),
  output,
  "progress": valueOr("progress line on a terminal", progresses.parse, "auto", {
    ...progresses,
    group: "Output",
  }),
  color,
  quiet,
};

function runningGroup(): { group: string } {
  return { group: runningFlags.list.group };
}

/** A whole number from 0. */
function retries(raw: string): number {
  if (!/^\d{1,6}$/.test(raw)) throw new BadValue(raw, "must be a whole number, 0 or more");
  return Number(raw);
}
