/** Copies out of a pod: inspects the source, and compares the received bytes with the pod's. */
import { summed } from "./bodies.ts";
import { ByteReader } from "./byte_reader.ts";
import type { Checksum, NewChecksum } from "./checksum.ts";
import {
  type Checksums,
  type FileSource,
  keyOf,
  type SparseSource,
  type TreeSource,
} from "./source.ts";
import { copyFailed, CopyFailure, type OpenCopyScript } from "./pod_script.ts";
import type { RunningScript } from "../podscript/running_script.ts";
import { PodTree } from "./pod_tree.ts";
import { TarReader } from "./tar_reader.ts";
import { placed } from "./tar_writer.ts";
import { copyDoubts } from "../exec/outcome.ts";

/** The source in the pod. */
export interface PodOrigin {
  open: OpenCopyScript;
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
  if (keyword === "folder") return new PodTree(script, { ...from, key, maker });
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
