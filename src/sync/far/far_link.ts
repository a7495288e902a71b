/**
 * One loop that runs in a pod, asked and answered over one exec: requests may be sent before earlier
 * answers came, and answers come in their order.
 */
import { BoundedQueue } from "../../base/bounded_queue.ts";
import type { Clock } from "../../base/clock.ts";
import { ByteReader } from "../../copy/byte_reader.ts";
import type { ExecChannel } from "../../kube/client.ts";
import { SideLostError } from "../tree.ts";
import { listBlock } from "./far_loop.ts";

/** What the far end says by itself. */
export type FarNews =
  /** A path changed; `tree` where all below it is to be looked at. */
  | { kind: "changed"; path: string; tree: boolean }
  /** Something was missed: all is to be looked at. */
  | { kind: "missed" }
  /** Who watches now; `none` where nobody does. */
  | { kind: "watcher"; name: string };

/** What a link needs. */
export interface FarLinkOptions {
  mark: string;
  clock: Clock;
  told: (news: FarNews) => void;
}

/** The loop beats every five seconds: a link that says nothing for longer is gone, whatever TCP thinks. */
const silenceMs = 20_000;
const watchMs = 2_000;
const maxLine = 16 * 1024;
const queuedChunks = 64;
const keptComplaints = 2000;
const encoder = new TextEncoder();

/** An open link. Dispose of it to end the loop in the pod. */
export class FarLink implements AsyncDisposable {
  readonly #queue = new BoundedQueue<Uint8Array>(queuedChunks);
  readonly #reader: ByteReader;
  readonly #mark: string;
  readonly #pumping: Promise<void>;
  #writing: Promise<unknown> = Promise.resolve();
  #reading: Promise<unknown> = Promise.resolve();
  #heardAt: number;
  #lost: SideLostError | undefined;
  readonly #ended = Promise.withResolvers<SideLostError>();
  #timer: Disposable | undefined;
  #newsLine: Uint8Array = new Uint8Array();
  #complaints = "";

  constructor(private readonly channel: ExecChannel, private readonly options: FarLinkOptions) {
    this.#mark = options.mark;
    this.#reader = new ByteReader(this.#queue);
    this.#heardAt = options.clock.elapsedMs();
    this.#pumping = this.#pump();
    this.#listen();
  }

  /** Resolves when the link is gone, with what is known of the reason. */
  get lost(): Promise<SideLostError> {
    return this.#ended.promise;
  }

  /** What the loop said on standard error that was none of its own words: the end of it. */
  get complaints(): string {
    return this.#complaints.trim();
  }

  /**
   * Sends a request, and takes its answer when those before have been taken.
   *
   * @throws SideLostError where the link ends before.
   */
  async ask<T>(
    send: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
    take: (answer: Answer) => Promise<T>,
  ): Promise<T> {
    const sent = this.#writing.then(() => send((bytes) => this.#write(bytes)));
    this.#writing = sent.catch(() => {});
    const taken = this.#reading.then(() => take(new Answer(this.#reader, this.#mark)));
    this.#reading = taken.catch(() => {});
    try {
      const [, result] = await Promise.all([sent, taken]);
      return result;
    } catch (error) {
      if (error instanceof SideLostError) throw await this.lost;
      // Half a request was sent or half an answer read: nothing that follows would be understood.
      this.#fail(`the answer of the pod could not be read: ${wordsOf(error)}`);
      throw error;
    }
  }

  /** A request of one line, with what belongs to it as lines, made when it is its turn. */
  askLines<T>(
    words: (blocks: number) => string,
    lines: () => Iterable<string>,
    take: (answer: Answer) => Promise<T>,
  ): Promise<T> {
    return this.ask(async (write) => {
      const blocks = inBlocks(lines());
      await write(encoder.encode(`${words(blocks.length / listBlock)}\n`));
      if (blocks.length > 0) await write(blocks);
    }, take);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail("closed on this side");
    await this.channel.close();
    await this.#pumping;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    const result = await Promise.race([this.channel.write(bytes).catch(wordsOf), this.lost]);
    this.#heardAt = this.options.clock.elapsedMs();
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
        if (stream === "stderr") this.#hear(bytes);
        else await this.#queue.push(bytes);
      }
      const end = await this.channel.end;
      this.#fail(
        end.kind === "cut"
          ? `the link broke: ${end.reason}`
          : end.kind === "refused"
          ? end.status.message ?? "the pod refused the command"
          : `the loop in the pod ended with exit code ${end.exitCode}`,
      );
    } catch (error) {
      this.#fail(wordsOf(error));
    }
  }

  #fail(reason: string): void {
    if (this.#lost !== undefined) return;
    const lost = this.#lost = new SideLostError("remote", { reason });
    this.#timer?.[Symbol.dispose]();
    this.#queue.fail(lost);
    this.#ended.resolve(lost);
    this.channel.close().catch(() => {});
  }

  #listen(): void {
    const { clock } = this.options;
    const setAt = clock.elapsedMs();
    this.#timer = clock.timer(watchMs, () => {
      // This machine was asleep: what the pod said meanwhile hasn't been read yet.
      if (clock.elapsedMs() - setAt > 2 * watchMs) {
        this.#heardAt = clock.elapsedMs() - silenceMs / 2;
      }
      const silent = clock.elapsedMs() - this.#heardAt;
      if (silent > silenceMs) this.#fail("the pod is silent");
      else if (this.#lost === undefined) this.#listen();
    });
  }

  #hear(bytes: Uint8Array): void {
    let rest = bytes;
    if (this.#newsLine.length > 0) {
      rest = new Uint8Array(this.#newsLine.length + bytes.length);
      rest.set(this.#newsLine);
      rest.set(bytes, this.#newsLine.length);
    }
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#hearLine(new TextDecoder().decode(rest.subarray(0, end)));
      rest = rest.subarray(end + 1);
    }
    this.#newsLine = rest.length > maxLine ? new Uint8Array() : rest.slice();
  }

  #hearLine(line: string): void {
    if (!line.startsWith(this.#mark)) {
      this.#complaints = `${this.#complaints}${line}\n`.slice(-keptComplaints);
      return;
    }
    const text = line.slice(this.#mark.length);
    const { told } = this.options;
    if (text === "all") told({ kind: "missed" });
    else if (text.startsWith("by ")) told({ kind: "watcher", name: text.slice(3) });
    else if (text.startsWith("w ./") || text.startsWith("d ./")) {
      told({ kind: "changed", path: text.slice(4), tree: text.startsWith("d") });
    }
  }
}

/** One answer, while it comes. */
export class Answer {
  constructor(private readonly reader: ByteReader, private readonly mark: string) {}

  /** For answers that are an archive: the bytes as they come. */
  get bytes(): ByteReader {
    return this.reader;
  }

  /** Reads lines to the end of the answer, and gives the code at its end. Marked lines but the end go to `said`. */
  async lines(take: (line: string) => void, said: (words: string) => void = () => {}) {
    const decoder = new TextDecoder();
    for (;;) {
      const line = decoder.decode(await this.#line());
      if (!line.startsWith(this.mark)) {
        take(line);
        continue;
      }
      const words = line.slice(this.mark.length);
      const [, code] = /^end (\d{1,3})$/.exec(words) ?? [];
      if (code !== undefined) return Number(code);
      said(words);
    }
  }

  /** The words of the one line that a loop begins with, whatever stands before it. */
  async said(): Promise<string[]> {
    for (;;) {
      const line = new TextDecoder().decode(await this.#line());
      if (line.startsWith(this.mark)) return line.slice(this.mark.length).split(" ");
    }
  }

  /** Skips what pads an archive, then as {@link lines}. */
  async afterArchive(): Promise<number> {
    let code = 0;
    const first = new TextDecoder().decode(await this.#line(true));
    const [, found] = /^end (\d{1,3})$/.exec(first.slice(this.mark.length)) ?? [];
    if (!first.startsWith(this.mark) || found === undefined) code = await this.lines(() => {});
    else code = Number(found);
    return code;
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
      return joinPieces(pieces, length);
    }
  }
}

function joinPieces(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0] ?? new Uint8Array();
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Lines in whole blocks, padded with NULs; none for no lines. */
export function inBlocks(lines: Iterable<string>): Uint8Array {
  const text = encoder.encode([...lines].map((line) => `${line}\n`).join(""));
  const blocks = new Uint8Array(Math.ceil(text.length / listBlock) * listBlock);
  blocks.set(text);
  return blocks;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
