/**
 * Agents that users describe themselves, in the setting `agents`: which program, and how it is talked to. A task stores
 * its agent's manifest in the pod, so that the task is read, answered and continued from every machine.
 */
import { fieldsOf, type JsonFields, textField } from "./json_fields.ts";

/** How an agent is talked to and reports. `text`: it reads the prompt, and any output is its log. */
const agentProtocols = ["acp", "claude", "codex", "text"] as const;

/** A value of {@link agentProtocols}. */
type AgentProtocol = typeof agentProtocols[number];

/** An agent of a user's own. */
export interface AgentManifest {
  protocol: AgentProtocol;
  /**
   * The program and its args. The prompt is on standard input, and in a file: an arg may contain
   * {@link promptFileMark}. With `acp` it is in the protocol alone.
   */
  command: readonly string[];
  /** The same for a prompt that continues a conversation, whose id replaces {@link conversationMark}. */
  continue?: readonly string[];
  /** Variables that the pod must have. */
  env?: readonly string[];
}

/** In an arg: the path of the file with the prompt. */
export const promptFileMark = "{promptFile}";

/** In an arg: the id of the conversation to continue. */
export const conversationMark = "{conversation}";

/** Reads a manifest that a pod has stored; undefined if it isn't valid. */
export function readManifest(fields: JsonFields): AgentManifest | undefined {
  const manifest = fieldsOf(fields, "manifest");
  if (manifest === undefined) return undefined;
  const protocol = agentProtocols.find((one) => one === textField(manifest, "protocol"));
  const [command, again] = [texts(manifest["command"]), texts(manifest["continue"])];
  const env = (texts(manifest["env"]) ?? []).filter(isVariable);
  if (protocol === undefined || command === undefined || command.length === 0) return undefined;
  return {
    protocol,
    command,
    ...(again === undefined ? {} : { continue: again }),
    ...(env.length === 0 ? {} : { env }),
  };
}

/** Returns whether a text can be the name of a shell's variable. */
function isVariable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

function texts(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.every((one) => typeof one === "string") ? value : undefined;
}
