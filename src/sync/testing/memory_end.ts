/** An end in memory, whose events a test emits, and the files that an engine stores between runs. */
import type { Endpoint, Inspection, RemoteEndpoint } from "../core/endpoint.ts";
import type { AncestorFiles } from "../engine/ancestor_store.ts";
import { type Ignoring, ignoringOf } from "../core/ignore_rules.ts";
import type { Entry, Side, Snapshot } from "../core/model.ts";
import type { SyncAction } from "../core/plan.ts";
import { type Content, type RequestedFile, SideLostError, type StepResult } from "../core/tree.ts";
import type { MemoryTree } from "./memory_tree.ts";

/** Ignores nothing. */
export const ignoresNothing: Ignoring = ignoringOf(() => []);

/** An end over a tree in memory. It is lost when the tree is put back to an earlier state, as the loop in a pod is. */
export class MemoryEnd implements Endpoint, RemoteEndpoint {
  readonly lost = new Promise<Error>(() => {});
  #mark: object | undefined;
  #agreement: string;
  /** A pod answers in order: later requests wait for this. */
  #agreeing: Promise<void> = Promise.resolve();

  readonly continues: boolean;

  /** @param before the previous connection of the process. */
  constructor(readonly tree: MemoryTree, before?: MemoryEnd) {
    this.continues = before !== undefined && before.#mark === tree.mark;
    this.#agreement = tree.agreement;
    this.#setMark();
  }

  get side(): Side {
    return this.tree.side;
  }

  get agreement(): string {
    return this.#agreement;
  }

  /** The state that the last request has left. */
  get mark(): object | undefined {
    return this.#mark;
  }

  #setMark(): void {
    this.#mark = this.tree.mark = {};
  }

  async #begin(): Promise<void> {
    await this.#agreeing;
    this.#requireMark();
  }

  #requireMark(): void {
    if (this.tree.mark !== this.#mark) throw new SideLostError(this.side);
  }

  async scan(): Promise<Snapshot> {
    await this.#begin();
    this.#setMark();
    this.tree.hook("before");
    const { agreement: _, ...snapshot } = this.tree.snapshot();
    this.#requireMark();
    return snapshot;
  }

  async inspect(paths: readonly string[]): Promise<Inspection> {
    await this.#begin();
    this.#setMark();
    this.tree.hook("before");
    const entries = new Map<string, Entry | undefined>();
    const whole: string[] = [];
    for (const path of paths) {
      const entry = this.tree.entries.get(path);
      entries.set(path, entry);
      if (entry?.kind !== "folder") continue;
      whole.push(path);
      for (const [at, below] of this.tree.entries) {
        if (at.startsWith(`${path}/`)) entries.set(at, below);
      }
    }
    this.#requireMark();
    return { entries, whole, needsScan: false };
  }

  async *read(requested: readonly RequestedFile[]): AsyncGenerator<Content> {
    await this.#begin();
    yield* this.tree.read(requested);
    this.#requireMark();
  }

  async *perform(
    steps: readonly SyncAction[],
    contents: (requested: readonly RequestedFile[]) => AsyncIterable<Content>,
  ): AsyncGenerator<StepResult> {
    await this.#begin();
    this.#setMark();
    for await (const result of this.tree.perform(steps, contents)) {
      this.#requireMark();
      this.#setMark();
      yield result;
    }
    this.#requireMark();
    this.#setMark();
  }

  agree(agreement: string): Promise<void> {
    this.#agreeing = this.#agree(agreement, this.#agreeing);
    return this.#agreeing;
  }

  async #agree(agreement: string, earlier: Promise<void>): Promise<void> {
    await earlier;
    this.tree.hook("before");
    // A folder isn't replaced between two system calls of the loop.
    this.#requireMark();
    this.#setMark();
    this.tree.agreement = agreement;
    this.tree.hook("before");
    this.#requireMark();
    this.#agreement = agreement;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** The ancestor's files. A test may end the process before or after each write, and restore earlier files. */
export class MemoryFiles implements AncestorFiles {
  #base: string | undefined;
  #journal = "";
  /** Called before and after each write. */
  hook: () => void = () => {};

  /** Returns a function that puts the files back to their current state. */
  copy(): () => void {
    const [base, journal] = [this.#base, this.#journal];
    return () => [this.#base, this.#journal] = [base, journal];
  }

  readBase(): Promise<string | undefined> {
    return Promise.resolve(this.#base);
  }

  readJournal(): Promise<string> {
    return Promise.resolve(this.#journal);
  }

  async replaceBase(text: string): Promise<void> {
    await Promise.resolve();
    this.hook();
    this.#base = text;
    this.hook();
    this.#journal = "";
    this.hook();
  }

  async append(line: string): Promise<void> {
    await Promise.resolve();
    this.hook();
    this.#journal += line;
    this.hook();
  }
}
