/**
 * The metrics of requests to models, on this machine: a file for each process, so that no two processes write the same
 * file, below a limit of files and days. Prompts and answers aren't stored.
 */
import { KodamaError } from "../../base/errors.ts";
import type { CallMetrics } from "../../model/fallback.ts";
import { type ModelStats, modelStats, readCalls, storedOf } from "../../model/metrics.ts";
import type { Host, NewFile } from "../host.ts";
import { ModelSetup } from "./setup.ts";

export type { ModelStats } from "../../model/metrics.ts";

/** As many processes as are remembered, and for how long: like records of runs. */
const maxFiles = 1000;
const maxAgeMs = 30 * 24 * 3600 * 1000;
const maxFileBytes = 1024 * 1024;

/** Writes the metrics of a process. Disposal closes its file. */
export class CallLog implements AsyncDisposable {
  #file: Promise<NewFile> | undefined;
  /** Why a call isn't stored; the first reason. */
  problem: KodamaError | undefined;

  constructor(private readonly host: Host) {}

  /** Stores the metrics of a call. A problem doesn't prevent an answer: it is in {@link problem}. */
  async add(metrics: CallMetrics): Promise<void> {
    if (this.problem !== undefined) return;
    try {
      const file = await (this.#file ??= this.#open());
      const line = `${JSON.stringify(storedOf(metrics, this.host.clock.now()))}\n`;
      await file.write(new TextEncoder().encode(line));
    } catch (error) {
      if (!(error instanceof KodamaError)) throw error;
      this.problem = error;
    }
  }

  async #open(): Promise<NewFile> {
    const { files, clock } = this.host;
    const folder = callsFolder(this.host);
    const stamp = clock.now().toISOString().replaceAll(":", "-");
    const name = `${stamp}-${crypto.randomUUID().slice(0, 8)}.jsonl`;
    const file = await files.create(`${folder}/${name}`, { private: true, replace: false });
    await this.#removeOld(folder);
    return file;
  }

  async #removeOld(folder: string): Promise<void> {
    const { files, clock } = this.host;
    const names = (await files.listFiles(folder)).filter(isCallFile);
    const oldest = new Date(clock.now().getTime() - maxAgeMs).toISOString().replaceAll(":", "-");
    const extra = names.length - maxFiles;
    for (const [index, name] of names.entries()) {
      if (index < extra || name < oldest) await files.remove(`${folder}/${name}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const file = await this.#file?.catch(() => undefined);
    await file?.[Symbol.asyncDispose]();
  }
}

/** Returns the costs of the stored calls, by model. */
export async function readModelStats(host: Host): Promise<ModelStats[]> {
  const { prices } = await ModelSetup.of(host);
  if (host.places.userDir === undefined) return [];
  const folder = callsFolder(host);
  const names = (await host.files.listFiles(folder)).filter(isCallFile);
  const texts = await Promise.all(
    names.map((name) => host.files.readText(`${folder}/${name}`, maxFileBytes)),
  );
  return modelStats(texts.flatMap((text) => readCalls(text ?? "")), prices);
}

function callsFolder({ places }: Host): string {
  return `${places.configDir}/model-calls`;
}

function isCallFile(name: string): boolean {
  return /^\d{4}-.*\.jsonl$/.test(name);
}
