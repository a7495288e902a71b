/** Saves a stream of lines to a file while it is shown elsewhere. */
import { absolutePath } from "../../base/absolute_path.ts";
import { KodamaError } from "../../base/errors.ts";
import type { Host, NewFile } from "../host.ts";

/** A file that lines are appended to, until {@link end} or the first error. */
export class StreamFile {
  readonly #encoder = new TextEncoder();
  #file: NewFile | undefined;
  #lines = 0;
  #error: KodamaError | undefined;

  private constructor(readonly path: string, file: NewFile) {
    this.#file = file;
  }

  /**
   * Creates the file, readable by its owner only: objects may contain secrets.
   *
   * @param name relative to the working directory.
   * @throws KodamaError `conflict` if it exists.
   */
  static async create(host: Host, name: string): Promise<StreamFile> {
    const path = absolutePath(name, host.places.workingDir);
    return new StreamFile(path, await host.files.create(path, { private: true, replace: false }));
  }

  /** The number of lines that the system has accepted. */
  get lines(): number {
    return this.#lines;
  }

  /**
   * Appends lines; resolves when the system has accepted them. Returns the error that ended the saving, such as that of
   * a full disk, once: later lines are dropped.
   */
  async write(text: string, lines: number): Promise<KodamaError | undefined> {
    if (this.#file === undefined) return undefined;
    try {
      await this.#file.write(this.#encoder.encode(text));
      this.#lines += lines;
      return undefined;
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      this.#error = error;
      await this.end();
      return error;
    }
  }

  /** Closes the file. Returns the error that ended the saving before; undefined if there was none. */
  async end(): Promise<KodamaError | undefined> {
    const file = this.#file;
    this.#file = undefined;
    await file?.[Symbol.asyncDispose]();
    return this.#error;
  }
}
