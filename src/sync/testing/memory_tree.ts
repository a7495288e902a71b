/** A tree in memory; an edit or a fault can hit its every step; its digests are its contents. */
import {
  type Entry,
  executable,
  type FileEntry,
  parentOf,
  sameContent,
  type Side,
  type Snapshot,
} from "../core/model.ts";
import type { Expectation, SyncAction } from "../core/plan.ts";
import {
  type ActionFailure,
  type AgreeingTree,
  type ChangeResult,
  type Content,
  requestedBy,
  type RequestedFile,
  type StepResult,
} from "../core/tree.ts";

/** Called at each point where time passes; it may edit trees, throw, or make a write fail. */
export type StepHook = (place: "before" | { changed: string }) => ActionFailure | undefined;

/** Returns a file with this content. */
export function file(content: string, mode = 0o644, mtimeMs = 0): FileEntry {
  return { kind: "file", size: content.length, mtimeMs, mode, digest: content };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Entries by path; a folder precedes its content, which editing code must ensure. */
export class MemoryTree implements AgreeingTree {
  readonly entries = new Map<string, Entry>();
  /** Another root is another folder. */
  root: string;
  /** The stored agreement; "" if there is none. */
  agreement = "";
  /** The state that a connection has last left: another state was put in its place. */
  mark: object | undefined;
  private clock = 1;
  hook: StepHook = () => undefined;

  constructor(readonly side: Side) {
    this.root = side;
  }

  snapshot(): Snapshot {
    const { root, agreement, entries } = this;
    return { root, agreement, entries: new Map(entries), unread: new Set() };
  }

  /** Returns a function that puts the folder back to its current state. */
  copy(): () => void {
    const { root, agreement, mark } = this;
    const entries = [...this.entries];
    return () => {
      this.entries.clear();
      for (const [path, entry] of entries) this.entries.set(path, entry);
      [this.root, this.agreement, this.mark] = [root, agreement, mark];
    };
  }

  async agree(agreement: string): Promise<void> {
    await Promise.resolve();
    this.hook("before");
    this.agreement = agreement;
  }

  /** A user's edit: saves content, creating folders if nothing is in their way. */
  save(path: string, content: string, mode = 0o644): void {
    const parent = parentOf(path);
    if (parent !== "" && !this.entries.has(parent)) this.makeFolder(parent);
    const there = this.entries.get(path);
    if (
      there?.kind === "folder" || (parent !== "" && this.entries.get(parent)?.kind !== "folder")
    ) {
      return;
    }
    this.entries.set(path, file(content, mode, this.clock++));
  }

  makeFolder(path: string): void {
    const parent = parentOf(path);
    if (parent !== "" && !this.entries.has(parent)) this.makeFolder(parent);
    if (parent !== "" && this.entries.get(parent)?.kind !== "folder") return;
    if (!this.entries.has(path)) this.entries.set(path, { kind: "folder" });
  }

  /** Removes a path and all below; returns the contents of its files. */
  delete(path: string): string[] {
    const removed = [...this.entries].filter(([at]) => at === path || at.startsWith(`${path}/`));
    for (const [at] of removed) this.entries.delete(at);
    return removed.flatMap(([, entry]) => entry.kind === "file" ? [entry.digest] : []);
  }

  /** Renames a path with all below it, if nothing is there and its folder is. */
  move(path: string, to: string): void {
    const parent = parentOf(to);
    const room = parent === "" || this.entries.get(parent)?.kind === "folder";
    if (this.entries.has(to) || !room || to.startsWith(`${path}/`)) return;
    for (const [at, entry] of [...this.entries]) {
      if (at !== path && !at.startsWith(`${path}/`)) continue;
      this.entries.delete(at);
      this.entries.set(to + at.slice(path.length), entry);
    }
  }

  private isAsExpected({ path, entry }: Expectation): boolean {
    const there = this.entries.get(path);
    if (!sameContent(there, entry)) return false;
    return there?.kind !== "file" || entry?.kind !== "file" ||
      executable(there) === executable(entry);
  }

  async *read(requested: readonly RequestedFile[]): AsyncGenerator<Content> {
    for (const [at, { path }] of requested.entries()) {
      this.hook("before");
      const entry = this.entries.get(path);
      if (entry?.kind !== "file") continue;
      yield await Promise.resolve({ at, size: entry.size, body: this.body(path) });
    }
  }

  private async *body(path: string): AsyncGenerator<Uint8Array> {
    // Two halves, each read at its own time: an edit in between is seen as a torn content.
    for (const half of [0, 1]) {
      this.hook("before");
      const entry = this.entries.get(path);
      const content = entry?.kind === "file" ? entry.digest : "";
      const middle = Math.ceil(content.length / 2);
      yield await Promise.resolve(
        encoder.encode(half === 0 ? content.slice(0, middle) : content.slice(middle)),
      );
    }
  }

  async *perform(
    steps: readonly SyncAction[],
    contents: (requested: readonly RequestedFile[]) => AsyncIterable<Content>,
  ): AsyncGenerator<StepResult> {
    const staged = new Map<number, string | ActionFailure>();
    const requested = steps.flatMap((action, at) => requestedBy(action, at));
    for await (const { at, body } of contents(requested)) {
      const step = requested[at]?.step;
      if (step !== undefined) staged.set(step, await this.stage(body));
    }
    for (const [at, action] of steps.entries()) {
      const own = action.kind === "put" && action.from.side === this.side;
      const content = own ? this.ownCopy(action.from.path) : staged.get(at);
      yield { at, result: this.carryOut(action, content) };
    }
  }

  private async stage(body: AsyncIterable<Uint8Array>): Promise<string | ActionFailure> {
    let text = "";
    let failure: ActionFailure | undefined;
    for await (const piece of body) {
      failure ??= this.hook("before");
      text += decoder.decode(piece, { stream: true });
    }
    return failure ?? text;
  }

  private ownCopy(path: string): string | ActionFailure | undefined {
    const failure = this.hook("before");
    const entry = this.entries.get(path);
    return failure ?? (entry?.kind === "file" ? entry.digest : undefined);
  }

  private carryOut(action: SyncAction, content: string | ActionFailure | undefined): ChangeResult {
    const failure = this.hook("before");
    if (failure !== undefined) return failure;
    if (typeof content === "object") return content;
    const entry = action.kind === "put" ? action.entry : undefined;
    if (entry?.kind === "file" && content !== entry.digest) return { kind: "changed" };
    if (!action.requires.every((expected) => this.isAsExpected(expected))) {
      return { kind: "changed" };
    }
    const result = this.changed(action);
    if (result.kind === "done") this.hook({ changed: action.path });
    return result;
  }

  private changed(action: SyncAction): ChangeResult {
    const { path } = action;
    const parent = parentOf(path);
    const there = this.entries.get(path);
    if (parent !== "" && this.entries.get(parent)?.kind !== "folder") {
      return { kind: "failed", reason: "missing", message: "no folder" };
    }
    switch (action.kind) {
      case "put":
        return this.placed(
          path,
          action.entry.kind === "symlink"
            ? action.entry
            : file(action.entry.digest, action.entry.mode, this.clock++),
        );
      case "makeFolder":
        return this.placed(path, { kind: "folder" });
      case "setMode":
        if (there?.kind !== "file") return { kind: "changed" };
        return this.placed(path, { ...there, mode: action.entry.mode });
      case "removeFolder":
        if ([...this.entries.keys()].some((at) => at.startsWith(`${path}/`))) {
          return { kind: "failed", reason: "notEmpty", message: "not empty" };
        }
        return this.removed(path);
      case "remove":
        return this.removed(path);
    }
  }

  private placed(path: string, entry: Entry): ChangeResult {
    this.entries.set(path, entry);
    return { kind: "done", entry };
  }

  private removed(path: string): ChangeResult {
    this.entries.delete(path);
    return { kind: "done", entry: undefined };
  }
}
