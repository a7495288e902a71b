/**
 * Runs a workflow's script in a process of its own, with the workflow's permissions and system limits.
 *
 * A worker of Deno would start faster, and `deno.permissions` bounds it as well. But it shares kodama's memory: a
 * worker that reaches its heap's limit ends the whole process (V8 calls it fatal), and buffers aren't limited at all. A
 * process can be killed alone, at any time, in the middle of an endless loop.
 */
import { Deadline, onAbort } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import type { JsonValue } from "../base/json_value.ts";
import type { Permissions, RunScript, ScriptEnd, ScriptSource } from "../workflow/model.ts";
import { childProgram } from "./child.ts";
import { denoWords, limitedWords } from "./deno_flags.ts";
import { type Message, messageLimits, parseMessage } from "./messages.ts";
import { endOfProcess, endOfThrow } from "./script_end.ts";
import { ScriptCalls } from "./script_calls.ts";
import { LineTooLong, ScriptProcess } from "./script_process.ts";
import { LogRate } from "./log_rate.ts";

/** The machine that runs scripts. */
export interface ScriptMachine {
  clock: Clock;
  /** Path of Deno's executable. */
  deno: string;
  /** The system has a POSIX shell, whose `ulimit` bounds memory and processor time. */
  hasShell: boolean;
  /** Folders that no script may write to, whatever it is granted: kodama's own. */
  protectedPaths: readonly string[];
}

/** CPU time beyond the script's own limit: the system limit is for a process whose kodama was killed. */
const spareSeconds = 5;

/** Runs scripts on this machine. Rejects for failures of kodama or the machine, never because of what a script did. */
export function scriptRunner(machine: ScriptMachine): RunScript {
  return async (script, permissions, api, { signal, timeoutMs, memoryMiB }) => {
    if (signal.aborted) return { kind: "cancelled" };
    const words = commandOf(machine, permissions, { timeoutMs, memoryMiB });
    using deadline = new Deadline(machine.clock, timeoutMs, signal);
    await using process = ScriptProcess.start(words, {
      folder: script.folder ?? folderOf(script.path),
      // Only a script that may run programs can leave orphans.
      killsGroup: permissions.run !== false,
    });
    // Disposed of first: the script's calls are stopped before the script is.
    await using calls = new ScriptCalls(script, permissions.cluster, api, deadline.signal);
    const log = new LogRate(machine.clock, (line) => api.log(line));
    const stopped = Promise.withResolvers<ScriptEnd>();
    using _stopping = onAbort(deadline.signal, () => {
      stopped.resolve(deadline.expired ? { kind: "limit", which: "time" } : { kind: "cancelled" });
    });
    // The conversation ends by itself when the process has exited.
    const conversation = converse(process, script, { calls, log, failed: stopped.reject });
    return await Promise.race([conversation, stopped.promise]);
  };
}

function folderOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : path.slice(0, end) || "/";
}

function commandOf(
  { deno, hasShell, protectedPaths }: ScriptMachine,
  permissions: Permissions,
  { timeoutMs, memoryMiB }: { timeoutMs: number; memoryMiB: number },
): string[] {
  const program = childProgram();
  const command = [deno, ...denoWords(permissions, { memoryMiB, protectedPaths, program })];
  const cpuSeconds = Math.ceil(timeoutMs / 1000) + spareSeconds;
  return hasShell ? limitedWords(command, { memoryMiB, cpuSeconds }, permissions.env) : command;
}

/** Exchanges messages with the process until the script's end is known. */
async function converse(
  process: ScriptProcess,
  script: ScriptSource,
  { calls, log, failed }: {
    calls: ScriptCalls;
    log: LogRate;
    /** Called with errors that the script didn't cause. */
    failed: (error: unknown) => void;
  },
): Promise<ScriptEnd> {
  const { code, input, targets } = script;
  const names = targets.map(({ name }) => name);
  await process.send(JSON.stringify({ kind: "start", code, input, targets: names }));
  let output: JsonValue = null;
  let outputSize = 0;
  const waiting = new Set<Promise<void>>();
  try {
    for await (const line of process.lines()) {
      const message = parseMessage(line);
      if (message === undefined) return strayOutput;
      if (message.kind === "output") {
        output = message.value as JsonValue;
        outputSize += line.length;
        if (outputSize > messageLimits.outputs) return tooMuch;
      } else if (message.kind === "log") {
        if (!log.add(message.line)) return tooMuch;
      } else if (message.kind === "call") {
        // The child program queues by itself: more at once come from another program.
        if (waiting.size >= messageLimits.calls) return tooMuch;
        // Answered asynchronously: the script may send more requests meanwhile.
        const answering = answer(process, calls, message).catch(failed)
          .finally(() => waiting.delete(answering));
        waiting.add(answering);
      } else if (message.kind === "ended") return { kind: "ok", output };
      else return endOfThrow(message, script, calls.refusals);
    }
  } catch (error) {
    if (error instanceof LineTooLong) return tooMuch;
    throw error;
  }
  return endOfProcess(await process.end());
}

const tooMuch: ScriptEnd = { kind: "limit", which: "output" };

const strayOutput: ScriptEnd = {
  kind: "failed",
  message: "the script wrote to its standard output, which carries kodama's messages; " +
    "console.log(…) and kodama.log(…) write lines",
};

/** Resolves when the answer is written to the pipe: until then it counts as pending. */
async function answer(
  process: ScriptProcess,
  calls: ScriptCalls,
  { id, name, request }: Message & { kind: "call" },
): Promise<void> {
  const text = JSON.stringify({ id, ...await calls.answer(name, request) });
  const message = `kodama.${name}: the answer is larger than ${messageLimits.answer / 2 ** 20} Mi`;
  await process.send(
    text.length <= messageLimits.answer ? text : JSON.stringify({ id, kind: "refusal", message }),
  );
}
