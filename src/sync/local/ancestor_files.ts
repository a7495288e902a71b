/** The ancestor's two files. */
import { removeFile } from "../../files/own_files.ts";
import type { AncestorFiles } from "../engine/ancestor_store.ts";
import { fileError, ifPresent } from "../../files/errors.ts";

/** Files of a synchronisation, whose lock this process holds. Dispose of it to close the journal. */
export class LocalAncestorFiles implements AncestorFiles, Disposable {
  #journal: Deno.FsFile | undefined;

  constructor(private readonly paths: { base: string; journal: string }) {}

  readBase(): Promise<string | undefined> {
    return ifPresent(() => Deno.readTextFile(this.paths.base));
  }

  async readJournal(): Promise<string> {
    return await ifPresent(() => Deno.readTextFile(this.paths.journal)) ?? "";
  }

  async replaceBase(text: string): Promise<void> {
    await this.#stored(() => this.#replaceBase(text));
  }

  async append(line: string, durable: boolean): Promise<void> {
    await this.#stored(() => this.#append(line, durable));
  }

  /** Waits for a full disk, as for a full disk in the pod. */
  async #stored(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw fileError("cannot keep what both sides agreed on", error);
    }
  }

  async #replaceBase(text: string): Promise<void> {
    const temporary = `${this.paths.base}.new`;
    {
      using file = await Deno.open(temporary, {
        write: true,
        create: true,
        truncate: true,
        mode: 0o600,
      });
      await writeAll(file, new TextEncoder().encode(text));
      await file.syncData();
    }
    await Deno.rename(temporary, this.paths.base);
    this[Symbol.dispose]();
    await Deno.writeTextFile(this.paths.journal, "", { mode: 0o600 });
  }

  async #append(line: string, durable: boolean): Promise<void> {
    this.#journal ??= await Deno.open(this.paths.journal, {
      append: true,
      create: true,
      mode: 0o600,
    });
    await writeAll(this.#journal, new TextEncoder().encode(line));
    if (durable) await this.#journal.syncData();
  }

  [Symbol.dispose](): void {
    this.#journal?.close();
    this.#journal = undefined;
  }
}

/** Deletes the ancestor, which is about other folders than the current folders. */
export async function forgetAgreed({ base, journal }: { base: string; journal: string }) {
  for (const path of [base, journal]) {
    await removeFile(path);
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
