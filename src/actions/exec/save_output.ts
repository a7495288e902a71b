/** Saves every byte of each target's output in separate files during the run. */
import { hint, option } from "../../base/hint.ts";
import { KodamaError } from "../../base/errors.ts";
import { inParallel } from "../../base/semaphore.ts";
import { outputFileName } from "../../exec/target_names.ts";
import type { OutputFolder } from "./events.ts";
import type { Host, NewFile } from "../host.ts";

type Stream = "stdout" | "stderr";
const streams: readonly Stream[] = ["stdout", "stderr"];

/** Files that are inspected at the same time. */
const inspectedAtOnce = 64;

/**
 * The files of a run's outputs: `NAME.stdout` and `NAME.stderr`, for every target that starts. A write resolves
 * when the system has accepted the bytes, and rejects with the file's name if it can't (a full disk).
 */
export class OutputFiles implements AsyncDisposable {
  readonly #host: Host;
  readonly #folder: string;
  readonly #replace: boolean;
  readonly #open = new Map<number, Readonly<Record<Stream, NewFile>>>();

  constructor(host: Host, { path, replace }: OutputFolder) {
    this.#host = host;
    this.#folder = path.startsWith("/") ? path : `${host.places.workingDir}/${path}`;
    this.#replace = replace;
  }

  /** @throws KodamaError `conflict` if a file of one of these targets exists. */
  async check(names: readonly string[]): Promise<void> {
    if (this.#replace) return;
    const paths = names.flatMap((name) => streams.map((stream) => this.#path(name, stream)));
    const inspecting = paths.map((path) => () => this.#host.files.inspect(path));
    const found = await inParallel(inspecting, inspectedAtOnce);
    const first = paths.find((_, index) => found[index] !== undefined);
    if (first === undefined) return;
    throw new KodamaError("conflict", `${first} already exists`, {
      hint: hint`use ${option("force")} to overwrite it, or choose another directory`,
    });
  }

  /** Creates the files of a target. */
  async begin(target: number, name: string): Promise<void> {
    const options = { private: false, replace: this.#replace };
    const create = (stream: Stream) => this.#host.files.create(this.#path(name, stream), options);
    const stdout = await create("stdout");
    try {
      this.#open.set(target, { stdout, stderr: await create("stderr") });
    } catch (error) {
      await stdout[Symbol.asyncDispose]();
      throw error;
    }
  }

  async write(target: number, stream: Stream, bytes: Uint8Array): Promise<void> {
    await this.#open.get(target)?.[stream].write(bytes);
  }

  async end(target: number): Promise<void> {
    const files = this.#open.get(target);
    this.#open.delete(target);
    for (const stream of streams) await files?.[stream][Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const target of [...this.#open.keys()]) await this.end(target);
  }

  #path(name: string, stream: Stream): string {
    return `${this.#folder}/${outputFileName(name)}.${stream}`;
  }
}
