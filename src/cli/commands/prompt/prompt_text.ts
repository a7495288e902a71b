/** The source of a prompt: an argument, a file, or standard input. */
import type { Host } from "../../../actions/host.ts";
import { UsageError } from "../../../base/errors.ts";
import type { Terminal } from "../../../terminal/terminal.ts";

/** A prompt that may not have been read yet. */
export type PromptSource =
  | { kind: "text"; text: string }
  | { kind: "file"; path: string }
  | { kind: "stdin" };

/** More than any task accepts; a longer prompt is refused there. */
const maxBytes = 4 * 1024 * 1024;

/** Parses the args. Throws UsageError if there is no prompt, or several prompts. */
export function promptSource(
  text: string | undefined,
  file: string | undefined,
  missing: string,
): PromptSource {
  if (text !== undefined && file !== undefined) {
    throw new UsageError("--file and a prompt on the command line can't be used together");
  }
  const given = text ?? file;
  if (given === undefined) throw new UsageError("there is no prompt", { hint: missing });
  if (given === "-") return { kind: "stdin" };
  return text === undefined ? { kind: "file", path: given } : { kind: "text", text };
}

/** Returns the prompt. */
export async function readPrompt(
  source: PromptSource,
  { host, terminal, signal }: { host: Host; terminal: Terminal; signal: AbortSignal },
): Promise<string> {
  switch (source.kind) {
    case "text":
      return source.text;
    case "file": {
      const { path } = source;
      const absolute = path.startsWith("/") ? path : `${host.places.workingDir}/${path}`;
      const text = await host.files.readText(absolute, maxBytes);
      if (text !== undefined) return text;
      throw new UsageError(`there is no file ${path}`);
    }
    case "stdin":
      return await allOf(terminal, signal);
  }
}

async function allOf(terminal: Terminal, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of terminal.stdin.chunks(signal)) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > maxBytes) throw new UsageError("the prompt on standard input is too long");
  }
  return text + decoder.decode();
}
