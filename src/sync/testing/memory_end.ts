/** An end in memory, whose events a test emits, and the files that an engine stores between runs. */
import type { Endpoint, Inspection, RemoteEndpoint } from "../core/endpoint.ts";
import type { AncestorFiles } from "../engine/ancestor_store.ts";
import { type Ignoring, ignoringOf } from "../core/ignore_rules.ts";
import type { Entry, Side, Snapshot } from "../core/model.ts";
import type { SyncAction } from "../core/plan.ts";
import type { Content, RequestedFile, StepResult } from "../core/tree.ts";
import type { MemoryTree } from "./memory_tree.ts";

/** Ignores nothing. */
export const ignoresNothing: Ignoring = ignoringOf(() => []);

/** An end over a tree in memory. */
export class MemoryEnd implements Endpoint, RemoteEndpoint {
  readonly lost = new Promise<Error>(() => {});

  constructor(readonly tree: MemoryTree) {}

  get side(): Side {
    return this.tree.side;
  }

  scan(): Promise<Snapshot> {
    this.tree.hook("before");
    return Promise.resolve(this.tree.snapshot());
  }

  inspect(paths: readonly string[]): Promise<Inspection> {
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
    return Promise.resolve({ entries, whole, needsScan: false });
  }

  read(requested: readonly RequestedFile[]): AsyncIterable<Content> {
    return this.tree.read(requested);
  }

  perform(
    steps: readonly SyncAction[],
    contents: (requested: readonly RequestedFile[]) => AsyncIterable<Content>,
  ): AsyncIterable<StepResult> {
    return this.tree.perform(steps, contents);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** The ancestor's files. `tear` loses the tail of the last write. */
export class MemoryFiles implements AncestorFiles {
  #base: string | undefined;
  #journal = "";

  readBase(): Promise<string | undefined> {
    return Promise.resolve(this.#base);
  }

  readJournal(): Promise<string> {
    return Promise.resolve(this.#journal);
  }

  replaceBase(text: string): Promise<void> {
    this.#base = text;
    this.#journal = "";
    return Promise.resolve();
  }

  append(line: string): Promise<void> {
    this.#journal += line;
    return Promise.resolve();
  }
}
