/**
 * Registers the MCP server with programs that run agents, by an entry in their own files. Everything else in such a file
 * stays as it is, comments and layout included.
 *
 * https://code.claude.com/docs/en/mcp#mcp-installation-scopes
 * https://code.visualstudio.com/docs/copilot/reference/mcp-configuration
 */
import { applyEdits, modify, parse, type ParseError, printParseErrorCode } from "jsonc-parser";
import { KodamaError } from "../../base/errors.ts";
import { isRecord } from "../../base/json_value.ts";
import type { Host } from "../host.ts";

/** The programs. */
type AgentProgram = "claude-code" | "vscode";

/** In all folders of this user, or in one project, whose file the repository's other users get. */
export type InstallScope = "user" | "project";

/** How a program starts the server. */
export interface ServerEntry {
  type: "stdio";
  command: string;
  args: readonly string[];
}

/** The name of the entry. */
export const serverName = "kodama";

/** What is written where. */
export interface McpInstallation {
  path: string;
  /** The key of all entries: `mcpServers`. */
  key: string;
  entry: ServerEntry;
  /** The whole file as it will be; undefined if it already has this entry. */
  text: string | undefined;
  /** How the file's entry of the same name started it before. */
  before: string | undefined;
}

/** Files of people that are larger have something else in them. */
const maxFileBytes = 32 * 1024 * 1024;

/**
 * Returns what {@link installMcp} would write.
 *
 * @param options.args of the server, behind `mcp`.
 * @throws KodamaError `config` if the file isn't JSON of the expected form; `environment` if there is no home folder.
 */
export async function planMcp(
  host: Host,
  { program, scope, args }: {
    program: AgentProgram;
    scope: InstallScope;
    args: readonly string[];
  },
): Promise<McpInstallation> {
  const path = scope === "user" ? await userFile(host, program) : await projectFile(host, program);
  const key = program === "vscode" ? "servers" : "mcpServers";
  const entry: ServerEntry = {
    type: "stdio",
    command: await commandFor(host, scope),
    args: ["mcp", ...args],
  };
  const content = await host.files.readText(path, maxFileBytes) ?? "";
  const text = content.trim() === "" ? "{}\n" : content;
  const known = knownEntry(path, text, key);
  const isSame = Object.entries(entry)
    .every(([name, value]) => JSON.stringify(known?.[name]) === JSON.stringify(value));
  if (isSame) return { path, key, entry, text: undefined, before: undefined };
  // Its other fields, such as `env`, are people's own.
  const edits = modify(text, [key, serverName], { ...known, ...entry }, {
    formattingOptions: { insertSpaces: true, tabSize: 2, eol: "\n" },
    // At the end it would come between the last entry and its comment.
    getInsertionIndex: () => 0,
  });
  const before = known && commandOf(known);
  return { path, key, entry, text: applyEdits(text, edits), before };
}

/** Writes the entry, unless the file has it; see {@link planMcp}. */
export async function installMcp(host: Host, plan: McpInstallation): Promise<void> {
  if (plan.text === undefined) return;
  if (await host.files.inspect(plan.path) !== undefined) {
    await host.files.replaceText(plan.path, plan.text);
    return;
  }
  await using file = await host.files.create(plan.path, { private: false, replace: false });
  await file.write(new TextEncoder().encode(plan.text));
}

/** Returns the entry that the file has. */
function knownEntry(path: string, text: string, key: string): Record<string, unknown> | undefined {
  const errors: ParseError[] = [];
  const content: unknown = parse(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) {
    const line = text.slice(0, error.offset).split("\n").length;
    throw new KodamaError("config", `${path}:${line}: ${printParseErrorCode(error.error)}`, {
      hint: "correct the file first",
    });
  }
  const entries = isRecord(content) ? content[key] : content;
  if (!isRecord(content) || (entries !== undefined && !isRecord(entries))) {
    throw new KodamaError("config", `${path}: "${key}" isn't a mapping`);
  }
  const entry = entries?.[serverName];
  return isRecord(entry) ? entry : undefined;
}

function commandOf({ command, args, url }: Record<string, unknown>): string {
  return [command ?? url ?? "", ...(Array.isArray(args) ? args : [])].map(String).join(" ");
}

/**
 * A project's file is for several people, who have kodama on their PATH. A program with windows may not have the shell's
 * PATH, so the user's own file has kodama's path.
 */
async function commandFor(host: Host, scope: InstallScope): Promise<string> {
  if (scope === "project") return serverName;
  return await host.machine.findProgram(serverName) ?? serverName;
}

async function userFile(host: Host, program: AgentProgram): Promise<string> {
  const home = host.env("HOME") || host.env("USERPROFILE");
  const noHome = () =>
    new KodamaError("environment", "there is no home folder: HOME is not set", {
      hint: "set HOME to the folder of your user",
    });
  if (program === "claude-code") {
    const folder = host.env("CLAUDE_CONFIG_DIR") || home;
    if (folder === undefined) throw noHome();
    return `${folder}/.claude.json`;
  }
  if (home === undefined) throw noHome();
  const onMac = `${home}/Library/Application Support`;
  const folder = await host.files.inspect(onMac) === undefined
    ? host.env("XDG_CONFIG_HOME") || `${home}/.config`
    : onMac;
  return `${folder}/Code/User/mcp.json`;
}

/** In the repository of the working directory; in that directory if it is in none. */
async function projectFile(host: Host, program: AgentProgram): Promise<string> {
  const { workingDir } = host.places;
  const parts = workingDir.split("/");
  let folder = workingDir;
  for (let length = parts.length; length > 1; length--) {
    const candidate = parts.slice(0, length).join("/");
    if (await host.files.inspect(`${candidate}/.git`) === undefined) continue;
    folder = candidate;
    break;
  }
  return program === "vscode" ? `${folder}/.vscode/mcp.json` : `${folder}/.mcp.json`;
}
