/** Contents of a pod's files: one archive for many, requested by name. */
import { TarReader } from "../../copy/tar_reader.ts";
import type { Content, Wanted } from "../core/tree.ts";
import type { Answer } from "./answer.ts";
import type { FarLink } from "./link.ts";

/** A requested file with its index among all of them. */
export interface NumberedFile {
  at: number;
  path: string;
}

/** The names of one archive are arguments of one command. */
const atOnce = { files: 200, letters: 8 * 1024 };

/** Yields parts of the requested files, each small enough for one archive. */
export function* readBatches(wanted: readonly Wanted[]): Generator<NumberedFile[]> {
  let [part, letters]: [NumberedFile[], number] = [[], 0];
  for (const [at, { path }] of wanted.entries()) {
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

/** One archive, requested on construction. Its contents are read once. */
export class FarArchive {
  readonly #opened = Promise.withResolvers<Answer>();
  readonly #read = Promise.withResolvers<void>();
  readonly #asked: Promise<void>;
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(link: FarLink, wanted: readonly NumberedFile[]) {
    this.#numbers = new Map(wanted.map(({ at, path }) => [path, at]));
    this.#read.promise.catch(() => {});
    this.#opened.promise.catch(() => {});
    this.#asked = link.askLines(
      (blocks) => `get ${blocks}`,
      () => wanted.map(({ path }) => `./${path}`),
      async (answer) => {
        this.#opened.resolve(answer);
        await this.#read.promise;
      },
    );
    this.#asked.catch(this.#opened.reject);
  }

  /** Yields the contents in the order of the archive. Skips the remainder. */
  async *contents(): AsyncGenerator<Content> {
    const answer = await this.#opened.promise;
    const entries = new TarReader(answer.bytes, () => {}).entries();
    try {
      for (let next = await entries.next(); !next.done; next = await entries.next()) {
        const entry = next.value;
        const at = this.#numbers.get(new TextDecoder().decode(entry.path));
        // A path that isn't a plain file any more, or is one with holes, is reported by the next scan.
        if (at === undefined || entry.kind !== "file" || entry.sparse !== undefined) continue;
        yield { at, size: entry.size, body: entry.body };
      }
    } finally {
      await this.#finish(answer, entries);
    }
  }

  /** A consumer that stops early leaves the remainder to skip before the next answer. */
  async #finish(answer: Answer, entries: AsyncGenerator<unknown>): Promise<void> {
    try {
      while (!(await entries.next()).done);
      await answer.afterArchive();
      this.#read.resolve();
    } catch (error) {
      this.#read.reject(error);
    }
    await this.#asked;
  }
}
