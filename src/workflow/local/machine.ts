/** This machine as steps of workflows use it: programs, servers, files, ports, and locks between runs. */
import { onAbort, passed } from "../../base/abort.ts";
import { commandMark, signalScript } from "../../base/command_mark.ts";
import type { Clock } from "../../base/clock.ts";
import type { DraftFile } from "../../base/draft_file.ts";
import { KodamaError } from "../../base/errors.ts";
import { launcherVariables } from "../../base/launcher_variables.ts";
import type { KubeClient } from "../../kube/client.ts";
import { LinkError, linkError } from "../../kube/failures.ts";
import { systemAuthorities } from "../../kube/config/system_authorities.ts";
import type { HttpAnswer, LocalEnd, LocalEnvironment } from "../engine/environment.ts";
import { forwardPort } from "../../forward/forward_port.ts";

/** The longest line shown of a program's output. */
const maxLineLength = 1024 * 1024;

/** The largest script that is read. */
const maxScriptBytes = 1024 * 1024;

/** The dependencies of this machine. */
interface LocalEnvironmentParts {
  clock: Clock;
  env(name: string): string | undefined;
  /** Variables that programs get in addition to those they inherit. */
  environment: Readonly<Record<string, string>>;
  kube(context: string): Promise<KubeClient>;
  /** Paths that no step writes to. */
  protectedPaths: readonly string[];
  /** The folder of the locks between runs. */
  locksFolder: string;
  /** Opens a file that is created or replaced when it is complete. */
  create(path: string): Promise<DraftFile>;
  readText(path: string, maxBytes: number): Promise<string | undefined>;
}

/** This machine. */
export function localEnvironment(
  { clock, env, environment: shared, kube, protectedPaths, locksFolder, create, readText }:
    LocalEnvironmentParts,
): LocalEnvironment {
  return {
    protectedPaths,
    variables: (names) => variablesOf(names, env),
    run: (words, options) =>
      run(clock, words, { ...options, environment: { ...shared, ...options.environment } }),
    fetch: requester(env),
    create,
    readText: (path) => readText(path, maxScriptBytes),
    realPath,
    forward: (forward) => forwardPort({ kube, clock }, forward),
    hold: (group, holder) => hold(locksFolder, group, holder),
  };
}

/** Between TERM and KILL, and how long the output of what a program leaves behind is read after its end. */
const graceMs = 2000;

async function run(
  clock: Clock,
  [program = "", ...args]: readonly string[],
  { environment, folder, input, signal, maxOutputBytes, onLine }: Parameters<
    LocalEnvironment["run"]
  >[1],
): Promise<LocalEnd> {
  const mark = crypto.randomUUID();
  const child = spawn(program, args, {
    environment: { ...environment, [commandMark]: mark },
    folder,
    hasInput: input !== undefined,
  });
  const feeding = input === undefined ? undefined : feed(child.stdin, input);
  const stop = new AbortController();
  const outputs = Promise.all([
    collected(child.stdout, maxOutputBytes, (line) => onLine("stdout", line), stop.signal),
    collected(child.stderr, maxOutputBytes, (line) => onLine("stderr", line), stop.signal),
  ]);
  const ended = Promise.all([child.status, outputs]);
  const ending = endOnAbort({ child, mark }, signal, { clock, ended });
  const status = await child.status;
  await ending.settled(passed(clock, graceMs, { settled: outputs }));
  // What it has left behind may keep its output open.
  stop.abort();
  const [stdout, stderr] = await outputs;
  await feeding;
  return {
    exitCode: status.code,
    stdout: stdout.text,
    stderr: stderr.text,
    truncated: [
      ...(stdout.truncated ? ["stdout" as const] : []),
      ...(stderr.truncated ? ["stderr" as const] : []),
    ],
  };
}

/**
 * Ends a program and all that it has started when the signal aborts: by TERM, and by KILL after the grace time.
 * `settled` resolves after that, or with `finished` if the signal hasn't aborted by then.
 */
function endOnAbort(
  command: Running,
  signal: AbortSignal,
  { clock, ended }: { clock: Clock; ended: Promise<unknown> },
): { settled(finished: Promise<unknown>): Promise<void> } {
  const { promise: aborted, resolve } = Promise.withResolvers<true>();
  const listening = onAbort(signal, () => resolve(true));
  const killed = aborted.then(async () => {
    await signalAll(command, "TERM");
    await passed(clock, graceMs, { settled: ended });
    await signalAll(command, "KILL");
  });
  return {
    async settled(finished) {
      using _listening = listening;
      if (await Promise.race([aborted, finished.then(() => signal.aborted)])) await killed;
    },
  };
}

/** A command that has been started. */
interface Running {
  child: Deno.ChildProcess;
  mark: string;
}

/** Deno with a list of allowed programs can only signal its own children: a shell signals the others. */
async function signalAll({ child, mark }: Running, name: "TERM" | "KILL"): Promise<void> {
  if (Deno.build.os === "windows") {
    try {
      child.kill(`SIG${name}`);
    } catch (error) {
      // It has exited by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    return;
  }
  await new Deno.Command("sh", {
    args: ["-c", signalScript, "sh", name, String(child.pid), mark],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
}

const startLine = `unset ${launcherVariables.join(" ")}; exec "$@"`;

function spawn(
  program: string,
  args: readonly string[],
  { environment, folder, hasInput }: {
    environment: Readonly<Record<string, string>>;
    folder: string;
    hasInput: boolean;
  },
): Deno.ChildProcess {
  try {
    // Through sh, which kodama may start: a workflow's own permissions may grant many programs.
    const viaShell = Deno.build.os !== "windows";
    return new Deno.Command(viaShell ? "sh" : program, {
      args: viaShell ? ["-c", startLine, "kodama", program, ...args] : [...args],
      env: { ...environment },
      cwd: folder,
      // Ctrl-C is handled by kodama: it ends the program by its own signal, and knows that it has.
      detached: true,
      stdin: hasInput ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new KodamaError("notFound", `there is no program ${program} here`, { cause: error });
    }
    if (error instanceof Deno.errors.NotCapable) {
      throw new KodamaError("environment", `kodama itself may not run ${program}`, {
        hint: `allow it with KODAMA_ALLOW_RUN=${program}`,
        cause: error,
      });
    }
    throw new KodamaError("environment", `${program} can't be started: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function feed(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // It has ended, or closed its input, without reading all of it: its exit code is the result.
  }
}

/** Read to the end even beyond the stored limit: a full pipe would block the program forever. */
async function collected(
  stream: ReadableStream<Uint8Array>,
  maxLength: number,
  onLine: (line: string) => void,
  stop: AbortSignal,
): Promise<{ text: string; truncated: boolean }> {
  const reader = stream.getReader();
  using _stopping = onAbort(stop, () => void reader.cancel().catch(() => {}));
  const decoder = new TextDecoder();
  let text = "";
  let open = "";
  let truncated = false;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const piece = decoder.decode(value, { stream: true });
    const free = maxLength - text.length;
    text += piece.slice(0, free);
    if (piece.length > free) truncated = true;
    const lines = (open + piece).split("\n");
    open = (lines.pop() ?? "").slice(0, maxLineLength);
    for (const line of lines) onLine(line);
  }
  if (open !== "") onLine(open);
  return { text, truncated };
}

/** Trusts the certificates that this machine trusts, as its other programs do. */
function requester(env: LocalEnvironmentParts["env"]): LocalEnvironment["fetch"] {
  let opening: Promise<Deno.HttpClient> | undefined;
  return async (asked, signal) => {
    if (new URL(asked.url).protocol !== "https:") return await request(asked, { signal });
    return await request(asked, { signal, client: await (opening ??= openClient(env)) });
  };
}

async function openClient(env: LocalEnvironmentParts["env"]): Promise<Deno.HttpClient> {
  const authorities = await systemAuthorities({ env, readText: (path) => Deno.readTextFile(path) });
  return Deno.createHttpClient({ caCerts: authorities === undefined ? [] : [authorities] });
}

async function request(
  { method, url, headers, body, upload, maxOutputBytes, download }: Parameters<
    LocalEnvironment["fetch"]
  >[0],
  options: { signal: AbortSignal; client?: Deno.HttpClient },
): Promise<HttpAnswer> {
  const { signal } = options;
  const content = upload === undefined ? body : await uploadBody(upload);
  try {
    const answer = await fetch(url, {
      ...options,
      method,
      headers: { ...headers },
      redirect: "manual",
      ...(content === undefined ? {} : { body: content }),
    });
    if (download !== undefined) {
      for await (const chunk of answer.body ?? []) await download(chunk);
    }
    const { text, truncated } = await bounded(
      download === undefined ? answer.body : null,
      maxOutputBytes,
    );
    return {
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: text,
      truncated,
    };
  } catch (error) {
    if (signal.aborted || error instanceof KodamaError) throw error;
    const { host } = new URL(url);
    const failure = linkError(error, { context: "", server: host });
    if (!(failure instanceof LinkError)) throw failure;
    // Its hint is about an API server.
    throw new KodamaError("unreachable", `${host}: ${failure.failure.reason}`, { cause: error });
  }
}

/** The size up to which a file is sent with its length, for which it is in memory. */
const maxWholeBytes = 64 << 20;

/**
 * Returns the content of a file that is sent. A request whose body is a stream has no length, and comes in chunks: some
 * servers (busybox httpd) take them for an empty body, others (S3) refuse them.
 */
async function uploadBody(path: string): Promise<Uint8Array<ArrayBuffer> | ReadableStream> {
  try {
    const { size, isFile } = await Deno.stat(path);
    // A pipe has no size, and needn't end.
    const isWhole = isFile && size <= maxWholeBytes;
    return isWhole ? await Deno.readFile(path) : (await Deno.open(path)).readable;
  } catch (error) {
    throw new KodamaError("environment", `${path}: ${messageOf(error)}`, { cause: error });
  }
}

async function bounded(
  body: ReadableStream<Uint8Array> | null,
  maxLength: number,
): Promise<{ text: string; truncated: boolean }> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    // Leaving the loop releases the connection.
    if (text.length > maxLength) return { text: text.slice(0, maxLength), truncated: true };
  }
  return { text, truncated: false };
}

/** A lock of the file system: it is released with the process, however that exits. */
async function hold(
  folder: string,
  group: string,
  holder: string,
): Promise<AsyncDisposable | { heldBy: string }> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const path = `${folder}/${encodeURIComponent(group)}`;
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  if (!await file.tryLock(true)) {
    file.close();
    return { heldBy: (await Deno.readTextFile(path)).trim() || "another" };
  }
  await file.truncate();
  await file.write(new TextEncoder().encode(holder));
  return {
    [Symbol.asyncDispose]: () => {
      // Closing it alone may release it later: see `file_lock.ts`.
      file.unlockSync();
      // The name stays: removing it would let a third run lock another file of the same name.
      file.close();
      return Promise.resolve();
    },
  };
}

/** A dangling link counts as missing, and its own name is used: what is written replaces it. */
async function realPath(path: string): Promise<string> {
  for (let [above, tail] = [path, ""];;) {
    try {
      const real = await Deno.realPath(above);
      return `${real === "/" && tail !== "" ? "" : real}${tail}`;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) {
        throw new KodamaError("environment", `${path}: ${messageOf(error)}`, { cause: error });
      }
      const cut = above.lastIndexOf("/");
      if (cut < 0) return path;
      [above, tail] = [above.slice(0, cut) || "/", above.slice(cut) + tail];
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/*
 * Environment variables that a workflow is granted. kodama itself may read only a few (docs/permissions.md); sh, which
 * it may start, has inherited all of them, and prints the requested ones.
 */

/** The output is `NAME=value`, each followed by a NUL: values can't contain one. */
const line =
  'for name; do eval "[ -n \\"\\${$name+set}\\" ] && printf \'%s=%s\\\\0\' $name \\"\\$$name\\""; done; :';

/** Returns those of the names that are set. Ignores names that aren't valid for variables. */
export async function variablesOf(
  names: readonly string[],
  env: (name: string) => string | undefined,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const others: string[] = [];
  for (const name of names) {
    const value = env(name);
    if (value !== undefined) found.set(name, value);
    // The line evaluates it.
    else if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) others.push(name);
  }
  if (others.length === 0 || Deno.build.os === "windows") return found;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", line, "kodama", ...others],
    stdin: "null",
    stderr: "null",
  }).output();
  for (const entry of new TextDecoder().decode(stdout).split("\0").slice(0, -1)) {
    const at = entry.indexOf("=");
    found.set(entry.slice(0, at), entry.slice(at + 1));
  }
  return found;
}
