/** Chosen pods as files for `--from`: they say which pods, over contexts and namespaces, without flags for each. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import process from "node:process";
import type * as vscode from "vscode";
import type { PodLine } from "./pick_pods.ts";

/** A file with chosen pods. */
export interface SelectionFile extends AsyncDisposable {
  path: string;
}

/** Writes selections into a folder of the extension's own. */
export class Selections implements vscode.Disposable {
  readonly #open = new Map<vscode.Terminal, SelectionFile>();
  readonly #closing: vscode.Disposable;
  #count = 0;

  constructor(
    private readonly folder: string,
    onDidCloseTerminal: vscode.Event<vscode.Terminal>,
  ) {
    this.#closing = onDidCloseTerminal((terminal) => {
      void this.#open.get(terminal)?.[Symbol.asyncDispose]();
      this.#open.delete(terminal);
    });
  }

  /** Writes a file that is removed when it is disposed of. */
  async write(pods: readonly PodLine[]): Promise<SelectionFile> {
    await mkdir(this.folder, { recursive: true });
    const path = `${this.folder}/pods-${process.pid}-${++this.#count}.jsonl`;
    await writeFile(path, pods.map((line) => `${JSON.stringify(line)}\n`).join(""), {
      mode: 0o600,
    });
    return { path, [Symbol.asyncDispose]: () => rm(path, { force: true }) };
  }

  /** Removes a file when its terminal is closed. */
  removeWith(terminal: vscode.Terminal, file: SelectionFile): void {
    this.#open.set(terminal, file);
  }

  dispose(): void {
    this.#closing.dispose();
    for (const file of this.#open.values()) void file[Symbol.asyncDispose]();
  }
}
