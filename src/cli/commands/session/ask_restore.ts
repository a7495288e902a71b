/** The question before files are replaced: the content of the snapshot, and what is lost. */
import type { RestorePlan } from "../../../actions/session/snapshots/restore.ts";
import { UsageError } from "../../../base/errors.ts";
import { printable } from "../../../terminal/printable.ts";
import type { Terminal } from "../../../terminal/terminal.ts";
import { askYes, canAsk } from "../../ask_yes.ts";
import { bytesText, filesText } from "../cp/amounts.ts";

/** Describes what is restored. */
export function snapshotLine({ snapshot }: RestorePlan): string {
  const { session, takenAt, content, image } = snapshot;
  const what = content.kind === "file"
    ? `${filesText(content.files)}, ${bytesText(content.bytes)}`
    : content.volumes.map(({ name, size }) => `${name} (${size})`).join(", ");
  return `snapshot of session "${session}" at ${takenAt.toISOString()}: ${what}, image ${image}`;
}

/** Describes what is lost. */
export function lostLines({ lost }: RestorePlan): string[] {
  if (lost.length === 0) return [];
  return [
    "replaced, and permanently deleted:",
    ...lost.map(({ name, size }) => `  what is in ${name} (${size})`),
  ];
}

/**
 * Asks on the terminal.
 *
 * @throws UsageError if no one can be asked.
 */
export async function askRestore(
  plan: RestorePlan,
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
): Promise<boolean> {
  const lines = lostLines(plan).map((line) => `${printable(line)}\n`).join("");
  if (!canAsk(terminal)) {
    const names = plan.lost.map(({ name }) => name).join(" and ");
    throw new UsageError(
      `refusing to restore session "${plan.name}" without confirmation: what is in ${names} is lost`,
      { hint: "pass --yes; kodama snapshot saves those files first" },
    );
  }
  return await askYes(terminal, `${lines}Restore it?`, signal);
}
