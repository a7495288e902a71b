/** The content that a batch sends to a pod: an archive, unpacked aside there, and a digest of each file as sent. */
import type { TreeEntry } from "../../copy/entry.ts";
import { writeTar } from "../../copy/tar_writer.ts";
import { type Content, requestedBy, type RequestedFile } from "../core/tree.ts";
import type { Digests } from "./digests.ts";
import { archiveBlock } from "./loop.ts";
import { modeFor, type NumberedStep } from "./steps.ts";
import { joinBytes } from "../../base/byte_buffer.ts";

/** Reads the content that steps need from the other end. */
export type Contents = (requested: readonly RequestedFile[]) => AsyncIterable<Content>;

/** The packed files, and their names. */
export interface Packing {
  steps: readonly NumberedStep[];
  /** Returns its name in the archive. */
  nameOf(step: NumberedStep): string;
  /** Folders and symbolic links are sent too, not only contents. */
  whole: boolean;
}

/** The checksums here and in the pod. */
export interface Summing {
  digests: Digests;
  /** The checksum program of the pod. */
  program: string;
}

/** Limits within which files are summed in the pod before they are renamed; beyond, only their size is checked. */
const summed = { files: 1000, bytes: 32 * 1024 * 1024 };
const encoder = new TextEncoder();

/** Common to all entries: received files get their time when they are renamed. */
const named = { mtime: 0 };

/** A file requested from the other end, and the step that needs it. */
type PackedFile = RequestedFile & { step: NumberedStep };

/** An archive. Sent once. */
export class Parcel {
  /** Digests of sent files, by the number of the step. */
  readonly #sent = new Map<number, string>();
  /** Names in the archive of files that differed from the plan. */
  readonly #dropped: string[] = [];

  constructor(
    private readonly packing: Packing,
    private readonly summing: Summing,
    private readonly contents: Contents,
  ) {}

  /** Whether no step needs an archive. */
  get isEmpty(): boolean {
    return !this.packing.steps.some(({ action: { kind } }) =>
      kind === "put" || kind === "makeFolder"
    );
  }

  /** Names in the archive of files that differed from the plan: complete when it has been sent. */
  get dropped(): readonly string[] {
    return this.#dropped;
  }

  /** Returns whether a content from the other end could not be sent as planned. */
  lacks({ at, action }: NumberedStep): boolean {
    if (action.kind !== "put" || action.entry.kind !== "file") return false;
    return action.from.side !== action.side && !this.#sent.has(at);
  }

  /** Sends all of it, in pieces whose length the pod is given. */
  async send(write: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    await write(encoder.encode("put\n"));
    for await (const bytes of inRecords(writeTar(this.#entries(), { sparse: false }))) {
      await write(encoder.encode(`${bytes.length / archiveBlock}\n`));
      await write(bytes);
    }
    await write(encoder.encode("0\n"));
  }

  async *#entries(): AsyncGenerator<TreeEntry> {
    // Some tars treat an archive without entries as damaged.
    yield { ...file("begun", 0o600), size: 0, body: nothing() };
    if (this.packing.whole) yield* this.#foldersAndLinks();
    const requested = this.packing.steps.flatMap((step) => requestedBy(step.action, step));
    if (requested.length === 0) return;
    const sums: string[] = [];
    for await (const { at, size, body } of this.contents(requested)) {
      const one = requested[at];
      if (one === undefined) continue;
      const name = this.packing.nameOf(one.step);
      const mode = Number.parseInt(modeFor(one.entry, undefined), 8) | 0o600;
      yield { ...file(name, mode), size, body: this.#noted(body, one, name) };
      const sent = this.#sent.get(one.step.at);
      if (sent !== undefined && !name.includes("\\")) sums.push(`${sent}  ${name}\n`);
    }
    const text = encoder.encode(this.#isSummed(requested) ? sums.join("") : "");
    if (text.length > 0) yield { ...file("sums", 0o600), size: text.length, body: once(text) };
  }

  *#foldersAndLinks(): Generator<TreeEntry> {
    for (const step of this.packing.steps) {
      const { action } = step;
      const path = encoder.encode(this.packing.nameOf(step));
      if (action.kind === "makeFolder") yield { ...named, kind: "folder", path, mode: 0o755 };
      if (action.kind !== "put" || action.entry.kind !== "symlink") continue;
      const target = encoder.encode(action.entry.target);
      yield { ...named, kind: "symbolicLink", path, mode: 0o777, target };
    }
  }

  #isSummed(requested: readonly PackedFile[]): boolean {
    const bytes = requested.reduce((sum, { entry }) => sum + entry.size, 0);
    const few = requested.length <= summed.files && bytes <= summed.bytes;
    return few && this.summing.program === "sha256sum";
  }

  /** Yields the content, summed as it is sent. Content with another digest than planned isn't renamed. */
  async *#noted(
    body: AsyncIterable<Uint8Array>,
    { entry, step }: PackedFile,
    name: string,
  ): AsyncGenerator<Uint8Array> {
    const sum = this.summing.digests.make();
    for await (const bytes of body) {
      sum.update(bytes);
      yield bytes;
    }
    if (sum.result() === entry.digest) this.#sent.set(step.at, entry.digest);
    else this.#dropped.push(name);
  }
}

function file(name: string, mode: number) {
  return { ...named, kind: "file", path: encoder.encode(name), mode } as const;
}

/* Streams of bytes for archives. */

/** Yields no bytes. */
async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Yields these bytes. */
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** Yields an archive in whole records. */
async function* inRecords(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of chunks) {
    const whole = rest.length === 0 ? chunk : joinBytes([rest, chunk]);
    const end = whole.length - whole.length % archiveBlock;
    if (end > 0) yield whole.subarray(0, end);
    rest = whole.slice(end);
  }
}
