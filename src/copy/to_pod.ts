/** Copying into a pod: received under a temporary name there, compared, and only then given its own. */
import { metered, summed } from "./bodies.ts";
import { writeTar } from "./tar_writer.ts";
import type { Checksum, NewChecksum } from "./checksum.ts";
import type { TreeEntry } from "./entry.ts";
import { CopyFailure, failed, type FarEnd, type OpenFar } from "./far_end.ts";
import { Manifest, someNames, SumLines } from "./manifest.ts";
import type { Checksums, CopyTotals, FileSource, Meter, TreeSource } from "./source.ts";
import { keyOf } from "./copy_key.ts";
import { joined } from "./tar_header.ts";
import { touchTime } from "./touch_time.ts";

/** Where to in the pod, and with what. */
export interface PodDestination {
  open: OpenFar;
  /** As it was written; relative to the container's working directory. */
  path: string;
  /** What the copy is called in a folder that is there: `.` puts a folder's content into it. */
  name: string;
  checksums: Checksums;
  meter: Meter;
}

/** Copies a file. Throws {@link CopyFailure}, or what the source throws. */
export async function sendFile(source: FileSource, to: PodDestination): Promise<CopyTotals> {
  const { size } = source;
  const key = await keyOf([source.key, to.path, to.name]);
  if (size === undefined) {
    throw failed("the source's image has neither stat nor wc, which this needs");
  }
  await using far = await to.open("receiveFile", [
    to.checksums.wanted,
    to.path,
    to.name,
    key,
    String(size),
  ]);
  const [have = "", program, prefix] = await far.hear("have");
  const maker = await to.checksums.maker(program);
  const begun = await resumable(source, { have: Number(have), prefix, make: maker?.make });
  to.meter.restarted(begun.at);
  await far.say(String(begun.at));
  const sum = begun.checksum;
  const whole = await upload(far, far.data(), async (write) => {
    for await (const bytes of source.read(begun.at)) {
      sum?.update(bytes);
      await write(bytes);
      to.meter.moved(bytes.length);
    }
  });
  // Without an end of input it would wait for ever: what it has is taken up by another attempt.
  if (!whole) throw new CopyFailure({ kind: "unknown", reason: noInputEnd }, true);
  const [got, check] = await far.hear("got");
  // Why, the programs say; where they don't, it is told here.
  if (got !== String(size) && far.complaints.length === 0) {
    throw failed(`only ${got} of ${size} bytes arrived`);
  }
  await far.done();
  if (sum !== undefined && sum.result() !== check) {
    await quietly(to, "discard", [to.path, to.name, key]);
    throw failed("what arrived in the pod isn't what was sent: the checksums differ");
  }
  const notes = await place(to, "placeFile", [
    key,
    source.mode === undefined ? "" : (source.mode & 0o7777).toString(8),
    source.mtime === undefined ? "" : touchTime(source.mtime),
  ]);
  return {
    files: 1,
    bytes: size,
    resumedBytes: begun.at,
    checksum: maker?.name ?? null,
    notes,
    failure: undefined,
  };
}

const noInputEnd = "this server can't tell a pod that its input has ended (Kubernetes before 1.30)";

/** From where the copy goes on: behind what the pod has, where that is the beginning of the file. */
async function resumable(
  source: FileSource,
  pod: { have: number; prefix: string | undefined; make: NewChecksum | undefined },
): Promise<{ at: number; checksum: Checksum | undefined }> {
  const { make } = pod;
  const have = pod.have <= (source.size ?? 0) ? pod.have : 0;
  if (have > 0 && make !== undefined && source.beginning !== undefined) {
    const checksum = make();
    for await (const bytes of source.beginning(have)) checksum.update(bytes);
    if (checksum.result() === pod.prefix) return { at: have, checksum };
  }
  return { at: 0, checksum: make?.() };
}

/** Copies a folder. Throws {@link CopyFailure}, or what the source throws. */
export async function sendTree(source: TreeSource, to: PodDestination): Promise<CopyTotals> {
  const key = await keyOf([source.key, to.path, to.name]);
  await using far = await to.open("receiveFolder", [to.checksums.wanted, to.path, to.name, key]);
  const [program, tar] = await far.hear("ready");
  const maker = await to.checksums.maker(program);
  to.meter.restarted(0);
  const manifest = new Manifest();
  const totals = { files: 0, bytes: 0 };
  const watched = watchedEntries(source.entries(), {
    make: maker?.make,
    manifest,
    totals,
    meter: to.meter,
  });
  const lines = new SumLines((sum) => manifest.tick(sum));
  await upload(far, far.data(), async (write) => {
    const archive = writeTar(closed(watched), { sparse: tar === "gnu" });
    for await (const bytes of archive) await write(bytes);
  }, (bytes) => lines.push(bytes));
  await far.hear("got");
  await far.done();
  const settled = await source.settle();
  const missing = maker === undefined ? [] : manifest.missing.map(({ file }) => file);
  if (missing.length > 0) {
    await quietly(to, "discard", [to.path, to.name, key]);
    throw failed(`what arrived in the pod isn't what was sent: ${someNames(missing)}`);
  }
  const placed = await place(to, "placeFolder", [key]);
  return {
    ...totals,
    resumedBytes: 0,
    checksum: maker?.name ?? null,
    notes: [...settled.notes, ...far.complaints, ...placed],
    failure: settled.failure,
  };
}

/** The entries, counted, and their data summed up as it is read. */
async function* watchedEntries(
  entries: AsyncIterable<TreeEntry>,
  { make, manifest, totals, meter }: {
    make: NewChecksum | undefined;
    manifest: Manifest;
    totals: { files: number; bytes: number };
    meter: Meter;
  },
): AsyncGenerator<TreeEntry, void> {
  for await (const entry of entries) {
    if (entry.kind !== "file") {
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

/** What far ends are sent: all of it in `tree/`, folders that can be written to while they are filled, and an end. */
async function* closed(entries: AsyncIterable<TreeEntry>): AsyncGenerator<TreeEntry, void> {
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
  // Again: busybox gives them their times and modes at once, and what is put into them changes these.
  yield* folders.toReversed();
  yield { kind: "file", path: end, mode: 0o600, mtime: 0, size: 0, body: nothing() };
}

const tree = new TextEncoder().encode("tree");
const slash = new TextEncoder().encode("/");
const end = new TextEncoder().encode("end");

function inTree(entry: TreeEntry): TreeEntry {
  const path = entry.path.length === 0 ? tree : joined([tree, slash, entry.path]);
  if (entry.kind !== "hardLink") return { ...entry, path };
  return { ...entry, path, target: joined([tree, slash, entry.target]) };
}

async function* nothing(): AsyncGenerator<Uint8Array, void> {}

/**
 * Sends while what comes back is taken: a script that ends early ends the sending too. Whether the end of the
 * input could be told.
 */
async function upload(
  far: FarEnd,
  answers: AsyncIterable<Uint8Array>,
  send: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  take: (bytes: Uint8Array) => void = () => {},
): Promise<boolean> {
  const over = new EndedEarly();
  const heard = (async () => {
    try {
      for await (const bytes of answers) take(bytes);
    } finally {
      over.tell();
    }
  })();
  // Told where it is waited for; a source that fails is told before it.
  heard.catch(() => {});
  far.stopped.then(() => over.tell());
  try {
    await send((bytes) => over.unless(far.write(bytes)));
    const told = await over.unless(far.closeInput());
    if (told) await heard;
    return told;
  } catch (error) {
    if (!(error instanceof EndedEarlyError)) throw error;
    const told = await far.closeInput().catch(() => true);
    if (told) await heard;
    return told;
  }
}

class EndedEarlyError extends Error {}

/** A write into a script that has ended may never be taken, or fail: why, its end says. */
class EndedEarly {
  #ended = false;
  #waiting: ((error: EndedEarlyError) => void) | undefined;

  tell(): void {
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

/** Gives what was received its place. What the programs had to say about it are notes. */
async function place(
  { open, path, name }: PodDestination,
  script: "placeFile" | "placeFolder",
  rest: readonly string[],
): Promise<readonly string[]> {
  await using far = await open(script, [path, name, ...rest]);
  await far.done();
  return far.complaints;
}

/** For what is done because something failed already: that is told, and not this. */
async function quietly(
  { open }: PodDestination,
  script: "discard",
  args: readonly string[],
): Promise<void> {
  try {
    await using far = await open(script, args);
    await far.done();
  } catch (error) {
    if (!(error instanceof CopyFailure)) throw error;
  }
}
