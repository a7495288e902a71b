/** The adapter `command`: any program that reads a prompt from standard input. Its exit code is the result. */
import { UsageError } from "../base/errors.ts";
import type { Adapter } from "./adapter.ts";
import { bounded } from "./model.ts";

/** Any command. */
export const commandAdapter: Adapter = {
  name: "command",
  converses: false,
  interrupt: { signal: "TERM", to: "tree", graceMs: 10_000 },
  preparation: "",
  command({ words }) {
    if (words.length > 0) return words;
    throw new UsageError("the adapter command needs a command", {
      hint: 'give it behind --, as in: kodama prompt NAME --adapter command "…" -- ./agent.sh',
    });
  },
  readLine: (line) => line === "" ? [] : [{ kind: "output", text: bounded(line) }],
};
