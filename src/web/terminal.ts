/** A terminal over a WebSocket: a shell in a pod, with bounded buffers both ways. */
import { wholeSelection } from "../actions/exec/events.ts";
import type { Host } from "../actions/host.ts";
import { attach } from "../actions/session/attach.ts";
import { shell } from "../actions/shell/shell.ts";
import type { ShellOptions } from "../actions/shell/events.ts";
import { onAbort, passed } from "../base/abort.ts";
import { BoundedQueue } from "../base/bounded_queue.ts";
import { UsageError } from "../base/errors.ts";
import { definedOnly, isRecord } from "../base/json_value.ts";
import { Latest } from "../base/latest.ts";
import type { MaxInputBytes, TerminalNote } from "./api.ts";
import { errorData } from "./errors.ts";

/** The part of a WebSocket that is used. */
export interface Socket {
  binaryType: BinaryType;
  readonly bufferedAmount: number;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** A validated query. */
export interface TerminalRequestQuery {
  columns: number;
  rows: number;
  context?: string;
  namespace?: string;
  session?: string;
  pod?: string;
  container?: string;
}

/** A shell whose page is gone waits in the pod for this time, if the pod has tmux or dtach. */
const keepMs = 15 * 60_000;

const maxInputBytes: MaxInputBytes = 262_144;

/** Messages of the page that wait until the pod takes them. */
const maxMessages = 256;

/** Output that waits until the page takes it; the pod waits meanwhile. */
const maxBufferedBytes = 1024 * 1024;
const pollMs = 20;

/** A page that takes nothing for this time is disconnected. */
const stalledMs = 60_000;

/** Runs a shell on the socket, until one of the two or the signal ends. */
export async function serveTerminal(
  host: Host,
  query: TerminalRequestQuery,
  { socket, signal }: { socket: Socket; signal: AbortSignal },
): Promise<void> {
  const gone = new AbortController();
  const stop = AbortSignal.any([signal, gone.signal]);
  const input = new BoundedQueue<Uint8Array>(maxMessages);
  const { columns, rows } = query;
  const sizes = new Latest({ columns, rows });
  const note = (one: TerminalNote) => socket.send(JSON.stringify(one));
  const opened = Promise.withResolvers<void>();
  socket.binaryType = "arraybuffer";
  socket.onopen = () => opened.resolve();
  socket.onerror = () => gone.abort();
  socket.onclose = () => gone.abort();
  socket.onmessage = ({ data }) => {
    const received = readMessage(data);
    if (received === undefined || input.size >= maxMessages) {
      socket.close(1009, "too much, or not a message of a terminal");
      gone.abort();
    } else if (received instanceof Uint8Array) void input.push(received);
    else sizes.set(received);
  };
  using _gone = onAbort(stop, () => {
    opened.resolve();
    input.close();
    sizes.close();
  });
  try {
    await opened.promise;
    if (stop.aborted) return;
    const events = shell(host, {
      ...await shellOf(host, query, stop),
      keepMs,
      stdin: input,
      terminal: {
        get size() {
          return sizes.value;
        },
        sizes,
        term: "xterm-256color",
      },
      signal: stop,
    });
    for await (const event of events) {
      if (stop.aborted) continue;
      if (event.kind === "attached") {
        const { pod, container } = event.target;
        note({ type: "attached", pod, container });
      } else if (event.kind === "output") {
        socket.send(Uint8Array.from(event.bytes));
        if (!await drained(socket, host, stop)) gone.abort();
      } else if (event.kind === "linkLost") note({ type: "lost", reason: event.reason });
      else if (event.kind === "ended") note({ type: "exit", code: event.exitCode });
    }
  } catch (error) {
    if (!stop.aborted) note({ type: "error", error: errorData(error, host) });
  } finally {
    input.discard();
    if (!gone.signal.aborted) socket.close(signal.aborted ? 1001 : 1000);
  }
}

/** Returns a message: bytes, a new size, or undefined if it is neither. */
function readMessage(data: unknown): Uint8Array | { columns: number; rows: number } | undefined {
  if (data instanceof ArrayBuffer) {
    return data.byteLength > maxInputBytes ? undefined : new Uint8Array(data);
  }
  if (typeof data !== "string" || data.length > 1000) return undefined;
  try {
    const value: unknown = JSON.parse(data);
    if (!isRecord(value) || value["type"] !== "resize") return undefined;
    const [columns, rows] = [value["columns"], value["rows"]].map(Number);
    const isSize = (one: number | undefined): one is number =>
      Number.isInteger(one) && Number(one) > 0 && Number(one) <= 1000;
    return isSize(columns) && isSize(rows) ? { columns, rows } : undefined;
  } catch {
    return undefined;
  }
}

/** Waits until the page has taken most of the output. Returns false if it doesn't. */
async function drained(socket: Socket, { clock }: Host, signal: AbortSignal): Promise<boolean> {
  const startMs = clock.elapsedMs();
  while (socket.bufferedAmount > maxBufferedBytes) {
    if (clock.elapsedMs() - startMs > stalledMs) return false;
    if (!await passed(clock, pollMs, { signal })) return false;
  }
  return true;
}

/** Finds the pod. */
async function shellOf(
  host: Host,
  { context, namespace, session, pod, container }: TerminalRequestQuery,
  signal: AbortSignal,
): Promise<Pick<ShellOptions, "contexts" | "selection" | "command" | "workdir">> {
  if ((session === undefined) === (pod === undefined)) {
    throw new UsageError("a terminal is for either a session or a pod");
  }
  if (session === undefined) {
    return {
      contexts: context === undefined ? [] : [context],
      selection: {
        ...wholeSelection,
        ...(namespace === undefined ? {} : { namespaces: { kind: "named", names: [namespace] } }),
        operands: [{ kind: "pod", name: pod ?? "" }],
        ...definedOnly({ container }),
      },
      command: [],
    };
  }
  const ref = { name: session, ...definedOnly({ context, namespace }) };
  return (await attach(host, ref, { signal })).shell;
}
