/** The options of `cp`: the choices for a copy besides its source, its destination and its pods. */
import type { ChecksumChoice } from "../../copy/checksum.ts";
import { fanOutOptions } from "../exec/options.ts";
import { choiceField, durationField, or, wholeField } from "../../operation/field.ts";

const checksums = ["auto", "sha256", "none"] as const satisfies ChecksumChoice[];

/** The options of a copy to or from many pods. */
export const copyOptions = {
  ...fanOutOptions,
  timeoutMs: durationField("time limit of each pod's copy (default none)", {
    variable: "KODAMA_TIMEOUT",
  }),
  checksum: or(
    choiceField(
      "how copies are compared: the cheapest that the image has, SHA-256, or not at all",
      checksums,
    ),
    "auto",
  ),
  retries: or(
    wholeField("how many times a copy resumes after a broken link without progress", { least: 0 }),
    5,
  ),
};
