/** Texts of files that a shell runs: no failure in them passes unseen. */

import { quoted } from "./shell_quote.ts";

/** A pipe, and not `||`. */
const pipe = /(?<!\|)\|(?!\|)/;

/**
 * Returns the text so that any of several lines ends it if it fails, and a pipe fails with any of its commands: by the
 * shell's own `pipefail` (bash, busybox, newer versions of dash), or by a bash beside it, which reads the text as POSIX
 * has it. Without either only the last command of a pipe counts. The text's own lines keep their numbers.
 */
export function strictLine(text: string): string {
  const severalLines = text.trim().includes("\n");
  const strict = severalLines ? "set -e; " : "";
  if (!pipe.test(text)) return `${strict}${text}`;
  const bash = `bash --posix ${severalLines ? "-e " : ""}-o pipefail -c "$kodama_line" sh`;
  return `kodama_line=${quoted(text)}; ` +
    // A shell that doesn't know the option would end.
    `if (set -o pipefail) 2>/dev/null; then set -o pipefail; ` +
    `elif command -v bash >/dev/null 2>&1; then exec ${bash}; fi; ${strict}eval "$kodama_line"`;
}
