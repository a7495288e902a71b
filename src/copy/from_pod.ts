/** Copies out of a pod: inspects the source, and compares the received bytes with the pod's. */
import { summed } from "./bodies.ts";
import { ByteReader } from "./byte_reader.ts";
import type { Checksum, NewChecksum } from "./checksum.ts";
import { keyOf } from "./copy_key.ts";
import { CopyFailure, failed, type FarEnd, type OpenFar } from "./remote_script.ts";
import { PodTree } from "./pod_tree.ts";
import type { Checksums, FileSource, SparseSource, TreeSource } from "./source.ts";
import { TarReader } from "./tar_reader.ts";
import { placed } from "./tar_writer.ts";
import { copyDoubts } from "../exec/outcome.ts";

/** The source in the pod. */
export interface PodOrigin {
  open: OpenFar;
  path: string;
  checksums: Checksums;
  /** Distinguishes this pod from others in the names of temporary files. */
  identity: string;
}

/** What is at a path of a pod. It is read once, and released by disposing of it. */
export type PodSource = AsyncDisposable & {
  source: FileSource | SparseSource | TreeSource;
};

/** Holes that justify an archive. */
const worthwhileHoles = 1024 * 1024;

/** Asks the pod what is there. Throws {@link CopyFailure} if there is nothing that can be copied. */
export async function openPodSource(from: PodOrigin): Promise<PodSource> {
  const far = await from.open("send", [from.checksums.wanted, from.path]);
  const dispose = () => far[Symbol.asyncDispose]();
  try {
    const source = await sourceOf(far, from);
    return { source, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function sourceOf(far: FarEnd, from: PodOrigin) {
  const { word, rest: [program, tar, size, mode, mtime, blocks, blockSize] } = await far.hearAny([
    "file",
    "folder",
  ]);
  const maker = await from.checksums.maker(program);
  const key = await keyOf([from.identity, from.path, size ?? "", mtime ?? ""]);
  if (word === "folder") return new PodTree(far, { ...from, key, maker });
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
      readFile(far, { offset, before, size: described.size, make: maker?.make }),
  };
  const taken = (numberOf(blocks) ?? Infinity) * (numberOf(blockSize) ?? 512);
  const holes = (described.size ?? 0) - taken;
  if (tar !== "gnu" || holes < worthwhileHoles) return whole;
  return sparseSource(far, { ...described, size: described.size ?? 0, checksum: maker, whole });
}

function numberOf(word: string | undefined): number | undefined {
  return word !== undefined && /^-?\d{1,15}$/.test(word) ? Number(word) : undefined;
}

async function* readFile(
  far: FarEnd,
  { offset, before, size, make }: {
    offset: number;
    before: Checksum | undefined;
    size: number | undefined;
    make: NewChecksum | undefined;
  },
): AsyncGenerator<Uint8Array, void> {
  await far.say(`from ${offset}`);
  const checksum = before ?? make?.();
  if (offset > 0) {
    const [prefix] = await far.hear("prefix");
    if (prefix !== before?.result()) throw new OtherBeginningError();
  }
  let left = (size ?? Infinity) - offset;
  for await (const bytes of far.data()) {
    // A file that grows is copied up to its initial size.
    const own = bytes.length <= left ? bytes : bytes.subarray(0, left);
    left -= own.length;
    checksum?.update(own);
    if (own.length > 0) yield own;
  }
  const sum = await heardSum(far);
  const [code] = await far.hear("end");
  await far.done();
  if (left > 0 && size !== undefined) {
    throw failed(far.complaints.at(-1) ?? "the file became shorter while it was copied");
  }
  if (code !== "0" && size === undefined) throw failed(far.complaints.at(-1) ?? "cat failed");
  if (checksum !== undefined && sum !== "-" && sum !== checksum.result()) {
    throw changed();
  }
}

/** Returns the checksum of the file as it was when it was requested. */
async function heardSum(far: FarEnd): Promise<string | undefined> {
  const first = await far.hearAny(["whole", "sum"]);
  if (first.word === "sum") return first.rest[0];
  const [sum] = await far.hear("sum");
  return sum === "whole" ? first.rest[0] : sum;
}

/** The bytes of an earlier attempt are the beginning of another file. */
export class OtherBeginningError extends CopyFailure {
  constructor() {
    super(copyDoubts.sourceChanged, true);
  }
}

function sparseSource(
  far: FarEnd,
  described: Omit<SparseSource, "kind" | "read">,
): SparseSource {
  async function* read() {
    await far.say("archive");
    const bytes = new ByteReader(far.data());
    const checksum = described.checksum?.make();
    for await (const entry of new TarReader(bytes, () => {}).entries()) {
      if (entry.kind !== "file" || entry.size !== described.size) throw changed();
      const parts = entry.sparse?.parts ?? [{ offset: 0, length: entry.size }];
      yield* placed(parts, checksum === undefined ? entry.body : summed(entry, checksum));
    }
    const [code] = await far.hear("end");
    const [sum] = await far.hear("sum");
    await far.done();
    if (checksum !== undefined) {
      if (sum !== checksum.result()) throw changed();
    } else if (code !== "0") throw failed(far.complaints.at(-1) ?? "tar failed");
  }
  return { kind: "sparse", ...described, read };
}

function changed(): CopyFailure {
  return failed("the file changed in the pod while it was copied: the checksums differ");
}
