/** Copies into a pod: received under a temporary name there, compared, and renamed only at the end. */
import { writeTar } from "./tar_writer.ts";
import type { Checksum, NewChecksum } from "./checksum.ts";
import { copyFailed, CopyFailure, mayResume, type OpenCopyScript } from "./pod_script.ts";
import type { RunningScript } from "../podscript/running_script.ts";
import { CopyManifest, someNames, SumLines } from "./manifest.ts";
import {
  type Checksums,
  type CopyTotals,
  type FileSource,
  keyOf,
  type Meter,
  type SourceResult,
  type TreeSource,
} from "./source.ts";
import { joinBytes } from "../base/byte_buffer.ts";
import { copyDoubts } from "../exec/outcome.ts";
import { metered, summed } from "./bodies.ts";
import { type TreeEntry, WholeBody } from "./entry.ts";

/** The destination in the pod, and how to copy there. */
export interface PodDestination {
  open: OpenCopyScript;
  /** As given; relative to the container's working directory. */
  path: string;
  /** The name of the copy in an existing folder: `.` copies a folder's content into it. */
  name: string;
  /**
   * Whether the copy of a folder is in a folder of the path or has the path itself, as the first attempt has found it: an
   * attempt that broke may have placed it.
   */
  how?: "in" | "as";
  checksums: Checksums;
  meter: Meter;
}

/** Copies a file. Throws {@link CopyFailure}, or the source's errors. */
export async function sendFile(source: FileSource, to: PodDestination): Promise<CopyTotals> {
  const key = await keyOf([source.key, to.path, to.name]);
  try {
    return await sendBytes(source, to, key);
  } catch (error) {
    if (!mayResume(error)) await discard(to, key);
    throw error;
  }
}

async function sendBytes(
  source: FileSource,
  to: PodDestination,
  key: string,
): Promise<CopyTotals> {
  const { size } = source;
  if (size === undefined) {
    throw copyFailed("the source's image has neither stat nor wc, which this needs");
  }
  await using script = await to.open("receiveFile", [
    to.checksums.wanted,
    to.path,
    to.name,
    key,
    String(size),
  ]);
  const [have = "", program, prefix] = await script.expect("have");
  const maker = await to.checksums.maker(program);
  const resumed = await resumable(source, { have: Number(have), prefix, make: maker?.make });
  to.meter.restarted(resumed.at);
  await script.write(`${resumed.at}\n`);
  const sum = resumed.checksum;
  const whole = await upload(script, script.data(), async (write) => {
    for await (const bytes of source.read(resumed.at)) {
      sum?.update(bytes);
      await write(bytes);
      to.meter.moved(bytes.length);
    }
  });
  // Without an end of input it would wait forever: another attempt resumes from its bytes.
  if (!whole) throw new CopyFailure(copyDoubts.inputNotEnded, true);
  const [got, check] = await script.expect("got");
  // The programs report the reason; if they don't, it is given here.
  if (got !== String(size) && script.complaints.length === 0) {
    throw copyFailed(`only ${got} of ${size} bytes arrived`);
  }
  await script.done();
  if (sum !== undefined && sum.result() !== check) {
    throw copyFailed("what arrived in the pod isn't what was sent: the checksums differ");
  }
  const notes = await place(to, "placeFile", [
    key,
    source.mode === undefined ? "" : (source.mode & 0o7777).toString(8),
    source.mtime === undefined ? "" : touchTime(source.mtime),
  ]);
  return {
    files: 1,
    bytes: size,
    resumedBytes: resumed.at,
    checksum: maker?.name ?? null,
    notes,
    failure: undefined,
  };
}

/** Returns the offset to resume from: the end of the pod's bytes if they are the beginning of the file. */
async function resumable(
  source: FileSource,
  pod: { have: number; prefix: string | undefined; make: NewChecksum | undefined },
): Promise<{ at: number; checksum: Checksum | undefined }> {
  const { make } = pod;
  const have = pod.have <= (source.size ?? 0) ? pod.have : 0;
  if (have > 0 && make !== undefined && source.readPrefix !== undefined) {
    const checksum = make();
    for await (const bytes of source.readPrefix(have)) checksum.update(bytes);
    if (checksum.result() === pod.prefix) return { at: have, checksum };
  }
  return { at: 0, checksum: make?.() };
}

/** Copies a folder. Throws {@link CopyFailure}, or the source's errors. */
export async function sendTree(source: TreeSource, to: PodDestination): Promise<CopyTotals> {
  const key = await keyOf([source.key, to.path, to.name]);
  const args = [to.checksums.wanted, to.path, to.name, key, to.how ?? ""];
  await using script = await to.open("receiveFolder", args);
  const [program, how, tar] = await script.expect("ready");
  if (how === "in" || how === "as") to.how = how;
  const maker = await to.checksums.maker(program);
  to.meter.restarted(0);
  const manifest = new CopyManifest();
  const totals = { files: 0, bytes: 0 };
  const watched = watchedEntries(source.entries(), {
    make: maker?.make,
    manifest,
    totals,
    meter: to.meter,
  });
  let result: SourceResult | undefined;
  // The pod moves the folder to its path by itself: the source's result must be known before.
  const ending = async () => {
    result = await source.finish();
    return maker === undefined ? "" : manifest.digest(maker.make);
  };
  const lines = new SumLines((sum) => manifest.tick(sum));
  await upload(script, script.data(), async (write) => {
    const archive = writeTar(closed(watched, ending), { sparse: tar === "gnu" });
    for await (const bytes of archive) await write(bytes);
  }, (bytes) => lines.push(bytes));
  const { keyword } = await script.expectAny(["placing", "got"]);
  await script.done();
  if (result === undefined) throw copyFailed("the pod has taken a copy before its end");
  const placed = keyword === "placing" ? [] : await compareAndPlace(to, { key, manifest });
  return {
    ...totals,
    resumedBytes: 0,
    checksum: maker?.name ?? null,
    notes: [...result.notes, ...script.complaints, ...placed],
    failure: result.failure,
  };
}

/** Compares the checksums that the pod couldn't compare by itself. */
async function compareAndPlace(
  to: PodDestination,
  { key, manifest }: { key: string; manifest: CopyManifest },
): Promise<readonly string[]> {
  const missing = manifest.missing.map(({ file }) => file);
  if (missing.length === 0) return await place(to, "placeFolder", [key, to.how ?? ""]);
  await discard(to, key);
  throw copyFailed(`what arrived in the pod isn't what was sent: ${someNames(missing)}`);
}

/** Moves the received files to their path. The programs' output about it becomes notes. */
async function place(
  { open, path, name }: PodDestination,
  how: "placeFile" | "placeFolder",
  rest: readonly string[],
): Promise<readonly string[]> {
  await using script = await open(how, [path, name, ...rest]);
  await script.done();
  return script.complaints;
}

/** For cleanup after a failure: that failure is reported, and not this failure. */
async function discard({ open, path, name, how }: PodDestination, key: string): Promise<void> {
  try {
    await using script = await open("discard", [path, name, key, how ?? ""]);
    // The script sends nothing: a pod that sends all the same isn't listened to.
    for await (const _ of script.data()) return;
    await script.done();
  } catch (error) {
    if (!(error instanceof CopyFailure)) throw error;
  }
}

/** Returns `YYYYMMDDhhmm.ss` in UTC; empty for a time outside of the format's range. */
function touchTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return "";
  const [, digits, rest] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d):(\d\d)/.exec(date.toISOString()) ?? [];
  return digits === undefined ? "" : `${digits.replace(/\D/g, "")}.${rest}`;
}

/* Sends to a script in a pod that may exit before it has taken all. */

/**
 * Sends while reading the script's messages: a script that exits early ends the sending too. Returns whether the end of
 * the input could be signalled.
 */
async function upload(
  script: RunningScript,
  answers: AsyncIterable<Uint8Array>,
  send: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  take: (bytes: Uint8Array) => void = () => {},
): Promise<boolean> {
  const over = new EndedEarly();
  const received = (async () => {
    try {
      for await (const bytes of answers) take(bytes);
    } finally {
      over.markEnded();
    }
  })();
  // Reported at the await below; a source that fails is reported before it.
  received.catch(() => {});
  script.stopped.then(() => over.markEnded());
  try {
    await send((bytes) => over.unless(script.write(bytes)));
    const closed = await over.unless(script.closeInput());
    if (closed) await received;
    return closed;
  } catch (error) {
    if (!(error instanceof EndedEarlyError)) throw error;
    const closed = await script.closeInput().catch(() => true);
    if (closed) await received;
    return closed;
  }
}

class EndedEarlyError extends Error {}

/** A write into a script that has exited may never resolve, or fail: its exit gives the reason. */
class EndedEarly {
  #ended = false;
  #waiting: ((error: EndedEarlyError) => void) | undefined;

  markEnded(): void {
    this.#ended = true;
    this.#waiting?.(new EndedEarlyError());
  }

  /** One at a time. */
  unless<T>(work: Promise<T>): Promise<T> {
    if (this.#ended) {
      work.catch(() => {});
      return Promise.reject(new EndedEarlyError());
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting = reject;
      work.then(resolve, () => reject(new EndedEarlyError()));
    });
  }
}

/* The entries of a folder sent to a pod: counted, checksummed, and in the layout that its script expects. */

/** Yields the entries, counted; their data is checksummed as it is read. */
async function* watchedEntries(
  entries: AsyncIterable<TreeEntry>,
  { make, manifest, totals, meter }: {
    make: NewChecksum | undefined;
    manifest: CopyManifest;
    totals: { files: number; bytes: number };
    meter: Meter;
  },
): AsyncGenerator<TreeEntry, void> {
  for await (const entry of entries) {
    if (entry.kind !== "file") {
      if (entry.kind === "hardLink") manifest.addName(entry.path, entry.target);
      yield entry;
      continue;
    }
    const checksum = make?.();
    const body = metered(entry.body, meter);
    const file = { ...entry, body };
    yield checksum === undefined ? file : { ...file, body: summed(file, checksum) };
    totals.files += 1;
    totals.bytes += entry.size;
    if (checksum !== undefined) manifest.add(checksum.result(), entry);
  }
}

/**
 * Yields the archive for remote ends: all of it in `tree/`, folders that are writable while they are filled, and an
 * end.
 *
 * @param ending called when all entries were read: returns the line of the file `end`.
 */
async function* closed(
  entries: AsyncIterable<TreeEntry>,
  ending: () => Promise<string>,
): AsyncGenerator<TreeEntry, void> {
  const folders: TreeEntry[] = [];
  for await (const plain of entries) {
    const entry = inTree(plain);
    if (entry.kind !== "folder") {
      yield entry;
      continue;
    }
    folders.push(entry);
    yield { ...entry, mode: entry.mode | 0o700 };
  }
  // Again: busybox sets their times and modes at once, and adding content changes these.
  yield* folders.toReversed();
  const line = encoder.encode(`${await ending()}\n`);
  const body = new WholeBody(() => line);
  yield { kind: "file", path: end, mode: 0o600, mtime: 0, size: line.length, body };
}

const encoder = new TextEncoder();
const tree = encoder.encode("tree");
const slash = encoder.encode("/");
const end = encoder.encode("end");

function inTree(entry: TreeEntry): TreeEntry {
  const path = entry.path.length === 0 ? tree : joinBytes([tree, slash, entry.path]);
  if (entry.kind !== "hardLink") return { ...entry, path };
  return { ...entry, path, target: joinBytes([tree, slash, entry.target]) };
}
