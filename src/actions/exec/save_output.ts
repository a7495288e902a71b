/** Saves every byte of each target's output in separate files during the run. */
import { hint, option } from "../../base/hint.ts";
import type { DraftFile } from "../../base/draft_file.ts";
import { KodamaError } from "../../base/errors.ts";
import { inParallel } from "../../base/semaphore.ts";
import type { OutcomeKind } from "../../exec/outcome.ts";
import { outputFileName } from "../../exec/target_names.ts";
import type { OutputFolder } from "./events.ts";
import type { Host } from "../host.ts";

type Stream = "stdout" | "stderr";
const streams: readonly Stream[] = ["stdout", "stderr"];

/** Files that are inspected at the same time. */
const inspectedAtOnce = 64;

/**
 * The files of a run's outputs: `NAME.stdout` and `NAME.stderr`, for every target that starts. A write resolves
 * when the system has accepted the bytes, and rejects with the file's name if it can't (a full disk).
 */
export class OutputFiles implements AsyncDisposable {
  /** The paths of kept files without their names. */
  readonly incomplete: string[] = [];
  readonly #folder: string;
  readonly #replace: boolean;
  readonly #open = new Map<number, Readonly<Record<Stream, DraftFile>>>();

  constructor(private readonly host: Host, { path, replace }: OutputFolder) {
    this.#folder = path.startsWith("/") ? path : `${host.places.workingDir}/${path}`;
    this.#replace = replace;
  }

  /** @throws KodamaError `conflict` if a file of one of these targets exists. */
  async check(names: readonly string[]): Promise<void> {
    if (this.#replace) return;
    const paths = names.flatMap((name) => streams.map((stream) => this.#path(name, stream)));
    const inspecting = paths.map((path) => () => this.host.files.inspect(path));
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
    const create = (stream: Stream) => this.host.files.draft(this.#path(name, stream), options);
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

  /**
   * Ends the files of a target: they get their names if the output is whole, else they are kept as `NAME.incomplete`.
   * The output of a command that failed is whole, and replaces nothing.
   */
  async end(target: number, outcome: OutcomeKind): Promise<void> {
    const files = this.#open.get(target);
    this.#open.delete(target);
    const isNamed = outcome === "ok" || outcome === "failed" && !this.#replace;
    for (const stream of streams) {
      if (isNamed) await files?.[stream].complete();
      else this.incomplete.push(...[await files?.[stream].keep() ?? []].flat());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const target of [...this.#open.keys()]) await this.end(target, "cancelled");
  }

  #path(name: string, stream: Stream): string {
    return `${this.#folder}/${outputFileName(name)}.${stream}`;
  }
}
