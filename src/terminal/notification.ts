/** Notifications of a terminal: its bell, and a message of the desktop. Pure. */
import { plainText } from "../base/plain_text.ts";

/** How a terminal notifies; `desktop` includes the bell. */
export const notificationKinds = ["desktop", "bell", "none"] as const;

/** A kind's name. */
type NotificationKind = (typeof notificationKinds)[number];

const bell = "\x07";

/**
 * Returns the sequence that makes a terminal notify. Terminals ignore an operating system command (OSC) that they don't
 * know.
 *
 * OSC 777 is that of rxvt and foot; OSC 9 that of iTerm2, kitty, WezTerm, Ghostty and Windows Terminal. tmux passes the
 * bell on, and other sequences only if it is allowed to (`allow-passthrough`).
 */
export function notification(
  text: string,
  kind: NotificationKind,
  { term, isTmux }: { term: string; isTmux: boolean },
): string {
  if (kind === "none") return "";
  if (kind === "bell" || ["", "dumb", "linux"].includes(term)) return bell;
  // A semicolon separates fields.
  const body = plainText(text, 200).replaceAll(";", ",");
  const sequence = /^(?:rxvt|foot)/.test(term)
    ? `\x1b]777;notify;kodama;${body}\x1b\\`
    : `\x1b]9;kodama: ${body}\x1b\\`;
  return bell +
    (isTmux ? `\x1bPtmux;${sequence.replaceAll("\x1b", "\x1b\x1b")}\x1b\\` : sequence);
}
