/** Requests to a daemon: a file each, in a folder of its own; the daemon's report names those that are done. */
import { ifPresent, isAbsent } from "../files/errors.ts";
import { readJsonFile, replaceFile } from "../files/own_files.ts";
import { type Daemon, daemonStatus, type DaemonWait, pause, reportedStatus } from "./daemon.ts";
import type { FileLock } from "./file_lock.ts";
import type { ProcessIdentity } from "./process_identity.ts";

/** The part of a report that answers requests. */
export interface Answers {
  /** Ids of the last requests that are done. */
  answered: readonly string[];
  /** The reasons of those that couldn't be done completely. */
  undone: Readonly<Record<string, string>>;
}

/** Answers that a report retains. */
const maxAnswers = 50;

/** Returns the answers with an additional answer: done, or not completely, for a reason. */
export function withAnswer(answers: Answers, id: string, reason: string | undefined): Answers {
  const answered = [...answers.answered, id].slice(-maxAnswers);
  const all = { ...answers.undone, ...(reason === undefined ? {} : { [id]: reason }) };
  const undone = Object.entries(all).filter(([one]) => answered.includes(one));
  return { answered, undone: Object.fromEntries(undone) };
}

/** Sends a request; returns the id of its answer. */
export async function sendRequest(folder: string, request: unknown): Promise<string> {
  const id = crypto.randomUUID();
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await replaceFile(`${folder}/${id}.json`, JSON.stringify(request));
  return id;
}

/** How a request ended: `exited` if its process did before it answered. */
type RequestEnd = { kind: "done" | "exited" | "timeout" } | {
  kind: "undone";
  reason: string;
};

/**
 * Sends a request to a running daemon, and waits for its answer.
 *
 * @param options `isWorking`: time in which the daemon works on the request doesn't count against the limit.
 * @throws KodamaError `timeout` if it has just started and doesn't report; `cancelled`.
 */
export async function ask<Report extends ProcessIdentity & Answers>(
  daemon: Daemon<Report>,
  folder: string,
  request: unknown,
  options: DaemonWait & { isWorking?: (report: Report) => boolean },
): Promise<RequestEnd> {
  const { clock, timeoutMs, isWorking } = options;
  // Before its first report a process removes the requests to the last process.
  if ((await reportedStatus(daemon, options)).phase === "stopped") return { kind: "exited" };
  const id = await sendRequest(folder, request);
  let deadlineMs = clock.elapsedMs() + timeoutMs;
  while (clock.elapsedMs() < deadlineMs) {
    const { phase, report } = await daemonStatus(daemon);
    if (phase === "stopped") return { kind: "exited" };
    if (report?.answered.includes(id) === true) {
      const reason = report.undone[id];
      return reason === undefined ? { kind: "done" } : { kind: "undone", reason };
    }
    if (report !== undefined && isWorking?.(report) === true) {
      deadlineMs = clock.elapsedMs() + timeoutMs;
    }
    await pause(daemon, options);
  }
  return { kind: "timeout" };
}

interface RequestHandlers<Request> {
  /** Returns undefined unless the value is a request. */
  parse(value: unknown): Request | undefined;
  carryOut(id: string, request: Request): Promise<void>;
  failed(error: unknown): void;
  /** The folder was removed or replaced: requests can't arrive any more, and another process may be the daemon. */
  folderRemoved(): void;
}

/** Requests are polled: a named pipe may block the system's watcher just when a stop arrives. */
const pollMs = 200;

const named = /^([0-9a-f-]{36})\.json$/;

/**
 * Receives requests as they arrive, and those that were sent since this process became the daemon's.
 *
 * @param at the folder of the requests, and the daemon's lock.
 */
export function receiveRequests<Request>(
  { folder, lock }: { folder: string; lock: FileLock },
  { parse, carryOut, failed, folderRemoved }: RequestHandlers<Request>,
): Disposable {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const poll = async () => {
    if (!lock.isAtPath()) return folderRemoved();
    for (const { name } of Deno.readDirSync(folder)) {
      const id = named.exec(name)?.[1];
      if (id === undefined) continue;
      const request = parse(await take(`${folder}/${name}`));
      // Not in sequence: a wait for an absent pod must not delay a stop.
      if (request !== undefined) carryOut(id, request).catch(failed);
    }
  };
  const timer = setInterval(
    () => poll().catch((error) => isAbsent(error) ? folderRemoved() : failed(error)),
    pollMs,
  );
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Returns undefined if an earlier poll took it. */
async function take(path: string): Promise<unknown> {
  const value = await readJsonFile(path);
  if (value === undefined) return undefined;
  return await ifPresent(() => Deno.remove(path).then(() => value));
}
