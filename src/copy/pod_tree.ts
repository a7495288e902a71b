/** A folder of a pod, read as an archive, and then compared with the pod's checksums. */
import { ByteReader } from "./byte_reader.ts";
import { summed } from "./bodies.ts";
import { escapedName, type TreeEntry, WholeBody } from "./entry.ts";
import { copyFailed, type OpenCopyScript } from "./pod_script.ts";
import type { RunningScript } from "../podscript/running_script.ts";
import { CopyManifest, type SentFile, someNames, SumLines } from "./manifest.ts";
import type { NamedChecksum, SourceResult, TreeSource } from "./source.ts";
import { TarError } from "./tar_header.ts";
import { type OmittedEntry, TarReader } from "./tar_reader.ts";

/** Options known before the folder is read. */
export interface PodTreeOptions {
  open: OpenCopyScript;
  path: string;
  key: string;
  maker: NamedChecksum | undefined;
}

/** Files checked again in one exec: their names are its arguments. */
const checkedAtOnce = 200;
/** More changed files than this aren't just logs that grow while they are read. */
const maxChanged = 2000;
const omittedShown = 5;

/** Used once. */
export class PodTree implements TreeSource {
  readonly kind = "tree";
  readonly bytes = undefined;
  readonly key: string;
  readonly checksum: NamedChecksum | undefined;
  readonly #manifest = new CopyManifest();
  readonly #omitted: OmittedEntry[] = [];
  #left = 0;
  #bytes: ByteReader | undefined;

  constructor(private readonly script: RunningScript, private readonly options: PodTreeOptions) {
    this.key = options.key;
    this.checksum = options.maker;
  }

  async *entries(): AsyncGenerator<TreeEntry, void> {
    await this.script.write("archive\n");
    this.#bytes = new ByteReader(this.script.data());
    try {
      for await (
        const entry of new TarReader(this.#bytes, (one) => this.#omit(one)).entries()
      ) {
        yield entry.kind === "file" ? this.#summed(entry) : entry;
      }
    } catch (error) {
      throw await this.#explained(error);
    }
  }

  /** A truncated archive isn't reported if the connection broke or tar gave the reason. */
  async #explained(error: unknown): Promise<unknown> {
    if (!(error instanceof TarError)) return error;
    await this.script.done();
    return copyFailed(this.script.complaints.at(-1) ?? error.message);
  }

  #omit(one: OmittedEntry): void {
    this.#left += 1;
    if (this.#omitted.length < omittedShown) this.#omitted.push(one);
  }

  #summed(entry: Extract<TreeEntry, { kind: "file" }>): TreeEntry {
    const checksum = this.options.maker?.make();
    const body = this.#explainedBody(entry.body);
    if (checksum === undefined) return { ...entry, body };
    const { path, size } = entry;
    const note = () => this.#manifest.add(checksum.result(), { path, size });
    return { ...entry, body: summed({ ...entry, body }, checksum, note) };
  }

  /** Returns the same data; a premature end is reported with the pod's reason. */
  #explainedBody(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    return body instanceof WholeBody ? body : this.#explaining(body);
  }

  async *#explaining(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    try {
      yield* body;
    } catch (error) {
      throw await this.#explained(error);
    }
  }

  async finish(): Promise<SourceResult> {
    const lines = new SumLines((sum) => this.#manifest.tick(sum));
    const rest = this.#bytes;
    let inPadding = true;
    for (
      let piece = await rest?.upTo(65_536);
      piece !== undefined;
      piece = await rest?.upTo(65_536)
    ) {
      const start = inPadding ? piece.findIndex((byte) => byte !== 0) : 0;
      if (start < 0) continue;
      inPadding = false;
      lines.push(piece.subarray(start));
    }
    const [code] = await this.script.expect("end");
    await this.script.done();
    const changed = this.options.maker === undefined ? [] : await this.#changed();
    return {
      notes: [...this.#notes(), ...changed],
      failure: code === "0" || changed.length > 0 && code === "1"
        ? undefined
        : this.#complaint(code ?? ""),
    };
  }

  #complaint(code: string): string | undefined {
    // GNU's exit code 1 means that files changed while they were read: they are checked again.
    if (code === "1" && this.options.maker !== undefined) return undefined;
    return this.script.complaints.slice(-3).join("; ") || `tar ended with exit code ${code}`;
  }

  #notes(): string[] {
    const shown = this.#omitted.map(({ path, what }) => `left out ${escapedName(path)}: ${what}`);
    const more = this.#left - shown.length;
    return more > 0 ? [...shown, `and ${more} more are left out`] : shown;
  }

  /** Checks differing files again: a log that grew has the same beginning. Throws if something else is wrong. */
  async #changed(): Promise<string[]> {
    const { missing } = this.#manifest;
    if (missing.length === 0) return [];
    const files = missing.map(({ file }) => file);
    if (missing.length > maxChanged) throw this.#differ(files);
    const grown = new CopyManifest();
    for (const { sum, file } of missing) grown.add(sum, file);
    for (let at = 0; at < files.length; at += checkedAtOnce) {
      await this.#checkAgain(files.slice(at, at + checkedAtOnce), (sum) => grown.tick(sum));
    }
    const other = grown.missing.map(({ file }) => file);
    if (other.length > 0) throw this.#differ(other);
    return [`copied as long as they were when they were read, and they grew: ${someNames(files)}`];
  }

  async #checkAgain(files: readonly SentFile[], tick: (sum: string) => void): Promise<void> {
    const { open, path, maker } = this.options;
    const named = files.flatMap(({ path, size }) => [new TextDecoder().decode(path), String(size)]);
    await using script = await open("sumBeginnings", [maker?.name ?? "", path, ...named]);
    const lines = new SumLines(tick);
    for await (const bytes of script.data()) lines.push(bytes);
    await script.done();
  }

  #differ(files: readonly SentFile[]): Error {
    return copyFailed(`changed in the pod while they were copied: ${someNames(files)}`);
  }
}
