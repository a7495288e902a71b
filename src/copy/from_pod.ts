/** Copies out of a pod: inspects the source, and compares the received bytes with the pod's. */
import { summed } from "./bodies.ts";
import { ByteReader } from "./byte_reader.ts";
import type { Checksum, NewChecksum } from "./checksum.ts";
import {
  type Checksums,
  type FileSource,
  keyOf,
  type NamedChecksum,
  type SourceResult,
  type SparseSource,
  type TreeSource,
} from "./source.ts";
import { copyFailed, CopyFailure, type OpenCopyScript } from "./pod_script.ts";
import type { RunningScript } from "../podscript/running_script.ts";
import { type OmittedEntry, TarReader } from "./tar_reader.ts";
import { placed } from "./tar_writer.ts";
import { copyDoubts } from "../exec/outcome.ts";
import { escapedName, type TreeEntry, WholeBody } from "./entry.ts";
import { CopyManifest, type SentFile, someNames, SumLines } from "./manifest.ts";
import { TarError } from "./tar_header.ts";

/** The source in the pod. */
interface PodOrigin {
  open: OpenCopyScript;
  path: string;
  checksums: Checksums;
  /** Distinguishes this pod from others in the names of temporary files. */
  identity: string;
}

/** The files at a path of a pod. They are read once, and released by disposing of this. */
export type PodSource = AsyncDisposable & {
  source: FileSource | SparseSource | TreeSource;
};

/** Holes that justify an archive. */
const worthwhileHoles = 1024 * 1024;

/** Asks the pod for the kind of the path. Throws {@link CopyFailure} if there is nothing that can be copied. */
export async function openPodSource(from: PodOrigin): Promise<PodSource> {
  const script = await from.open("send", [from.checksums.wanted, from.path]);
  const dispose = () => script[Symbol.asyncDispose]();
  try {
    const source = await sourceOf(script, from);
    return { source, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function sourceOf(script: RunningScript, from: PodOrigin) {
  const { keyword, args: [program, tar, size, mode, mtime, blocks, blockSize] } = await script
    .expectAny([
      "file",
      "folder",
    ]);
  const maker = await from.checksums.maker(program);
  const key = await keyOf([from.identity, from.path, size ?? "", mtime ?? ""]);
  if (keyword === "folder") {
    return new PodTree(script, { ...from, key, maker, isGnu: tar === "gnu" });
  }
  const described = {
    size: numberOf(size),
    mode: mode === undefined || mode === "-" ? undefined : Number.parseInt(mode, 16) & 0o7777,
    mtime: numberOf(mtime),
    key,
  };
  const whole: FileSource = {
    ...described,
    kind: "file",
    checksum: maker,
    read: (offset, before) =>
      readFile(script, { offset, before, size: described.size, make: maker?.make }),
  };
  const taken = (numberOf(blocks) ?? Infinity) * (numberOf(blockSize) ?? 512);
  const holes = (described.size ?? 0) - taken;
  if (tar !== "gnu" || holes < worthwhileHoles) return whole;
  return sparseSource(script, { ...described, size: described.size ?? 0, checksum: maker, whole });
}

function numberOf(word: string | undefined): number | undefined {
  return word !== undefined && /^-?\d{1,15}$/.test(word) ? Number(word) : undefined;
}

async function* readFile(
  script: RunningScript,
  { offset, before, size, make }: {
    offset: number;
    before: Checksum | undefined;
    size: number | undefined;
    make: NewChecksum | undefined;
  },
): AsyncGenerator<Uint8Array, void> {
  await script.write(`from ${offset}\n`);
  const checksum = before ?? make?.();
  if (offset > 0) {
    const [prefix] = await script.expect("prefix");
    if (prefix !== before?.result()) throw new OtherPrefixError();
  }
  let left = (size ?? Infinity) - offset;
  for await (const bytes of script.data()) {
    // A file that grows is copied up to its initial size.
    const own = bytes.length <= left ? bytes : bytes.subarray(0, left);
    left -= own.length;
    checksum?.update(own);
    if (own.length > 0) yield own;
  }
  const sum = await receivedSum(script);
  const [code] = await script.expect("end");
  await script.done();
  if (left > 0 && size !== undefined) {
    throw copyFailed(script.complaints.at(-1) ?? "the file became shorter while it was copied");
  }
  if (code !== "0" && size === undefined) {
    throw copyFailed(script.complaints.at(-1) ?? "cat failed");
  }
  if (checksum !== undefined && sum !== "-" && sum !== checksum.result()) {
    throw changed();
  }
}

/** Returns the checksum of the file as it was when it was requested. */
async function receivedSum(script: RunningScript): Promise<string | undefined> {
  const first = await script.expectAny(["whole", "sum"]);
  if (first.keyword === "sum") return first.args[0];
  const [sum] = await script.expect("sum");
  return sum === "whole" ? first.args[0] : sum;
}

/** The bytes of an earlier attempt are the beginning of another file. */
export class OtherPrefixError extends CopyFailure {
  constructor() {
    super(copyDoubts.sourceChanged, true);
  }
}

function sparseSource(
  script: RunningScript,
  described: Omit<SparseSource, "kind" | "read">,
): SparseSource {
  async function* read() {
    await script.write("archive\n");
    const bytes = new ByteReader(script.data());
    const checksum = described.checksum?.make();
    for await (const entry of new TarReader(bytes, () => {}).entries()) {
      if (entry.kind !== "file" || entry.size !== described.size) throw changed();
      const parts = entry.sparse?.parts ?? [{ offset: 0, length: entry.size }];
      yield* placed(parts, checksum === undefined ? entry.body : summed(entry, checksum));
    }
    const [code] = await script.expect("end");
    const [sum] = await script.expect("sum");
    await script.done();
    if (checksum !== undefined) {
      if (sum !== checksum.result()) throw changed();
    } else if (code !== "0") throw copyFailed(script.complaints.at(-1) ?? "tar failed");
  }
  return { kind: "sparse", ...described, read };
}

function changed(): CopyFailure {
  return copyFailed("the file changed in the pod while it was copied: the checksums differ");
}

/* A folder of a pod, read as an archive, and then compared with the pod's checksums. */

/** Options known before the folder is read. */
interface PodTreeOptions {
  open: OpenCopyScript;
  path: string;
  key: string;
  maker: NamedChecksum | undefined;
  /** The exit code 1 of GNU's tar means that files changed, or went, while they were read; of others that it failed. */
  isGnu: boolean;
}

/** Files checked again in a single exec: their names are its arguments. */
const checkedAtOnce = 200;
/** More changed files than this aren't just logs that grow while they are read. */
const maxChanged = 2000;
const omittedShown = 5;

/** Used once. */
class PodTree implements TreeSource {
  readonly kind = "tree";
  readonly bytes = undefined;
  readonly key: string;
  readonly checksum: NamedChecksum | undefined;
  readonly #manifest = new CopyManifest();
  readonly #omitted: OmittedEntry[] = [];
  #left = 0;
  #bytes: ByteReader | undefined;

  constructor(private readonly script: RunningScript, private readonly options: PodTreeOptions) {
    this.key = options.key;
    this.checksum = options.maker;
  }

  async *entries(): AsyncGenerator<TreeEntry, void> {
    await this.script.write("archive\n");
    this.#bytes = new ByteReader(this.script.data());
    try {
      for await (
        const entry of new TarReader(this.#bytes, (one) => this.#omit(one)).entries()
      ) {
        yield entry.kind === "file" ? this.#summed(entry) : entry;
      }
    } catch (error) {
      throw await this.#explained(error);
    }
  }

  /** A truncated archive isn't reported if the connection broke or tar gave the reason. */
  async #explained(error: unknown): Promise<unknown> {
    if (!(error instanceof TarError)) return error;
    await this.script.done();
    return copyFailed(this.script.complaints.at(-1) ?? error.message);
  }

  #omit(one: OmittedEntry): void {
    this.#left += 1;
    if (this.#omitted.length < omittedShown) this.#omitted.push(one);
  }

  #summed(entry: Extract<TreeEntry, { kind: "file" }>): TreeEntry {
    const checksum = this.options.maker?.make();
    // A premature end is reported with the pod's reason.
    const body = entry.body instanceof WholeBody ? entry.body : this.#explaining(entry.body);
    if (checksum === undefined) return { ...entry, body };
    const { path, size } = entry;
    const note = () => this.#manifest.add(checksum.result(), { path, size });
    return { ...entry, body: summed({ ...entry, body }, checksum, note) };
  }

  async *#explaining(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    try {
      yield* body;
    } catch (error) {
      throw await this.#explained(error);
    }
  }

  async finish(): Promise<SourceResult> {
    const lines = new SumLines((sum) => this.#manifest.tick(sum));
    const rest = this.#bytes;
    let inPadding = true;
    for (
      let piece = await rest?.upTo(65_536);
      piece !== undefined;
      piece = await rest?.upTo(65_536)
    ) {
      const start = inPadding ? piece.findIndex((byte) => byte !== 0) : 0;
      if (start < 0) continue;
      inPadding = false;
      lines.push(piece.subarray(start));
    }
    const [code] = await this.script.expect("end");
    await this.script.done();
    const { maker, isGnu } = this.options;
    const changed = maker === undefined ? [] : await this.#changed();
    const notes = [...this.#notes(), ...changed];
    if (code === "0") return { notes, failure: undefined };
    const complaints = this.script.complaints.slice(-3);
    // Files that changed are compared by their checksums; tar's messages about removed files are a note.
    if (code === "1" && isGnu && maker !== undefined) {
      const gone = changed.length > 0 ? [] : complaints;
      return { notes: [...notes, ...gone], failure: undefined };
    }
    return { notes, failure: complaints.join("; ") || `tar ended with exit code ${code}` };
  }

  #notes(): string[] {
    const shown = this.#omitted.map(({ path, what }) => `left out ${escapedName(path)}: ${what}`);
    const more = this.#left - shown.length;
    return more > 0 ? [...shown, `and ${more} more are left out`] : shown;
  }

  /** Checks differing files again: a log that grew has the same beginning. Throws if something else is wrong. */
  async #changed(): Promise<string[]> {
    const { missing } = this.#manifest;
    if (missing.length === 0) return [];
    const files = missing.map(({ file }) => file);
    if (missing.length > maxChanged) throw this.#differ(files);
    const grown = new CopyManifest();
    for (const { sum, file } of missing) grown.add(sum, file);
    for (let at = 0; at < files.length; at += checkedAtOnce) {
      await this.#checkAgain(files.slice(at, at + checkedAtOnce), (sum) => grown.tick(sum));
    }
    const other = grown.missing.map(({ file }) => file);
    if (other.length > 0) throw this.#differ(other);
    return [`copied as long as they were when they were read, and they grew: ${someNames(files)}`];
  }

  async #checkAgain(files: readonly SentFile[], tick: (sum: string) => void): Promise<void> {
    const { open, path, maker } = this.options;
    const named = files.flatMap(({ path, size }) => [new TextDecoder().decode(path), String(size)]);
    await using script = await open("sumBeginnings", [maker?.name ?? "", path, ...named]);
    const lines = new SumLines(tick);
    for await (const bytes of script.data()) lines.push(bytes);
    await script.done();
  }

  #differ(files: readonly SentFile[]): Error {
    return copyFailed(`changed in the pod while they were copied: ${someNames(files)}`);
  }
}
