/**
 * A loop that runs in a pod, driven over one exec: requests may be sent before earlier answers arrived, and answers
 * arrive in order.
 */
import { BoundedQueue } from "../../base/bounded_queue.ts";
import type { Clock } from "../../base/clock.ts";
import { joinBytes } from "../../base/byte_buffer.ts";
import { ByteReader } from "../../copy/byte_reader.ts";
import type { ExecChannel } from "../../kube/client.ts";
import { SideLostError } from "../core/tree.ts";
import { listBlock, reservedPrefix, stageRemovedCode } from "./loop.ts";
import { type ScriptMessage, ScriptStderr } from "../../podscript/messages.ts";
import { lacksShell, refusalIn, type ScriptRefusal } from "../../podscript/running_script.ts";

/** Changes that the remote end reports without a request. */
export type RemoteEvent =
  /** A path changed; `tree` if everything below it is to be inspected. */
  | { kind: "changed"; path: string; tree: boolean }
  /** Events were missed: everything is to be scanned. */
  | { kind: "missed" }
  /** The current watcher; `none` if there is no watcher. */
  | { kind: "watcher"; name: string };

interface RemoteLinkOptions {
  mark: string;
  clock: Clock;
  onEvent: (event: RemoteEvent) => void;
}

/** The loop sends a heartbeat every five seconds: a connection silent for longer is lost, whatever TCP reports. */
const silenceMs = 20_000;
const watchMs = 2_000;
/**
 * The loop sends heartbeats even while it waits for input that never comes. An answer is given up if nothing of it
 * arrives for this time, plus the time that a slow disk takes for the bytes of the request.
 */
const stalledMs = 120_000;
const slowestBytesPerMs = 1024 * 1024 / 1000;
const queuedChunks = 64;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** An open link. Dispose of it to end the loop in the pod. */
export class RemoteLink implements AsyncDisposable {
  readonly #queue = new BoundedQueue<Uint8Array>(queuedChunks);
  readonly #reader: ByteReader;
  readonly #mark: string;
  readonly #pumping: Promise<void>;
  #writing: Promise<unknown> = Promise.resolve();
  #reading: Promise<unknown> = Promise.resolve();
  #heardAt: number;
  /** When bytes of a request were last sent, or of an answer received. */
  #progressAt: number;
  /** Requests without an answer, and the bytes that the pod has to read or write for them. */
  #waiting = { requests: 0, bytes: 0 };
  #lost: SideLostError | undefined;
  readonly #ended = Promise.withResolvers<SideLostError>();
  readonly #stderr: ScriptStderr;
  #refusal: ScriptRefusal | undefined;
  #lacksShell = false;
  #timer: Disposable | undefined;

  constructor(private readonly channel: ExecChannel, private readonly options: RemoteLinkOptions) {
    this.#mark = options.mark;
    this.#stderr = new ScriptStderr(options.mark, (message) => this.#takeMessage(message));
    this.#reader = new ByteReader(this.#queue);
    this.#heardAt = this.#progressAt = options.clock.elapsedMs();
    this.#pumping = this.#pump();
    this.#listen();
  }

  /** Resolves when the connection is lost, with the known reason. */
  get lost(): Promise<SideLostError> {
    return this.#ended.promise;
  }

  /** The tail of standard error, without the loop's own messages. */
  get complaints(): string {
    return this.#stderr.complaints.join("\n");
  }

  /** Whether the image has no `sh`; known when the connection is lost. */
  get lacksShell(): boolean {
    return this.#lacksShell;
  }

  /** Why the loop refused to start; complete when the connection is lost. */
  get refusal(): ScriptRefusal | undefined {
    return this.#refusal;
  }

  /**
   * Sends a request, and reads its answer after the earlier answers.
   *
   * @param bytes that the pod has to read or write before it answers, which takes time.
   * @throws SideLostError if the connection ends before, or the answer doesn't arrive.
   */
  async request<T>(
    send: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
    take: (answer: LoopAnswer) => Promise<T>,
    bytes = 0,
  ): Promise<T> {
    if (this.#waiting.requests++ === 0) this.#progressAt = this.options.clock.elapsedMs();
    this.#waiting.bytes += bytes;
    try {
      return await this.#request(send, take);
    } finally {
      this.#waiting.requests--;
      this.#waiting.bytes -= bytes;
    }
  }

  async #request<T>(
    send: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
    take: (answer: LoopAnswer) => Promise<T>,
  ): Promise<T> {
    const sent = this.#writing.then(() => send((bytes) => this.#write(bytes)));
    this.#writing = sent.catch(() => {});
    const taken = this.#reading.then(() => take(new LoopAnswer(this.#reader, this.#mark)));
    this.#reading = taken.catch(() => {});
    try {
      const [, result] = await Promise.all([sent, taken]);
      return result;
    } catch (error) {
      if (error instanceof SideLostError) throw await this.lost;
      // Half a request was sent or half an answer read: nothing that follows could be parsed.
      this.#fail(`the answer of the pod could not be read: ${messageOf(error)}`);
      throw error;
    }
  }

  /** Sends a request of a line, with its lines, which are created when it is its turn. */
  requestLines<T>(
    text: (blocks: number) => string,
    lines: () => Iterable<string>,
    take: (answer: LoopAnswer) => Promise<T>,
    bytes = 0,
  ): Promise<T> {
    const send = async (write: (bytes: Uint8Array) => Promise<void>) => {
      const blocks = inBlocks(lines());
      await write(encoder.encode(`${text(blocks.length / listBlock)}\n`));
      if (blocks.length > 0) await write(blocks);
    };
    return this.request(send, take, bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail("closed on this side");
    await this.channel.close();
    await this.#pumping;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    const result = await Promise.race([this.channel.write(bytes).catch(messageOf), this.lost]);
    this.#heardAt = this.#progressAt = this.options.clock.elapsedMs();
    if (result instanceof SideLostError) throw result;
    if (typeof result === "string") {
      this.#fail(result);
      throw new SideLostError("remote", { reason: result });
    }
  }

  async #pump(): Promise<void> {
    try {
      for await (const { stream, bytes } of this.channel.output) {
        this.#heardAt = this.options.clock.elapsedMs();
        if (stream === "stderr") this.#stderr.push(bytes);
        else {
          await this.#queue.push(bytes);
          this.#progressAt = this.options.clock.elapsedMs();
        }
      }
      this.#stderr.end();
      const end = await this.channel.end;
      this.#lacksShell = lacksShell(end, this.#stderr.complaints);
      this.#fail(
        end.kind === "cut"
          ? `the link broke: ${end.reason}`
          : end.kind === "refused"
          ? end.status.message ?? "the pod refused the command"
          : end.exitCode === stageRemovedCode
          ? `${reservedPrefix}… in the pod was removed or replaced while it was in use`
          : `the loop in the pod ended with exit code ${end.exitCode}`,
      );
    } catch (error) {
      this.#fail(messageOf(error));
    }
  }

  #takeMessage(message: ScriptMessage): void {
    this.#refusal ??= refusalIn(message);
    const event = eventIn(message);
    if (event !== undefined) this.options.onEvent(event);
  }

  #fail(reason: string): void {
    if (this.#lost !== undefined) return;
    const lost = this.#lost = new SideLostError("remote", { reason });
    this.#timer?.[Symbol.dispose]();
    this.#queue.fail(lost);
    this.#ended.resolve(lost);
    this.channel.close().catch(() => {});
  }

  /** Unread answers on this machine have arrived: they don't count as a stall. */
  #isStalled(): boolean {
    const { requests, bytes } = this.#waiting;
    if (requests === 0 || this.#queue.size > 0) return false;
    const limitMs = stalledMs + bytes / slowestBytesPerMs;
    return this.options.clock.elapsedMs() - this.#progressAt > limitMs;
  }

  #listen(): void {
    const { clock } = this.options;
    const setAt = clock.elapsedMs();
    this.#timer = clock.timer(watchMs, () => {
      // This machine was asleep: answers that the pod sent meanwhile haven't been read yet.
      if (clock.elapsedMs() - setAt > 2 * watchMs) {
        this.#heardAt = clock.elapsedMs() - silenceMs / 2;
        this.#progressAt = clock.elapsedMs();
      }
      const silent = clock.elapsedMs() - this.#heardAt;
      if (silent > silenceMs) this.#fail("the pod is silent");
      else if (this.#isStalled()) this.#fail("no progress: the pod doesn't answer a request");
      else if (this.#lost === undefined) this.#listen();
    });
  }
}

/** Returns the event in a message; undefined for others, such as heartbeats. */
function eventIn({ keyword, args }: ScriptMessage): RemoteEvent | undefined {
  const rest = args.join(" ");
  switch (keyword) {
    case "all":
      return { kind: "missed" };
    case "by":
      return { kind: "watcher", name: rest };
    case "w":
    case "d":
      if (!rest.startsWith("./")) return undefined;
      return { kind: "changed", path: rest.slice(2), tree: keyword === "d" };
    default:
      return undefined;
  }
}

/** Returns lines in whole blocks, padded with NULs; no bytes for no lines. */
function inBlocks(lines: Iterable<string>): Uint8Array {
  const text = encoder.encode([...lines].map((line) => `${line}\n`).join(""));
  const blocks = new Uint8Array(Math.ceil(text.length / listBlock) * listBlock);
  blocks.set(text);
  return blocks;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The longest line of an answer. */
const maxLine = 16 * 1024;

/** An answer while it arrives. */
export class LoopAnswer {
  constructor(private readonly reader: ByteReader, private readonly mark: string) {}

  /** For answers that are an archive: the bytes as they arrive. */
  get bytes(): ByteReader {
    return this.reader;
  }

  /** Reads lines to the end of the answer, and returns the code at its end. `onMessage` receives other messages. */
  async lines(
    take: (line: string) => void,
    onMessage: (message: string) => void = () => {},
  ): Promise<number> {
    for (;;) {
      const line = decoder.decode(await this.#line());
      const message = this.#messageIn(line);
      if (message === undefined) take(line);
      else {
        const code = codeOf(message);
        if (code !== undefined) return code;
        onMessage(message);
      }
    }
  }

  /** Returns the message that the loop starts with, split at blanks, whatever precedes it. */
  async message(): Promise<string[]> {
    for (;;) {
      const message = this.#messageIn(decoder.decode(await this.#line()));
      if (message !== undefined) return message.split(" ");
    }
  }

  /** Skips the padding of an archive, then as {@link lines}. */
  async afterArchive(): Promise<number> {
    const message = this.#messageIn(decoder.decode(await this.#line(true)));
    return codeOf(message ?? "") ?? await this.lines(() => {});
  }

  /** Returns the loop's own message in a line; undefined for a line of its programs. */
  #messageIn(line: string): string | undefined {
    return line.startsWith(this.mark) ? line.slice(this.mark.length) : undefined;
  }

  async #line(skipZeros = false): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    let skipping = skipZeros;
    for (;;) {
      const piece = await this.reader.upTo(65_536);
      if (piece === undefined) throw new SideLostError("remote");
      let from = 0;
      if (skipping) {
        while (from < piece.length && piece[from] === 0) from++;
        if (from === piece.length) continue;
        skipping = false;
      }
      const end = piece.indexOf(10, from);
      pieces.push(piece.subarray(from, end < 0 ? piece.length : end));
      length += pieces.at(-1)?.length ?? 0;
      if (length > maxLine) throw new Error("a line of an answer is too long");
      if (end < 0) continue;
      this.reader.unread(piece.subarray(end + 1));
      return joinBytes(pieces);
    }
  }
}

/** Returns the code of an answer's end; undefined for every other message. */
function codeOf(message: string): number | undefined {
  const [, code] = /^end (\d{1,3})$/.exec(message) ?? [];
  return code === undefined ? undefined : Number(code);
}
