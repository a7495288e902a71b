/** All adapters, by name. */
import { action, hint } from "../base/hint.ts";
import { type Adapter, type AdapterName, adapterNames } from "./adapter.ts";
import { claudeAdapter } from "./claude.ts";
import { codexAdapter } from "./codex.ts";
import { UsageError } from "../base/errors.ts";
import { bounded } from "./model.ts";

/** Any command. */
export const commandAdapter: Adapter = {
  name: "command",
  tokensOf: "task",
  converses: false,
  limitsCost: false,
  interrupt: { signal: "TERM", to: "tree", graceMs: 10_000 },
  preparation: "",
  command({ args }) {
    if (args.length > 0) return args;
    throw new UsageError("the adapter command needs a command", {
      hint: hint`give it, as in: ${
        action("prompt", { name: "NAME", adapter: "command", prompt: "…", args: "./agent.sh" })
      }`,
    });
  },
  readLine: (line) => line === "" ? [] : [{ kind: "output", text: bounded(line) }],
};

const byName: Readonly<Record<AdapterName, Adapter>> = {
  claude: claudeAdapter,
  codex: codexAdapter,
  command: commandAdapter,
};

/** Returns the adapter of a name. An unknown name from a pod, of a later kodama's adapter, is read as plain output. */
export function adapterNamed(name: string): Adapter {
  const known = adapterNames.find((one) => one === name);
  return known === undefined ? commandAdapter : byName[known];
}
