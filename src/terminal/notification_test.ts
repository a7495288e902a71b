import assert from "node:assert/strict";
import { notification } from "./notification.ts";

Deno.test("`notification()` is what the terminal understands, whatever the text contains", () => {
  const text = "fix-auth;\x1b]0;x\x07 waits\x9c";
  const safe = "fix-auth, waits";
  const rows: [Parameters<typeof notification>[1], string, boolean, string][] = [
    ["none", "xterm-256color", false, ""],
    ["bell", "xterm-256color", false, "\x07"],
    ["desktop", "linux", false, "\x07"],
    ["desktop", "xterm-256color", false, `\x07\x1b]9;kodama: ${safe}\x1b\\`],
    ["desktop", "foot-extra", false, `\x07\x1b]777;notify;kodama;${safe}\x1b\\`],
    [
      ...["desktop", "tmux-256color", true] as const,
      `\x07\x1bPtmux;\x1b\x1b]9;kodama: ${safe}\x1b\x1b\\\x1b\\`,
    ],
  ];
  for (const [kind, term, isTmux, bytes] of rows) {
    assert.equal(notification(text, kind, { term, isTmux }), bytes);
  }
});
