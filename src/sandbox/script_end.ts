/** How a script ended, derived from the last messages of its process. All of it is untrusted text. */
import type { ScriptEnd, ScriptSource } from "../workflow/model.ts";
import type { Message } from "./messages.ts";
import type { ProcessEnd } from "./script_process.ts";

/** Maximum number of characters of a message. */
const keptMessage = 2000;

/** Deno's message for a missing permission: `Requires read access to "/etc", run again with …`. */
const denied = /^Requires (\w+ access(?: to (?:"[^"]*"|<[\w ]+>|\S+?))?)(?:, run again with|$)/;

/** Imports of remote code: from the network or a registry. */
const refusedImport = [
  /^npm specifiers were requested/,
  /A remote specifier was requested: "([^"]*)"/,
];

/**
 * Imports of other files, and of packages by name: they are resolved relative to a path, which a script doesn't have.
 */
const otherModule =
  /^(?:invalid URL: relative URL with a cannot-be-a-base base|Import "([^"]*)" not a dependency)/;

/** A failed allocation, as V8 throws it. */
const noMemory = /^(?:Array buffer allocation failed|WebAssembly\.Memory\(\): could not allocate)/;

/** Returns the end of a script that threw. `refusals` are kodama's own, by the message that the script got. */
export function endOfThrow(
  { name, message, line, column }: Message & { kind: "threw" },
  script: ScriptSource,
  refusals: ReadonlyMap<string, string>,
): ScriptEnd {
  const what = refusals.get(message) ?? denied.exec(message)?.[1] ?? importOf(message) ??
    (name === "NotCapable" ? `what it asked for: ${message.slice(0, keptMessage)}` : undefined);
  if (what !== undefined) return { kind: "denied", what };
  if (name === "RangeError" && noMemory.test(message)) return { kind: "limit", which: "memory" };
  const other = otherModule.exec(message);
  if (other !== null) {
    const wanted = other[1] === undefined ? "other files" : `"${other[1]}"`;
    return at(`a script is one module, and can't import ${wanted}; node: modules are there`);
  }
  const isPlain = ["", "Error", "KodamaError"].includes(name) ||
    message.startsWith("SyntaxError: ");
  // Deno appends the source line to its message; kodama takes it from the file.
  const [text = ""] = (isPlain ? message : `${name}: ${message}`).split("\n  |");
  return at(text);

  function at(text: string): ScriptEnd {
    return {
      kind: "failed",
      // One line, so that a script's text can't pass for lines of kodama.
      message: text.slice(0, keptMessage).replaceAll(/\s*[\r\n\u2028\u2029]+\s*/g, " ").trim(),
      ...(line === undefined ? {} : { line: script.line + line - 1 }),
      ...(column === undefined ? {} : { column }),
    };
  }
}

function importOf(message: string): string | undefined {
  for (const pattern of refusedImport) {
    const match = pattern.exec(message);
    if (match !== null) return `the import of ${match[1] ?? "a package"}`;
  }
  return undefined;
}

/** Returns the end of a script whose process exited without reporting one. */
export function endOfProcess({ code, signal, stderr }: ProcessEnd): ScriptEnd {
  // V8 ends the process if a heap has reached its limit, and reports it.
  if (
    /out of memory|Failed to reserve virtual memory|memory allocation of \d+ bytes failed/.test(
      stderr,
    )
  ) {
    return { kind: "limit", which: "memory" };
  }
  if (signal === "SIGXCPU") return { kind: "limit", which: "time" };
  const last = stderr.split("\n").find((line) => line.trim() !== "")?.slice(0, 200);
  const how = signal === null ? `with exit code ${code}` : `by ${signal}`;
  return {
    kind: "failed",
    message: `the script's process ended ${how} before the script did` +
      (last === undefined ? "" : `: ${last}`),
  };
}
