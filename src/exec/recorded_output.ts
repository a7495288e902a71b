/** What the commands of a run wrote, as its record has it: each distinct output once, bounded, without secrets. */
import { sha256 } from "@noble/hashes/sha2.js";
import { Capture } from "./capture.ts";
import { redactOutput } from "./redact.ts";

/** How much of one stream of one target is stored. */
const streamLimitBytes = 64 * 1024;

/** How much of the remainder of a stream its hash covers: a copy of a disk costs no hash. */
const hashedBytes = 4 * 1024 * 1024;

/** A stream of a running target. */
class Stream implements Start {
  readonly #start = new Capture(streamLimitBytes);
  #uncovered = 0;

  get bytes(): Uint8Array {
    return this.#start.bytes;
  }

  get omittedBytes(): number {
    return this.#start.omittedBytes + this.#uncovered;
  }

  get omittedHash(): number {
    return this.#start.omittedHash;
  }

  push(bytes: Uint8Array): void {
    const covered = bytes.subarray(
      0,
      streamLimitBytes + hashedBytes - this.#start.bytes.length - this.#start.omittedBytes,
    );
    this.#start.push(covered);
    this.#uncovered += bytes.length - covered.length;
  }
}

/** The start of a stream, and what identifies the remainder. */
type Start = Pick<Capture, "bytes" | "omittedBytes" | "omittedHash">;

/** What a target wrote. */
interface Written {
  stdout: Start;
  stderr: Start;
}

/** The id of what a target wrote, and the output itself if it is a new one of the run. */
interface Stored {
  id: string;
  output?: RecordedOutput;
}

/** A distinct output. `id` is a hash of all of it: equal outputs have equal ids, in other records too. */
export interface RecordedOutput {
  id: string;
  stdout: string;
  stderr: string;
  /** Bytes that aren't stored: beyond a stream's limit, or beyond that of the run. */
  omittedBytes: number;
}

/** The distinct outputs of one run. */
export class OutputStore {
  readonly #redacts: boolean;
  #secrets: readonly string[] = [];
  readonly #stored = new Set<string>();
  /** Ids by the hash of the bytes: equal outputs are decoded and redacted once. */
  readonly #known = new Map<string, string>();
  readonly #running = new Map<number | string, { stdout: Stream; stderr: Stream }>();
  #storedBytes = 0;

  /**
   * @param limitBytes how much is stored of all outputs together; of further ones, only their ids.
   * @param options.redacts false if the outputs are only shown, and never written to a file.
   */
  constructor(private readonly limitBytes: number, { redacts = true }: { redacts?: boolean } = {}) {
    this.#redacts = redacts;
  }

  /** From now on, no output is stored with these texts. */
  hide(secrets: readonly string[]): void {
    const all = new Set([...this.#secrets, ...secrets]);
    // A whole secret comes before its parts.
    this.#secrets = [...all].sort((a, b) => b.length - a.length);
  }

  /** Adds to the output of a target that runs. */
  push(target: number | string, stream: "stdout" | "stderr", bytes: Uint8Array): void {
    let written = this.#running.get(target);
    if (written === undefined) {
      this.#running.set(target, written = { stdout: new Stream(), stderr: new Stream() });
    }
    written[stream].push(bytes);
  }

  /** Whether a target has written anything. */
  has(target: number | string): boolean {
    return this.#running.has(target);
  }

  /** Ends a target, and stores its output. */
  end(target: number | string): Stored {
    const written = this.#running.get(target) ?? { stdout: new Stream(), stderr: new Stream() };
    this.#running.delete(target);
    return this.#store(written);
  }

  /** Stores a whole output. `cut` is what isn't in the texts. */
  add(
    { stdout, stderr }: { stdout: string; stderr: string },
    cut: { [Stream in "stdout" | "stderr"]?: { bytes: number; hash: number } } = {},
  ): Stored {
    return this.#store({
      stdout: startOf(stdout, cut.stdout),
      stderr: startOf(stderr, cut.stderr),
    });
  }

  #store(written: Written): Stored {
    const hash = hashOf([written.stdout.bytes, written.stderr.bytes], written);
    const known = this.#known.get(hash);
    if (known !== undefined) return { id: known };
    const [stdout, stderr] = [this.#text(written.stdout), this.#text(written.stderr)];
    const texts = [stdout.text, stderr.text] as const;
    // The hash of a short secret would reveal it.
    const id = stdout.isRedacted || stderr.isRedacted
      ? hashOf(texts.map((text) => encoder.encode(text)), written)
      : hash;
    this.#known.set(hash, id);
    if (this.#stored.has(id)) return { id };
    this.#stored.add(id);
    return { id, output: this.#bounded(id, texts, written) };
  }

  #text(capture: Start): { text: string; isRedacted: boolean } {
    const cut = capture.omittedBytes > 0;
    const text = new TextDecoder("utf-8", { ignoreBOM: true })
      .decode(capture.bytes, { stream: cut });
    if (!this.#redacts) return { text, isRedacted: false };
    const redacted = redactOutput(text, this.#secrets, { cut });
    return { text: redacted, isRedacted: redacted !== text };
  }

  #bounded(
    id: string,
    [stdout, stderr]: readonly [string, string],
    written: Written,
  ): RecordedOutput {
    const omittedBytes = written.stdout.omittedBytes + written.stderr.omittedBytes;
    const length = written.stdout.bytes.length + written.stderr.bytes.length;
    if (this.#storedBytes + length > this.limitBytes) {
      return { id, stdout: "", stderr: "", omittedBytes: omittedBytes + length };
    }
    this.#storedBytes += length;
    return { id, stdout, stderr, omittedBytes };
  }
}

const encoder = new TextEncoder();

function startOf(text: string, cut: { bytes: number; hash: number } | undefined): Start {
  const stream = new Stream();
  stream.push(encoder.encode(text));
  const { bytes, omittedBytes, omittedHash } = stream;
  if (cut === undefined) return stream;
  return { bytes, omittedBytes: omittedBytes + cut.bytes, omittedHash: omittedHash ^ cut.hash };
}

/** Returns 64 bits of SHA-256 of both streams, with the lengths and hashes of their cut parts. */
function hashOf(streams: readonly Uint8Array[], { stdout, stderr }: Written): string {
  const hash = sha256.create();
  const cut = [stdout, stderr].flatMap(({ omittedBytes, omittedHash }) => [
    omittedBytes,
    omittedHash,
  ]);
  const lengths = streams.map(({ length }) => length);
  hash.update(encoder.encode(JSON.stringify([...lengths, ...cut])));
  for (const bytes of streams) hash.update(bytes);
  return hash.digest().subarray(0, 8).toHex();
}
