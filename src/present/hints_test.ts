import assert from "node:assert/strict";
import { action, hint, option } from "../base/hint.ts";
import { commandHint } from "./hints.ts";

const wordings = [
  [hint`${option("envFile", "a b")} names it`, "--env-file 'a b' names it"],
  [hint`leave out ${option("tty")}`, "leave out -t"],
  [
    action("delete", { name: "web", namespace: "x", purge: true }),
    "kodama delete web -n x --purge",
  ],
  [
    action("sync.resume", { key: "k", acceptRemovals: true }),
    "kodama sync resume k --accept-removals",
  ],
  [action("pods", { allNamespaces: true }), "kodama pods -A"],
  [
    action("prompt", { name: "NAME", adapter: "command", prompt: "…", args: "./agent.sh" }),
    "kodama prompt NAME --adapter command … -- ./agent.sh",
  ],
] as const;

for (const [advice, text] of wordings) {
  Deno.test(`\`commandHint()\`: ${text}`, () => assert.equal(commandHint(hint`${advice}`), text));
}
