/**
 * The program of a process that runs kodama's command lines one after the other, each in a folder of its choice, and
 * reports what each changed in watched folders. Its own environment and working directory are those of the commands, so
 * that the programs that these start have them too.
 */
import { KodamaInProcess } from "./kodama_in_process.ts";
import { systemClock } from "../../src/base/clock.ts";
import type { EndSignal, SignalSource } from "../../src/terminal/driver/signals.ts";

/** A command line. */
export interface AuditedLine {
  args: readonly string[];
  cwd: string;
  /** Typed at the terminal, which there is only then. */
  keys?: string;
}

/** What the process is to do. */
export interface AuditRequest {
  lines: readonly AuditedLine[];
  /** The environment of the commands. */
  env: Readonly<Record<string, string>>;
  /** Their changes are reported. */
  folders: readonly string[];
  /** A command that hasn't ended by itself is interrupted after this time, and again after as much. */
  limitMs: number;
  /** The file of results, a line of JSON for each command. */
  results: string;
}

/** What came of a command line. */
export interface AuditedResult {
  line: AuditedLine;
  code: number;
  output: string;
  /** Paths that are new, changed or gone. */
  changed: string[];
  /** Errors that nothing handled: they would have ended the program. */
  unhandled: string[];
  /** Milliseconds since 1970. */
  startedAt: number;
  endedAt: number;
}

/** Interrupts a command that takes too long, and kills it if that is not enough. */
function interrupting(limitMs: number): SignalSource & Disposable {
  const handlers = new Set<(signal: EndSignal) => void>();
  const interrupt = () => {
    for (const handler of [...handlers]) handler("SIGINT");
  };
  const timers = [1, 2].map((times) => systemClock.timer(times * limitMs, interrupt));
  return {
    listen(handler) {
      handlers.add(handler);
      return { [Symbol.dispose]: () => void handlers.delete(handler) };
    },
    [Symbol.dispose]: () => timers.forEach((timer) => timer[Symbol.dispose]()),
  };
}

/** Returns the files below a folder with all that changes if they do: even a file that is put back has another time. */
function stateOf(folder: string, state = new Map<string, string>()): Map<string, string> {
  for (const { name } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    const { ino, mode, size, ctime, isDirectory, isSymlink } = Deno.lstatSync(path);
    // The time of a folder changes with its entries, which are compared themselves.
    state.set(path, `${ino} ${mode} ${isDirectory ? "" : `${size} ${ctime?.getTime()}`}`);
    if (isDirectory && !isSymlink) stateOf(path, state);
  }
  return state;
}

function changes(before: Map<string, string>, after: Map<string, string>): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).toSorted();
}

async function runAll({ lines, env, folders, limitMs, results }: AuditRequest): Promise<void> {
  const kodama = new KodamaInProcess(env);
  const state = () => {
    const all = new Map<string, string>();
    for (const folder of folders) stateOf(folder, all);
    return all;
  };
  const unhandled: string[] = [];
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    unhandled.push(String(event.reason?.stack ?? event.reason));
  });
  let before = state();
  for (const line of lines) {
    const { args, cwd, keys } = line;
    Deno.chdir(cwd);
    using signals = interrupting(limitMs);
    const startedAt = Date.now();
    const { code, stdout, stderr } = await kodama.run(args, {
      cwd,
      signals,
      ...(keys === undefined ? {} : { stdin: keys, terminals: ["stdin", "stdout", "stderr"] }),
    });
    const after = state();
    const result: AuditedResult = {
      line,
      code,
      output: stdout + stderr,
      changed: changes(before, after),
      unhandled: unhandled.splice(0),
      startedAt,
      endedAt: Date.now(),
    };
    before = after;
    Deno.writeTextFileSync(results, `${JSON.stringify(result)}\n`, { append: true });
  }
}

if (import.meta.main) {
  const [request = "", ...others] = Deno.args;
  // A command that starts kodama in the background starts this program, with args of its own.
  if (others.length > 0) Deno.exit(1);
  await runAll(JSON.parse(Deno.readTextFileSync(request)) as AuditRequest);
  // A background part of an interrupted command would hold the process.
  Deno.exit(0);
}
