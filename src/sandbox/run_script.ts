/**
 * Runs a workflow's script in a process of its own, with the workflow's permissions and system limits.
 *
 * A worker of Deno would start faster, and `deno.permissions` bounds it as well. But it shares kodama's memory: a
 * worker that reaches its heap's limit ends the whole process (V8 calls it fatal), and buffers aren't limited at all. A
 * process can be killed alone, at any time, in the middle of an endless loop.
 */
import { commandMark } from "../base/command_mark.ts";
import { Deadline, onAbort } from "../base/abort.ts";
import type { Clock } from "../base/clock.ts";
import type { JsonValue } from "../base/json_value.ts";
import {
  type Grant,
  noPermissions,
  type Permissions,
  type RunScript,
  type ScriptEnd,
  type ScriptSource,
} from "../workflow/model.ts";
import { type GrantedPaths, grantedPaths } from "./granted_paths.ts";
import { childProgram, LineTooLong, type ProcessEnd, ScriptProcess } from "./child.ts";
import { type Message, messageLimits, parseMessage } from "./messages.ts";
import { ScriptCalls } from "./script_calls.ts";
import { KodamaError } from "../base/errors.ts";

interface ScriptMachine {
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

/**
 * Runs scripts on this machine. Rejects for failures of kodama or the machine, never because of a script's behaviour.
 */
export function scriptRunner(machine: ScriptMachine): RunScript {
  return async (script, permissions, api, { signal, timeoutMs, memoryMiB }) => {
    if (signal.aborted) return { kind: "cancelled" };
    const folder = script.folder ?? folderOf(script.path);
    const { protectedPaths } = machine;
    const judge = () => grantedPaths(permissions, { folder, protectedPaths });
    const argv = commandOf(machine, permissions, { timeoutMs, memoryMiB });
    const paths = await judge();
    if (paths.kind === "refused") return { kind: "denied", what: paths.what };
    using deadline = new Deadline(machine.clock, timeoutMs, signal);
    await using process = ScriptProcess.start(argv(paths), {
      folder,
      // Only a script that may run programs can leave orphans.
      killsGroup: permissions.run !== false,
    });
    // Disposed of first: the script's calls are stopped before the script is.
    await using calls = new ScriptCalls(script, permissions.cluster, api, deadline.signal);
    const log = new LogRate(machine.clock, (line) => api.log(line));
    const stopped = Promise.withResolvers<ScriptEnd>();
    using _stopping = onAbort(deadline.signal, () => {
      process.isStopped = true;
      stopped.resolve(deadline.expired ? { kind: "limit", which: "time" } : { kind: "cancelled" });
    });
    // The conversation ends by itself when the process has exited.
    const conversation = converse(process, script, {
      calls,
      log,
      failed: stopped.reject,
      // A folder may have become a link since the process was given its path.
      async refusal() {
        const now = await judge();
        if (now.kind === "refused") return now.what;
        const link = now.deniedLinks.find((one) => !paths.deniedLinks.includes(one));
        return link === undefined ? undefined : `read access to ${link}`;
      },
    });
    return await Promise.race([conversation, stopped.promise]);
  };
}

function folderOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : path.slice(0, end) || "/";
}

/**
 * Returns a function from the paths that the script gets to its command.
 *
 * @throws KodamaError `config` for a value that Deno's flags can't express.
 */
function commandOf(
  { deno, hasShell, protectedPaths }: ScriptMachine,
  permissions: Permissions,
  { timeoutMs, memoryMiB }: { timeoutMs: number; memoryMiB: number },
): (paths: GrantedPaths & { kind: "granted" }) => string[] {
  for (const kind of kinds) grantFlag(kind, permissions[kind]);
  return ({ read, write, deniedLinks }) => {
    const command = [
      deno,
      ...denoWords({ ...permissions, read, write }, {
        memoryMiB,
        deniedWrites: protectedPaths,
        deniedReads: deniedLinks,
        program: childProgram(),
      }),
    ];
    const cpuSeconds = Math.ceil(timeoutMs / 1000) + spareSeconds;
    return hasShell ? limitedWords(command, { memoryMiB, cpuSeconds }, permissions.env) : command;
  };
}

/** Exchanges messages with the process until the script's end is known. */
async function converse(
  process: ScriptProcess,
  script: ScriptSource,
  { calls, log, failed, refusal }: {
    calls: ScriptCalls;
    log: LogRate;
    /** Called with errors that the script didn't cause. */
    failed: (error: unknown) => void;
    /** Returns the permission that the script has lost, right before it gets its code. */
    refusal: () => Promise<string | undefined>;
  },
): Promise<ScriptEnd> {
  const { code, input, targets } = script;
  const names = targets.map(({ name }) => name);
  let started = false;
  let output: JsonValue = null;
  let outputSize = 0;
  const waiting = new Set<Promise<void>>();
  try {
    for await (const line of process.lines()) {
      const message = parseMessage(line);
      if (message === undefined) return strayOutput;
      if (message.kind === "ready") {
        if (started) return strayOutput;
        started = true;
        const what = await refusal();
        if (what !== undefined) return { kind: "denied", what };
        await process.send(JSON.stringify({ kind: "start", code, input, targets: names }));
      } else if (message.kind === "output") {
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

/* Limits the number and length of a script's lines to an amount that a person could read. */

/** Characters of a line; lines of a second, and characters of them before they are cut. */
const logLimits = { line: 10_000, perSecond: 10_000, charactersPerSecond: 16e6 } as const;

/** Passes lines on; cuts those that are too long. */
export class LogRate {
  #second = -Infinity;
  #lines = 0;
  #characters = 0;

  constructor(readonly clock: Clock, readonly take: (line: string) => void) {}

  /** Returns false if it exceeds the limit of this second. */
  add(text: string): boolean {
    const second = Math.floor(this.clock.elapsedMs() / 1000);
    if (second !== this.#second) [this.#second, this.#lines, this.#characters] = [second, 0, 0];
    this.#characters += text.length;
    if (this.#characters > logLimits.charactersPerSecond) return false;
    for (const line of text.split("\n")) {
      if (++this.#lines > logLimits.perSecond) return false;
      this.take(line.length > logLimits.line ? `${line.slice(0, logLimits.line)}…` : line);
    }
    return true;
  }
}

/* How a script ended, derived from the last messages of its process. All of it is untrusted text. */

/** Maximum number of characters of a message. */
const maxMessage = 2000;

/** Deno's message for a missing permission: `Requires read access to "/etc", run again with …`. */
const denied = /^Requires (\w+ access(?: to (?:"[^"]*"|<[\w ]+>|\S+?))?)(?:, run again with|$)/;

/** Imports of remote code: from the network or a registry. */
const refusedImport = [
  /^npm specifiers were requested/,
  /A remote specifier was requested: "([^"]*)"/,
  /^JSR package manifest for '([^']*)' failed to load/,
  /^Requires import access to "([^"]*)"/,
];

/**
 * Imports of other files, and of packages by name: they are resolved relative to a path, which a script doesn't have.
 */
const otherModule =
  /^(?:invalid URL: relative URL with a cannot-be-a-base base|Import "([^"]*)" not a dependency)/;

/** A failed allocation, as V8 throws it. */
const noMemory = /^(?:Array buffer allocation failed|WebAssembly\.Memory\(\): could not allocate)/;

/** Returns the end of a script that threw. `refusals` are kodama's own, by the message that the script got. */
function endOfThrow(
  { name, message, line, column }: Message & { kind: "threw" },
  script: ScriptSource,
  refusals: ReadonlyMap<string, string>,
): ScriptEnd {
  const what = refusals.get(message) ?? importOf(message) ?? denied.exec(message)?.[1] ??
    (name === "NotCapable" ? `what it requested: ${message.slice(0, maxMessage)}` : undefined);
  if (what !== undefined) return { kind: "denied", what };
  if (name === "RangeError" && noMemory.test(message)) return { kind: "limit", which: "memory" };
  const other = otherModule.exec(message);
  if (other !== null) {
    const module = other[1] === undefined ? "other files" : `"${other[1]}"`;
    return at(`a script is one module, and can't import ${module}; node: modules are there`);
  }
  const isPlain = ["", "Error", "KodamaError"].includes(name) ||
    message.startsWith("SyntaxError: ");
  // Deno appends the source line to its message; kodama takes it from the file.
  const [text = ""] = (isPlain ? message : `${name}: ${message}`).split("\n  |");
  return at(text);

  function at(text: string): ScriptEnd {
    return {
      kind: "failed",
      // On a single line, so that a script's text can't pass for lines of kodama.
      message: text.slice(0, maxMessage).replaceAll(/\s*[\r\n\u2028\u2029]+\s*/g, " ").trim(),
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

/** Returns the end of a script whose process exited without reporting an end. */
function endOfProcess({ code, signal, stderr }: ProcessEnd): ScriptEnd {
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

/* Converts a workflow's permissions to the command line of a script's process. */

/** Resource limits of the process. */
interface ProcessLimits {
  /** Limit of the script's own values and buffers. */
  memoryMiB: number;
  /** Limit of CPU time: ends a process whose kodama has exited. Whole seconds. */
  cpuSeconds: number;
}

/** Deno's kinds of permission, as `permissions` names them. Remote and native code are never granted. */
const kinds = ["net", "read", "write", "env", "run", "sys"] as const;

/**
 * Starts Deno the same way everywhere: without the configuration of the working directory, network or prompts.
 * `--quiet` suppresses Deno's own messages on standard error.
 */
export const fixedFlags: readonly string[] = [
  "run",
  "--quiet",
  "--no-prompt",
  "--no-config",
  "--no-lock",
  "--no-remote",
  // By default Deno lets all scripts import from some hosts.
  "--deny-import",
  "--no-npm",
  "--cached-only",
];

/**
 * The share of Deno itself in a limit on a process's data, in MiB: its code range and heaps are reserved at startup.
 * Measured with 2.9.6: it starts from 560 on.
 */
const ownDataMiB = 592;

/**
 * Returns the args that start Deno with these permissions and no others; the program is its main module. No value of a
 * workflow becomes a flag of its own.
 *
 * @throws KodamaError `config` for a value that Deno's flags can't express.
 */
function denoWords(
  permissions: Permissions,
  options: {
    memoryMiB: number;
    deniedWrites: readonly string[];
    deniedReads: readonly string[];
    program: string;
  },
): string[] {
  const { memoryMiB, deniedWrites, deniedReads, program } = options;
  const granted = kinds.flatMap((kind) => grantFlag(kind, permissions[kind]));
  const denied = [
    ...(permissions.write === false ? [] : denyFlag("write", deniedWrites)),
    ...denyFlag("read", deniedReads),
  ];
  return [
    ...fixedFlags,
    // V8 compiles with other flags here: this process and kodama would replace each other's code in the cache.
    "--no-code-cache",
    `--v8-flags=--max-old-space-size=${memoryMiB}`,
    ...granted,
    ...denied,
    `data:application/javascript,${encodeURIComponent(program)}`,
  ];
}

function grantFlag(kind: string, grant: Grant): string[] {
  if (grant === false) return [];
  if (grant === true) return [`--allow-${kind}`];
  return grant.length === 0
    ? []
    : [`--allow-${kind}=${grant.map((value) => listable(kind, value)).join(",")}`];
}

function denyFlag(kind: "read" | "write", paths: readonly string[]): string[] {
  return paths.length === 0
    ? []
    : [`--deny-${kind}=${paths.map((path) => listable(kind, path)).join(",")}`];
}

function listable(kind: string, value: string): string {
  if (value !== "" && !/[,\0]/.test(value)) return value;
  throw new KodamaError(
    "config",
    `permissions.${kind}: ${JSON.stringify(value.slice(0, 60))} can't be granted: ` +
      "a permission of Deno is not an empty text and has no comma",
  );
}

/** Variables that Deno and its child programs need to find their files; a script can't read them ungranted. */
const passedOn: readonly string[] = ["PATH", "HOME", "DENO_DIR", commandMark];

/**
 * Returns the args that start `command` under system limits, in an environment with the granted variables and few others.
 * The limits are the system's own (setrlimit), which nothing in the process can lift; a shell sets them, as Deno has no
 * way to.
 */
function limitedWords(
  command: readonly string[],
  { memoryMiB, cpuSeconds }: ProcessLimits,
  environment: Grant,
): string[] {
  const dataKiB = (ownDataMiB + memoryMiB) * 1024;
  // A lower limit of the system stays: it can't be raised, and needn't be.
  const limits = Object.entries({ d: dataKiB, t: cpuSeconds, c: 0 })
    .map(([letter, limit]) => `ulimit -${letter} ${limit} 2>/dev/null`).join("; ");
  const granted = environment === true ? ["*"] : environment === false ? [] : environment;
  // Only Deno knows which variables a wildcard matches, not the shell: then Deno alone restricts them.
  if (!granted.every((name) => /^[A-Za-z_]\w*$/.test(name))) {
    return ["sh", "-c", `${limits}; export NO_COLOR=1; exec "$@"`, "sh", ...command];
  }
  const variables = [...new Set([...passedOn, ...granted])]
    .map((name) => `\${${name}+"${name}=$${name}"}`);
  const line = `${limits}; exec env -i NO_COLOR=1 ${variables.join(" ")} "$@"`;
  return ["sh", "-c", line, "sh", ...command];
}

/**
 * Starts JavaScript without any permission, under system limits: for code that isn't a workflow's.
 *
 * @throws KodamaError `environment` if Deno can't be started.
 */
export function startUnprivileged(
  { deno, hasShell }: Pick<ScriptMachine, "deno" | "hasShell">,
  program: string,
  limits: ProcessLimits,
): ScriptProcess {
  const { memoryMiB } = limits;
  const words = denoWords(noPermissions, {
    memoryMiB,
    deniedWrites: [],
    deniedReads: [],
    program,
  });
  const command = [deno, ...words];
  return ScriptProcess.start(hasShell ? limitedWords(command, limits, false) : command, {
    folder: "/",
    killsGroup: false,
  });
}

/* Local scripts: which Deno runs them. */

/** Options of {@link localScriptRunner}. */
interface LocalRunnerOptions {
  clock: Clock;
  /** kodama's own folders: no script may write to them. */
  protectedPaths: readonly string[];
  /** Returns the path of a program on PATH, or undefined. */
  findProgram(name: string): Promise<string | undefined>;
}

/**
 * From source and installed, kodama's own Deno runs scripts too: nothing else is needed. A `deno compile` binary has a
 * runtime that runs kodama alone; then it is the `deno` on PATH.
 *
 * The runner rejects with KodamaError `environment` if there is none.
 */
export function localScriptRunner(options: LocalRunnerOptions): RunScript {
  const { clock, protectedPaths, findProgram } = options;
  return async (script, permissions, api, bounds) => {
    const programs = await localPrograms(`step ${script.step}: cannot run scripts`, findProgram);
    const run = scriptRunner({ clock, ...programs, protectedPaths });
    return await run(script, permissions, api, bounds);
  };
}

/**
 * Returns the programs that processes need.
 *
 * @param failure the work that can't be done without them, for the message.
 * @throws KodamaError `environment` if there is no Deno.
 */
export async function localPrograms(
  failure: string,
  findProgram: LocalRunnerOptions["findProgram"],
): Promise<Pick<ScriptMachine, "deno" | "hasShell">> {
  const deno = Deno.build.standalone ? await findProgram("deno") : Deno.execPath();
  if (deno !== undefined) return { deno, hasShell: Deno.build.os !== "windows" };
  throw new KodamaError("environment", `${failure}: deno not found`, {
    hint: "install Deno (https://deno.com), or an uncompiled kodama, which brings its own",
  });
}
