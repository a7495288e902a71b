/** All adapters, by name. */
import { action, hint } from "../base/hint.ts";
import { type Adapter, type AdapterName, adapterNames } from "./adapter.ts";
import { acpAdapter } from "./acp.ts";
import { claudeAdapter } from "./claude.ts";
import { codexAdapter } from "./codex.ts";
import { UsageError } from "../base/errors.ts";
import { quoted } from "../base/shell_quote.ts";
import { type AgentManifest, conversationMark, promptFileMark } from "./manifest.ts";
import { bounded } from "./model.ts";

/** Any command. */
export const commandAdapter: Adapter = {
  name: "command",
  tokensOf: "task",
  costOf: "task",
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
  acp: acpAdapter,
  command: commandAdapter,
};

/** Returns the adapter of a name. An unknown name from a pod, of a later kodama's adapter, is read as plain output. */
export function adapterNamed(name: string, manifest?: AgentManifest): Adapter {
  if (manifest !== undefined) {
    return manifestAdapter(name, manifest);
  }
  const known = adapterNames.find((one) => one === name);
  return known === undefined ? commandAdapter : byName[known];
}

/** Returns the adapter of a task. */
export function adapterOf(
  { adapter, manifest }: { adapter: string; manifest?: AgentManifest },
): Adapter {
  return adapterNamed(adapter, manifest);
}

/* The adapters of agents that users describe. */

/** The exit code if a variable is missing: `EX_CONFIG` of sysexits(3). */
const misconfigured = 78;

function manifestAdapter(name: string, manifest: AgentManifest): Adapter {
  const { protocol, command, continue: again, env = [] } = manifest;
  const base = byName[protocol === "text" ? "command" : protocol];
  const isAcp = protocol === "acp";
  const { dialogue, program: _, ...rest } = base;
  return {
    ...rest,
    ...(isAcp && dialogue !== undefined ? { dialogue } : {}),
    name,
    program: command[0] ?? "",
    promptFileMark,
    converses: isAcp || again !== undefined && protocol !== "text",
    limitsCost: false,
    preparation: ["PATH=$PATH:$HOME/.local/bin\nexport PATH", ...env.map(requirement)].join("\n"),
    command({ args, conversation: { id, isNew } }) {
      const words = isNew || again === undefined ? command : again;
      return [...words.map((word) => word.replaceAll(conversationMark, id)), ...args];
    },
  };
}

function requirement(name: string): string {
  const message = quoted(`the variable ${name} isn't set in the pod`);
  return `[ "\${${name}-}" ] || { echo ${message}; exit ${misconfigured}; }`;
}
