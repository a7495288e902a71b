/** The options of `cp`: what a front end offers of a copy besides its source, its destination and its pods. */
import type { ChecksumChoice } from "../../copy/checksum.ts";
import { fanOutOptions } from "../exec/options.ts";
import { choiceOption, durationOption, wholeOption } from "../option.ts";

const checksums = ["auto", "sha256", "none"] as const satisfies ChecksumChoice[];

/** The options of a copy to or from many pods. */
export const copyOptions = {
  ...fanOutOptions,
  timeoutMs: durationOption("time limit of each pod's copy (default none)", {
    variable: "KODAMA_TIMEOUT",
  }),
  checksum: choiceOption(
    "how copies are compared: the cheapest that the image has, SHA-256, or not at all",
    checksums,
    { default: "auto" },
  ),
  retries: wholeOption("how many times a copy resumes after a broken link without progress", {
    least: 0,
    default: 5,
  }),
};
