/** The pod's end of a synchronisation: a folder there, over one exec. */
import { onAbort, passed } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import type { NativeChecksums } from "../../copy/checksum.ts";
import type { ExecChannel } from "../../kube/client.ts";
import type { EndpointEvent, Inspection, RemoteEndpoint } from "../core/endpoint.ts";
import type { Ignoring } from "../core/ignore_rules.ts";
import type { Entry, Snapshot } from "../core/model.ts";
import type { SyncAction } from "../core/plan.ts";
import { type Content, type RequestedFile, SideLostError, type StepResult } from "../core/tree.ts";
import { type Digests, digestsOf, sumOfLine } from "./digests.ts";
import type { RemoteIndex } from "./remote_index.ts";
import { type LoopAnswer, type RemoteEvent, RemoteLink } from "./link.ts";
import { loopCommand } from "./loop.ts";
import { entryKind, type Listing, ListingReader } from "./listing.ts";
import { KodamaError } from "../../base/errors.ts";
import { newMark } from "../../podscript/messages.ts";
import {
  explainRefusal,
  type Refusals,
  type ScriptRefusal,
} from "../../podscript/running_script.ts";
import { type BatchContext, RemoteBatch } from "./batch.ts";
import type { Contents } from "./upload.ts";
import { fitsLines, type NumberedStep, passesOf } from "./steps.ts";
import { TarReader } from "../../copy/tar_reader.ts";

/** Options of an end in a pod. */
interface PodEndpointOptions {
  /** Runs the command in the pod, with standard input. Throws KodamaError if that isn't possible. */
  open: (command: readonly string[], signal: AbortSignal) => Promise<ExecChannel>;
  /** The folder in the pod; relative to the container's working directory. */
  root: string;
  /** Distinguishes this synchronisation from others of the same folder. */
  key: string;
  /** State that outlives connections. */
  index: RemoteIndex;
  native: NativeChecksums;
  clock: Clock;
  onEvent: (news: EndpointEvent) => void;
}

/** Folders omitted from walks, at most: their names are arguments of a command. */
const maxPruned = 200;

/** The longest wait for a watcher to be ready. */
const watchedMs = 15_000;

/** An open end. Dispose of it to end the loop in the pod. */
export class PodEndpoint implements RemoteEndpoint {
  #pruned: readonly string[] = [];
  #watcher: string | undefined;
  /** Resolved when a watcher is there, or there won't be any. */
  #watched = Promise.withResolvers<void>();
  /** The folders that the watcher was given. */
  #watchedFolders = "";
  #aborting: Disposable | undefined;
  #agreement: string;

  private constructor(
    private readonly link: RemoteLink,
    private readonly handshake: Handshake,
    /** How contents are compared on both ends. */
    readonly digests: Digests,
    readonly continues: boolean,
    private readonly options: PodEndpointOptions,
  ) {
    this.#agreement = handshake.agreement;
  }

  /**
   * Starts the loop in the pod.
   *
   * @throws KodamaError for a pod without the programs it needs; SideLostError if the connection ends before.
   */
  static async open(options: PodEndpointOptions, signal: AbortSignal): Promise<PodEndpoint> {
    const mark = newMark();
    const fresh = crypto.randomUUID();
    const command = loopCommand({ mark, root: options.root, key: options.key, fresh });
    const channel = await options.open(command, signal);
    let onEvent: (event: RemoteEvent) => void = () => {};
    const link = new RemoteLink(channel, {
      mark,
      clock: options.clock,
      onEvent: (event) => onEvent(event),
    });
    try {
      const handshakeResult = await handshake(link, options.root);
      const end = new PodEndpoint(
        link,
        handshakeResult,
        await digestsOf(handshakeResult.program, options.native),
        isMarkSince(handshakeResult.was, options.index.mark),
        options,
      );
      // Paths of another state stay unknown, whatever connections follow.
      if (end.continues) options.index.mark = handshakeResult.now;
      onEvent = (event) => end.#takeEvent(event);
      // Whatever is pending: the answer isn't needed any more.
      end.#aborting = onAbort(signal, () => void link[Symbol.asyncDispose]());
      return end;
    } catch (error) {
      await link[Symbol.asyncDispose]();
      throw error;
    }
  }

  get lost(): Promise<Error> {
    return this.link.lost;
  }

  /** The loop ends when its folder has another agreement than it has written itself. */
  get agreement(): string {
    return this.#agreement;
  }

  async agree(agreement: string): Promise<void> {
    const code = await this.link.requestLines(
      () => `agree ${agreement}`,
      () => [],
      (answer) => answer.lines(() => {}),
    );
    if (code === 0) this.#agreement = agreement;
    else throw new KodamaError("environment", "the pod can't store what both sides agreed on");
  }

  /** How changes are detected in the pod; `none` if it has to be polled. Undefined before it is known. */
  get watcher(): string | undefined {
    return this.#watcher;
  }

  async scan(ignoring: Ignoring, _signal: AbortSignal): Promise<Snapshot> {
    const { index } = this.options;
    const listing = await this.#list("1", this.#pruned.map((path) => `./${path}`));
    index.replace(listing);
    const seen = () => ignoring.without(index.snapshot(this.handshake.id, listing));
    const requested = seen();
    this.#prune(ignoring);
    await this.#sum(
      [...requested.entries.keys()].filter((path) => index.lacksDigest(path)),
      listing,
    );
    return withoutUnsummed(seen());
  }

  async inspect(
    paths: readonly string[],
    ignoring: Ignoring,
    _signal: AbortSignal,
  ): Promise<Inspection> {
    const { index } = this.options;
    const requested = paths.filter((path) => !path.includes("\n"));
    const listing = await this.#list("0", requested.map((path) => `./${path}`));
    const newFolder = requested.some((path) => {
      const stat = listing.stats.get(path);
      return stat !== undefined && entryKind(stat) === "folder" && index.stat(path) === undefined;
    });
    index.update(requested, listing);
    const included = requested.filter((path) => {
      const stat = listing.stats.get(path);
      const kind = stat !== undefined && entryKind(stat) === "folder" ? "folder" : "other";
      return !ignoring.ignores(path, kind);
    });
    await this.#sum(included.filter((path) => index.lacksDigest(path)), listing);
    const entries = new Map<string, Entry | undefined>(
      included.map((path) => [path, index.entry(path)]),
    );
    return { entries, whole: [], needsScan: newFolder || listing.unread.size > 0 };
  }

  /**
   * Starts to report changes. If nothing in the image can, {@link PodEndpoint.changed} has to be polled.
   *
   * @param by a watcher by name, for tests of each.
   */
  async watch(by = ""): Promise<void> {
    const pruned = this.#pruned.map((path) => `./${path}`);
    this.#watched = Promise.withResolvers();
    await this.link.requestLines(
      (blocks) => `watch ${blocks} ${by}`,
      () => pruned,
      (answer) => answer.lines(() => {}),
    );
    // The watcher first walks through its own folders; a scan before that would miss changes behind it.
    await passed(this.options.clock, watchedMs, {
      settled: Promise.race([this.#watched.promise, this.link.lost]),
    });
    this.#watchedFolders = this.#foldersToWatch();
  }

  get watchIsStale(): boolean {
    return this.#watchedFolders !== this.#foldersToWatch();
  }

  /** busybox's watcher sees only the folders that existed when it started; the other watchers find new folders. */
  #foldersToWatch(): string {
    const folders = this.#watcher === "inotifyd" ? [...this.options.index.folders()].sort() : [];
    return [...this.#pruned, "", ...folders].join("\n");
  }

  /** Returns paths that may have changed since the checkpoint before last; `turn` makes now the last checkpoint. */
  async changed(turn: boolean): Promise<string[]> {
    const paths: string[] = [];
    await this.link.requestLines(
      () => `changed ${turn ? 1 : 0}`,
      () => [],
      (answer) =>
        answer.lines((line) => {
          if (line.startsWith("./")) paths.push(line.slice(2));
        }),
    );
    return paths;
  }

  async *read(requested: readonly RequestedFile[]): AsyncGenerator<Content> {
    const batches = [...readBatches(requested)];
    let next = this.#request(batches[0] ?? []);
    for (const at of batches.keys()) {
      const archive = next;
      const following = batches[at + 1];
      // Requested while this archive is read, so that there is no round trip between two.
      if (following !== undefined) next = this.#request(following);
      yield* archive.contents();
    }
  }

  #request(requested: readonly NumberedFile[]): RemoteArchive {
    return new RemoteArchive(this.link, requested);
  }

  async *perform(
    steps: readonly SyncAction[],
    contents: (requested: readonly RequestedFile[]) => AsyncIterable<Content>,
  ): AsyncGenerator<StepResult> {
    const { link, digests, handshake: { program }, options: { index } } = this;
    yield* performSteps({ link, index, digests, program }, steps, contents);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#aborting?.[Symbol.dispose]();
    await this.link[Symbol.asyncDispose]();
  }

  async #list(how: "0" | "1", lines: readonly string[]): Promise<Listing> {
    const reader = new ListingReader();
    await this.link.requestLines(
      (blocks) => `list ${how} ${blocks}`,
      () => lines,
      (answer) => answer.lines((line) => reader.take(line)),
    );
    return reader.result();
  }

  async #sum(paths: readonly string[], { startedAt }: Listing): Promise<void> {
    if (paths.length === 0) return;
    const { index } = this.options;
    await this.link.requestLines(
      (blocks) => `sum ${blocks}`,
      () => paths.map((path) => `./${path}`),
      (answer) =>
        answer.lines((line) => {
          const found = sumOfLine(line, this.handshake.program);
          if (found !== undefined) index.summed(found.path, found.sum, startedAt);
        }),
      paths.reduce((sum, path) => sum + (index.stat(path)?.size ?? 0), 0),
    );
  }

  /** Folders that are ignored as a whole needn't be walked again. */
  #prune(ignoring: Ignoring): void {
    const pruned: string[] = [];
    const { index } = this.options;
    for (const path of index.folders()) {
      if (pruned.length >= maxPruned) break;
      // Names that find would take for a pattern are walked.
      if (/[*?[\]\\]/.test(path) || pruned.some((one) => path.startsWith(`${one}/`))) continue;
      if (ignoring.ignores(path, "folder")) pruned.push(path);
    }
    this.#pruned = pruned;
  }

  #takeEvent(event: RemoteEvent): void {
    const { onEvent } = this.options;
    switch (event.kind) {
      case "watcher":
        this.#watcher = event.name;
        this.#watched.resolve();
        return onEvent({ kind: "watched", by: event.name });
      case "missed":
        return onEvent({ kind: "changedAnywhere" });
      case "changed":
        return onEvent(
          event.tree ? { kind: "changedAnywhere" } : { kind: "changed", path: event.path },
        );
    }
  }
}

/** Returns the snapshot in which files without a digest are unknown. */
function withoutUnsummed(snapshot: Snapshot): Snapshot {
  const entries = new Map(snapshot.entries);
  const unread = new Set(snapshot.unread);
  for (const [path, entry] of snapshot.entries) {
    if (entry.kind !== "file" || entry.digest !== "") continue;
    entries.delete(path);
    unread.add(path);
  }
  return { ...snapshot, entries, unread };
}

/* The hello of the loop in a pod: that it runs, or why it can't. */

/** The first message of the loop. */
interface Handshake {
  /** The checksum program. */
  program: string;
  /** Identifies this folder. */
  id: string;
  /** The mark that an earlier loop has left, and this loop's mark. */
  was: string;
  now: string;
  /** The stored agreement; empty if there is none. */
  agreement: string;
}

/** Returns whether a mark, of a loop and a number, is that of the same loop and not of an earlier time than another. */
function isMarkSince(mark: string, earlier: string): boolean {
  const [, loop, count] = /^(.+)-(\d+)$/.exec(mark) ?? [];
  const [, earlierLoop, earlierCount] = /^(.+)-(\d+)$/.exec(earlier) ?? [];
  return loop !== undefined && loop === earlierLoop && Number(count) >= Number(earlierCount);
}

/** Throws KodamaError for a pod without the programs it needs; SideLostError if the connection ends before. */
async function handshake(link: RemoteLink, root: string): Promise<Handshake> {
  let args: string[] = [];
  try {
    await link.request(() => Promise.resolve(), async (answer) => {
      args = await answer.message();
    });
  } catch (error) {
    if (!(error instanceof SideLostError)) throw error;
    const { refusal, complaints } = link;
    if (refusal !== undefined) throw refusalError(refusal, root);
    const reason = complaints === "" ? error.message : complaints;
    if (link.lacksShell) throw missingTool("sh");
    throw new SideLostError("remote", { reason, cause: error });
  }
  const [keyword, program, id = "", was = "", now = "", agreement = ""] = args;
  if (keyword !== "hello" || program === undefined || !/^[\w-]{36}$/.test(id)) {
    throw new SideLostError("remote", { reason: "the pod gave an answer that isn't kodama's" });
  }
  return { program, id, was, now, agreement };
}

function missingTool(tool: string): KodamaError {
  return new KodamaError("environment", `the image has no ${tool}, which a sync needs`, {
    hint: "a sync needs sh, tar, find and the usual small programs: busybox has all of them",
  });
}

function refusalError(refusal: ScriptRefusal, root: string): KodamaError {
  const refusals: Refusals<KodamaError> = {
    noTool: missingTool,
    noFolder: () =>
      new KodamaError(
        "notFound",
        `the folder ${root} does not exist in the pod, and it can't be created`,
      ),
    wholeContainer: () =>
      new KodamaError("usage", `refusing to sync the root of a container, which ${root} is`, {
        hint: "name a folder of a project",
      }),
    readOnly: () =>
      new KodamaError("forbidden", `the folder ${root} of the pod can't be written to`),
  };
  return explainRefusal(refusals, refusal) ??
    new KodamaError("conflict", "the pod refused: it gave no reason that is known");
}

/** Limits of a batch: a broken connection loses little, and the overhead per batch is small. */
const batch = { steps: 4000, bytes: 64 * 1024 * 1024 };

/** Carries out steps of the pod's side, and yields the result of each. */
async function* performSteps(
  context: BatchContext,
  steps: readonly SyncAction[],
  contents: Contents,
): AsyncGenerator<StepResult> {
  const fitting = steps.filter((action) => fitsLines(action));
  const passes = passesOf(fitting);
  const numbers = new Map(steps.map((action, at) => [action, at]));
  const numbered = (step: NumberedStep) => ({ ...step, at: numbers.get(step.action) ?? -1 });
  for (const [at, action] of steps.entries()) {
    if (!fitsLines(action)) yield { at, result: { kind: "changed" } };
  }
  const additions = (part: NumberedStep[]) => new RemoteBatch(context, part, contents).additions();
  const changes = (part: NumberedStep[]) => new RemoteBatch(context, part, contents).changes();
  for (const part of batches(passes.additions.map(numbered))) yield* asFits(part, additions);
  for (const part of batches(passes.changes.map(numbered))) yield* asFits(part, changes);
  for (const part of batches(passes.later.map(numbered))) yield* asFits(part, additions);
}

/** If a whole batch doesn't fit on the pod's disk, its halves may: one large file must not block the others. */
async function* asFits(
  part: NumberedStep[],
  carryOut: (part: NumberedStep[]) => AsyncIterable<StepResult>,
): AsyncGenerator<StepResult> {
  const results = await Array.fromAsync(carryOut(part));
  const isFull = results.every(({ result }) =>
    result.kind === "failed" && result.reason === "full"
  );
  if (!isFull || part.length < 2) return yield* results;
  const middle = Math.ceil(part.length / 2);
  yield* asFits(part.slice(0, middle), carryOut);
  yield* asFits(part.slice(middle), carryOut);
}

function* batches(steps: readonly NumberedStep[]): Generator<NumberedStep[]> {
  let [part, bytes]: [NumberedStep[], number] = [[], 0];
  for (const step of steps) {
    const { action } = step;
    const size = action.kind === "put" && action.entry.kind === "file" ? action.entry.size : 0;
    if (part.length >= batch.steps || (part.length > 0 && bytes + size > batch.bytes)) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(step);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

/* Contents of a pod's files: one archive for many, requested by name. */

/** A requested file with its index among all of them. */
interface NumberedFile {
  at: number;
  path: string;
}

/** The names of an archive are arguments of a single command. */
const atOnce = { files: 200, letters: 8 * 1024 };

/** Yields parts of the requested files, each small enough for an archive. */
function* readBatches(requested: readonly RequestedFile[]): Generator<NumberedFile[]> {
  let [part, letters]: [NumberedFile[], number] = [[], 0];
  for (const [at, { path }] of requested.entries()) {
    if (path.includes("\n")) continue;
    if (part.length >= atOnce.files || letters + path.length > atOnce.letters) {
      yield part;
      [part, letters] = [[], 0];
    }
    part.push({ at, path });
    letters += path.length;
  }
  if (part.length > 0) yield part;
}

/** An archive, requested on construction. Its contents are read once. */
class RemoteArchive {
  readonly #opened = Promise.withResolvers<LoopAnswer>();
  readonly #read = Promise.withResolvers<void>();
  readonly #requested: Promise<void>;
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(link: RemoteLink, requested: readonly NumberedFile[]) {
    this.#numbers = new Map(requested.map(({ at, path }) => [path, at]));
    this.#read.promise.catch(() => {});
    this.#opened.promise.catch(() => {});
    this.#requested = link.requestLines(
      (blocks) => `get ${blocks}`,
      () => requested.map(({ path }) => `./${path}`),
      async (answer) => {
        this.#opened.resolve(answer);
        await this.#read.promise;
      },
    );
    this.#requested.catch(this.#opened.reject);
  }

  /** Yields the contents in the order of the archive. Skips the remainder. */
  async *contents(): AsyncGenerator<Content> {
    const answer = await this.#opened.promise;
    const entries = new TarReader(answer.bytes, () => {}).entries();
    try {
      for (let next = await entries.next(); !next.done; next = await entries.next()) {
        const entry = next.value;
        const at = this.#numbers.get(new TextDecoder().decode(entry.path));
        // A path that isn't a plain file any more, or a file with holes, is reported by the next scan.
        if (at === undefined || entry.kind !== "file" || entry.sparse !== undefined) continue;
        yield { at, size: entry.size, body: entry.body };
      }
    } finally {
      await this.#finish(answer, entries);
    }
  }

  /** A consumer that stops early leaves the remainder to skip before the next answer. */
  async #finish(answer: LoopAnswer, entries: AsyncGenerator<unknown>): Promise<void> {
    try {
      while (!(await entries.next()).done);
      await answer.afterArchive();
      this.#read.resolve();
    } catch (error) {
      this.#read.reject(error);
    }
    await this.#requested;
  }
}
