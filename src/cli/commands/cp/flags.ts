/** The flags of `kodama cp`. */
import { choice, toggle, valueOr } from "../../parser/flag.ts";
import { optionFlag } from "../../parser/option_flag.ts";
import { copyOptions } from "../../../actions/copy/options.ts";
import { runningFlags } from "../exec/flags.ts";
import { allFlag, selectionFlags } from "../../parser/selection.ts";

const copying = { group: "Copying" };
const {
  fanout,
  serial,
  output,
  color,
  quiet,
  yes,
  "max-fail": maxFail,
  "fail-fast": failFast,
  "require-all": requireAll,
  "connect-timeout": connectTimeout,
  "confirm-above": confirmAbove,
} = runningFlags;

/** The flags of `kodama cp`. */
export const copyFlags = {
  ...selectionFlags,
  ...allFlag,
  fanout,
  serial,
  "max-fail": maxFail,
  "fail-fast": failFast,
  "require-all": requireAll,
  "connect-timeout": connectTimeout,
  "timeout": optionFlag(copyOptions, "timeoutMs", { group: runningFlags.list.group }),
  yes,
  "confirm-above": {
    ...confirmAbove,
    summary: confirmAbove.summary.replace(
      "before a command that may change",
      "before writing into",
    ),
  },
  "list": toggle("print what would be copied, and copy nothing", {
    group: runningFlags.list.group,
  }),
  "checksum": optionFlag(copyOptions, "checksum", copying),
  "retries": optionFlag(copyOptions, "retries", copying),
  output,
  "progress": valueOr("progress line on a terminal", choice(["auto", "none"]), "auto", {
    group: "Output",
  }),
  color,
  quiet,
};
