/** The pod's end of a synchronisation: a folder there, over one exec. */
import { onAbort, passed } from "../../base/abort.ts";
import type { Clock } from "../../base/clock.ts";
import type { NativeChecksums } from "../../copy/checksum.ts";
import type { ExecChannel } from "../../kube/client.ts";
import type { EndNews, Ignoring, Looked, RemoteEnd } from "../core/endpoint.ts";
import type { Entry, Snapshot } from "../core/model.ts";
import type { Action } from "../core/plan.ts";
import type { Content, StepResult, Wanted } from "../core/tree.ts";
import { type Digests, digestsOf, sumOfLine } from "./digests.ts";
import { greeted, type Hello } from "./handshake.ts";
import type { FarKnowledge } from "./remote_index.ts";
import { FarArchive, type NumberedFile, readBatches } from "./archive.ts";
import { FarLink } from "./link.ts";
import { farLoopCommand } from "./loop.ts";
import type { FarNews } from "./notifications.ts";
import { performFar } from "./perform.ts";
import { type FarListing, kindOf, ListingReader } from "./listing.ts";

/** Options of an end in a pod. */
export interface FarEndOptions {
  /** Runs the command in the pod, with standard input. Throws KodamaError if that isn't possible. */
  open: (command: readonly string[], signal: AbortSignal) => Promise<ExecChannel>;
  /** The folder in the pod; relative to the container's working directory. */
  root: string;
  /** Distinguishes this synchronisation from others of the same folder. */
  key: string;
  /** State that outlives connections. */
  knowledge: FarKnowledge;
  native: NativeChecksums;
  clock: Clock;
  told: (news: EndNews) => void;
}

/** Folders omitted from walks, at most: their names are arguments of a command. */
const mostPruned = 200;

/** The longest wait for a watcher to be ready. */
const watchedMs = 15_000;

/** An open end. Dispose of it to end the loop in the pod. */
export class FarEnd implements RemoteEnd {
  #pruned: readonly string[] = [];
  #watcher: string | undefined;
  /** Resolved when a watcher is there, or there won't be any. */
  #watched = Promise.withResolvers<void>();
  /** The folders that the watcher was given. */
  #watchedFolders = "";
  #aborting: Disposable | undefined;

  private constructor(
    private readonly link: FarLink,
    private readonly hello: Hello,
    /** How contents are compared on both ends. */
    readonly digests: Digests,
    private readonly options: FarEndOptions,
  ) {}

  /**
   * Starts the loop in the pod.
   *
   * @throws KodamaError for a pod without the programs it needs; SideLostError if the connection ends before.
   */
  static async open(options: FarEndOptions, signal: AbortSignal): Promise<FarEnd> {
    const mark = `kodama-${crypto.randomUUID()} `;
    const fresh = crypto.randomUUID();
    const command = farLoopCommand({ mark, root: options.root, key: options.key, fresh });
    const channel = await options.open(command, signal);
    let told: (news: FarNews) => void = () => {};
    const link = new FarLink(channel, { mark, clock: options.clock, told: (news) => told(news) });
    try {
      const hello = await greeted(link, options.root);
      const end = new FarEnd(link, hello, await digestsOf(hello.program, options.native), options);
      told = (news) => end.#hear(news);
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

  /** How changes are detected in the pod; `none` if it has to be polled. Undefined before it is known. */
  get watcher(): string | undefined {
    return this.#watcher;
  }

  async scan(ignoring: Ignoring, _signal: AbortSignal): Promise<Snapshot> {
    const { knowledge } = this.options;
    const listing = await this.#list("1", this.#pruned.map((path) => `./${path}`));
    knowledge.replace(listing);
    const seen = () => ignoring.without(knowledge.snapshot(this.hello.id, listing));
    const wanted = seen();
    this.#prune(ignoring);
    await this.#sum(
      [...wanted.entries.keys()].filter((path) => knowledge.lacksDigest(path)),
      listing,
    );
    return withoutUnsummed(seen());
  }

  async look(paths: readonly string[], ignoring: Ignoring, _signal: AbortSignal): Promise<Looked> {
    const { knowledge } = this.options;
    const asked = paths.filter((path) => !path.includes("\n"));
    const listing = await this.#list("0", asked.map((path) => `./${path}`));
    const newFolder = asked.some((path) => {
      const stat = listing.stats.get(path);
      return stat !== undefined && kindOf(stat) === "folder" && knowledge.stat(path) === undefined;
    });
    knowledge.update(asked, listing);
    const kept = asked.filter((path) => {
      const stat = listing.stats.get(path);
      const kind = stat !== undefined && kindOf(stat) === "folder" ? "folder" : "other";
      return !ignoring.ignores(path, kind);
    });
    await this.#sum(kept.filter((path) => knowledge.lacksDigest(path)), listing);
    const entries = new Map<string, Entry | undefined>(
      kept.map((path) => [path, knowledge.entry(path)]),
    );
    return { entries, whole: [], needsScan: newFolder || listing.unread.size > 0 };
  }

  /**
   * Starts to report changes. If nothing in the image can, {@link FarEnd.changed} has to be polled.
   *
   * @param by a watcher by name, for tests of each.
   */
  async watch(by = ""): Promise<void> {
    const pruned = this.#pruned.map((path) => `./${path}`);
    this.#watched = Promise.withResolvers();
    await this.link.askLines(
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

  /** busybox's watcher sees only the folders that existed when it started; the others find new ones. */
  #foldersToWatch(): string {
    const folders = this.#watcher === "inotifyd"
      ? [...this.options.knowledge.folders()].sort()
      : [];
    return [...this.#pruned, "", ...folders].join("\n");
  }

  /** Returns paths that may have changed since the checkpoint before last; `turn` makes now the last checkpoint. */
  async changed(turn: boolean): Promise<string[]> {
    const paths: string[] = [];
    await this.link.askLines(
      () => `changed ${turn ? 1 : 0}`,
      () => [],
      (answer) =>
        answer.lines((line) => {
          if (line.startsWith("./")) paths.push(line.slice(2));
        }),
    );
    return paths;
  }

  async *read(wanted: readonly Wanted[]): AsyncGenerator<Content> {
    const batches = [...readBatches(wanted)];
    let next = this.#ask(batches[0] ?? []);
    for (const at of batches.keys()) {
      const archive = next;
      const following = batches[at + 1];
      // Requested while this one is read, so that there is no round trip between two.
      if (following !== undefined) next = this.#ask(following);
      yield* archive.contents();
    }
  }

  #ask(wanted: readonly NumberedFile[]): FarArchive {
    return new FarArchive(this.link, wanted);
  }

  async *perform(
    steps: readonly Action[],
    contents: (wanted: readonly Wanted[]) => AsyncIterable<Content>,
  ): AsyncGenerator<StepResult> {
    const { link, digests, hello: { program }, options: { knowledge } } = this;
    yield* performFar({ link, knowledge, digests, program }, steps, contents);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#aborting?.[Symbol.dispose]();
    await this.link[Symbol.asyncDispose]();
  }

  async #list(how: "0" | "1", lines: readonly string[]): Promise<FarListing> {
    const reader = new ListingReader();
    await this.link.askLines(
      (blocks) => `list ${how} ${blocks}`,
      () => lines,
      (answer) => answer.lines((line) => reader.take(line)),
    );
    return reader.result();
  }

  async #sum(paths: readonly string[], { begun }: FarListing): Promise<void> {
    if (paths.length === 0) return;
    const { knowledge } = this.options;
    await this.link.askLines(
      (blocks) => `sum ${blocks}`,
      () => paths.map((path) => `./${path}`),
      (answer) =>
        answer.lines((line) => {
          const found = sumOfLine(line, this.hello.program);
          if (found !== undefined) knowledge.summed(found.path, found.sum, begun);
        }),
      paths.reduce((sum, path) => sum + (knowledge.stat(path)?.size ?? 0), 0),
    );
  }

  /** Folders that are ignored as a whole needn't be walked again. */
  #prune(ignoring: Ignoring): void {
    const pruned: string[] = [];
    const { knowledge } = this.options;
    const inPruned = (path: string) => pruned.some((one) => path.startsWith(`${one}/`));
    for (const path of knowledge.folders()) {
      if (pruned.length >= mostPruned) break;
      // Names that find would take for a pattern are walked.
      if (/[*?[\]\\]/.test(path) || inPruned(path)) continue;
      if (ignoring.ignores(path, "folder")) pruned.push(path);
    }
    this.#pruned = pruned;
  }

  #hear(news: FarNews): void {
    const { told } = this.options;
    switch (news.kind) {
      case "watcher":
        this.#watcher = news.name;
        this.#watched.resolve();
        return told({ kind: "watched", by: news.name });
      case "missed":
        return told({ kind: "changedAnywhere" });
      case "changed":
        return told(
          news.tree ? { kind: "changedAnywhere" } : { kind: "changed", path: news.path },
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
