/**
 * What models get besides a question: the memory of a context, which they write themselves, and a person's
 * instructions. Both are files of the user's alone, below a limit, without secrets.
 */
import { KodamaError, UsageError } from "../../base/errors.ts";
import type { Host } from "../host.ts";

/** The longest memory and the longest instructions, in characters. */
export const maxMemory = 2000;
const maxInstructions = 4000;

/** The memory of a context. */
export interface Memory {
  context: string;
  path: string;
  /** Empty if nothing is remembered. */
  text: string;
  /** Whether models get it and may change it. */
  enabled: boolean;
}

/** Returns the memory of a context; of the current one if none is named. */
export async function readMemory(host: Host, context?: string): Promise<Memory> {
  const name = context ?? await currentContext(host);
  const path = `${memoryFolder(host)}/${fileName(name)}.md`;
  const [text = "", disabled] = await Promise.all([
    host.files.readText(path, 4 * maxMemory),
    host.files.inspect(disabledPath(host)),
  ]);
  return { context: name, path, text: text.trim(), enabled: disabled === undefined };
}

/**
 * Replaces the memory of a context; removes it if the text is empty.
 *
 * @throws UsageError if the text is too long.
 */
export async function writeMemory(host: Host, context: string, text: string): Promise<void> {
  const path = `${memoryFolder(host)}/${fileName(context)}.md`;
  const trimmed = text.trim();
  requireLength(trimmed, maxMemory, "the memory of a context");
  if (trimmed === "") await host.files.remove(path);
  else await host.files.replaceText(path, `${trimmed}\n`);
}

/** Sets whether models get memories and may change them. What is stored remains. */
export async function enableMemory(host: Host, enabled: boolean): Promise<void> {
  const path = disabledPath(host);
  if (enabled) await host.files.remove(path);
  else {await host.files.replaceText(
      path,
      "no model reads or writes a memory while this file exists\n",
    );}
}

/** Returns the person's instructions; empty if there are none. */
export async function readInstructions(host: Host): Promise<string> {
  return (await host.files.readText(instructionsPath(host), 4 * maxInstructions) ?? "").trim();
}

/** Replaces the instructions; removes them if the text is empty. @throws UsageError if it is too long. */
export async function writeInstructions(host: Host, text: string): Promise<void> {
  const trimmed = text.trim();
  requireLength(trimmed, maxInstructions, "the instructions");
  if (trimmed === "") await host.files.remove(instructionsPath(host));
  else await host.files.replaceText(instructionsPath(host), `${trimmed}\n`);
}

function requireLength(text: string, limit: number, what: string): void {
  if (text.length <= limit) return;
  throw new UsageError(`${what} may have ${limit} characters, and this text has ${text.length}`);
}

async function currentContext(host: Host): Promise<string> {
  const current = (await host.contexts()).find((one) => one.current);
  if (current !== undefined) return current.name;
  // Inside a pod there is no kubeconfig.
  return (await host.kube()).context;
}

/** Names of contexts may have any characters, such as the slashes of an ARN. */
function fileName(context: string): string {
  const name = encodeURIComponent(context).replaceAll(".", "%2E").slice(0, 200);
  if (name === "") throw new KodamaError("config", "the context has no name");
  return name;
}

function memoryFolder({ places }: Host): string {
  return `${places.configDir}/memory`;
}

function disabledPath(host: Host): string {
  return `${memoryFolder(host)}/disabled`;
}

function instructionsPath({ places }: Host): string {
  return `${places.configDir}/instructions.md`;
}
