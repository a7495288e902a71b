/**
 * The record of a shard, stored in ConfigMaps of its namespace: what is flushed survives the pod, the node and this
 * process. Of two processes of one shard only the later one can write: each write depends on the one before it, by
 * the version of the ConfigMap or by the creation of the next one.
 */
import type { Clock } from "../../base/clock.ts";
import { Deadline } from "../../base/abort.ts";
import { formatDuration } from "../../base/duration.ts";
import { KodamaError } from "../../base/errors.ts";
import { outagePolicy, retry } from "../../base/retry.ts";
import type { KubeClient } from "../../kube/client.ts";
import { RestartErrors } from "../../kube/failures.ts";
import { CONFIG_MAPS } from "../../kube/resources.ts";
import type { KubeObject, OwnerReference } from "../../kube/types.ts";
import { runLabels, shardLabel } from "./names.ts";

/** Characters in one ConfigMap, whose limit is 1 MiB: of three bytes at most. A write sends all of them again. */
const maxChunkLength = 192 * 1024;

/** ConfigMaps of one shard: 4.5 million characters, of some 10,000 pods. */
export const maxChunks = 24;

/** Which process has the ConfigMap. */
const holderAnnotation = "kodama.dev/holder";
/** Nothing more is written to it: there is a next one, or its holder is about to create it. */
const closedAnnotation = "kodama.dev/closed";

/** The names of a shard's ConfigMaps, in their order. */
export function chunkName(job: string, shard: number, chunk: number): string {
  return `${job}-${shard}-${chunk}`;
}

/** The shard, its API server, and what it depends on. */
export interface ShardRecordOptions {
  client: Pick<KubeClient, "get" | "create" | "update" | "server">;
  clock: Clock;
  random?: () => number;
  namespace: string;
  /** The Job's name. */
  job: string;
  /** The Job: with it the record goes. */
  owner: OwnerReference;
  shard: number;
  /** Identifies this process. */
  holder: string;
  /** Of the user's settings, for every object of the run. */
  labels?: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** A process that has started nothing doesn't wait longer: its pod may be one that is kept from the API server. */
const openLimitMs = 20_000;

type Chunk = KubeObject & { data?: Record<string, string> };

/** See above. */
export class ShardRecord implements AsyncDisposable {
  #waiting = "";
  #added = 0;
  #stored = 0;
  #turn = Promise.withResolvers<void>();
  #pump: Promise<void> | undefined;
  #failure: KodamaError | undefined;

  private constructor(
    private readonly options: ShardRecordOptions,
    private chunk: Chunk,
    private index: number,
  ) {}

  /**
   * Makes this process the only one that can write, and returns what earlier ones have written.
   *
   * A full record is opened too: its last ConfigMap is never closed, and the next line fails.
   *
   * @throws KodamaError `forbidden` if the service account lacks a right; `timeout` if the API server can't be reached.
   */
  static async open(options: ShardRecordOptions): Promise<{ record: ShardRecord; text: string }> {
    using deadline = new Deadline(options.clock, openLimitMs, options.signal);
    try {
      return await ShardRecord.#taken({ ...options, signal: deadline.signal }, options);
    } catch (error) {
      if (!deadline.expired) throw error;
      throw new KodamaError(
        "timeout",
        `this pod can't reach the API server ${options.client.server}: no answer in ${
          formatDuration(openLimitMs)
        }; is there a NetworkPolicy that allows it?`,
        { cause: error },
      );
    }
  }

  /** @param later the options of the record's own writes. */
  static async #taken(
    options: ShardRecordOptions,
    later: ShardRecordOptions,
  ): Promise<{ record: ShardRecord; text: string }> {
    const { signal, holder } = options;
    for (;;) {
      signal.throwIfAborted();
      const chunks = await readChunks(options);
      const tail = chunks.at(-1);
      const isNew = tail === undefined ||
        tail.metadata.annotations?.[closedAnnotation] !== undefined;
      const index = isNew ? chunks.length : chunks.length - 1;
      try {
        const taken = isNew
          ? await create(options, index, "")
          : await replace(options, withAnnotation(tail, holderAnnotation, holder));
        const record = new ShardRecord(later, taken, index);
        const text = chunks.map(textOf).join("");
        // A process that was killed between two parts of a long line leaves its first part.
        if (text !== "" && !text.endsWith("\n")) record.#waiting = "\n";
        return { record, text };
      } catch (error) {
        // Another process of this shard was faster, or is still writing.
        if (!(error instanceof KodamaError) || error.kind !== "conflict") throw error;
      }
    }
  }

  /** Queues a line; returns at once. */
  add(line: object): void {
    if (this.#failure !== undefined) return;
    this.#waiting += `${JSON.stringify(line)}\n`;
    this.#added++;
    this.#pump ??= this.#drain();
  }

  /** Resolves when all lines so far are stored. @throws KodamaError if they can't be: nothing may start then. */
  async flushed(): Promise<void> {
    const upTo = this.#added;
    while (this.#stored < upTo && this.#failure === undefined) await this.#turn.promise;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves when all is written; with the error if that failed. */
  async settled(): Promise<KodamaError | undefined> {
    while (this.#pump !== undefined) await this.#pump;
    return this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled();
  }

  /** Never rejects. Lines that arrive during a write are written together. */
  async #drain(): Promise<void> {
    try {
      while (this.#waiting !== "") {
        const upTo = this.#added;
        let text = this.#waiting;
        this.#waiting = "";
        while (text !== "") {
          const part = partOf(text, maxChunkLength - textOf(this.chunk).length);
          await this.#append(part);
          text = text.slice(part.length);
        }
        this.#stored = upTo;
        this.#next();
      }
    } catch (error) {
      this.#failure = error instanceof KodamaError
        ? error
        : new KodamaError("environment", String(error), { cause: error });
      this.#next();
    } finally {
      this.#pump = undefined;
    }
  }

  #next(): void {
    this.#turn.resolve();
    this.#turn = Promise.withResolvers();
  }

  /** Appends a text that fits, or, if the ConfigMap is full, continues in the next one. */
  async #append(part: string): Promise<void> {
    if (part !== "") {
      this.chunk = await replace(this.options, withText(this.chunk, textOf(this.chunk) + part));
      return;
    }
    if (this.index + 1 >= maxChunks) throw fullError(this.options.shard);
    // Closed before the next one exists: no other process can have taken this one over since.
    await replace(this.options, withAnnotation(this.chunk, closedAnnotation, "true"));
    this.chunk = await create(this.options, ++this.index, "");
  }
}

/** Returns the beginning of a text that is at most this long; no half of a character. Empty if little fits. */
function partOf(text: string, length: number): string {
  if (text.length <= length) return text;
  // A line is only divided if it is longer than a ConfigMap.
  const line = text.lastIndexOf("\n", length - 1);
  if (line >= 0) return text.slice(0, line + 1);
  if (length < maxChunkLength) return "";
  const isHalf = text.codePointAt(length - 1) !== text.charCodeAt(length - 1);
  return text.slice(0, isHalf ? length - 1 : length);
}

function fullError(shard: number): KodamaError {
  return new KodamaError("environment", `the record of shard ${shard} is full`, {
    hint: "with more shards each of them has fewer pods",
  });
}

function takenError({ shard }: ShardRecordOptions): KodamaError {
  return new KodamaError("conflict", `another process of shard ${shard} has replaced this one`);
}

function textOf({ data }: Chunk): string {
  return data?.lines ?? "";
}

function withText(chunk: Chunk, lines: string): Chunk {
  return { ...chunk, data: { ...chunk.data, lines } };
}

function withAnnotation(chunk: Chunk, name: string, value: string): Chunk {
  const { metadata } = chunk;
  return {
    ...chunk,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [name]: value } },
  };
}

/** Returns what a shard of an earlier run has written. */
export async function readShardText(options: ReadOptions): Promise<string> {
  return (await readChunks(options)).map(textOf).join("");
}

/** The record to read. */
type ReadOptions = Pick<
  ShardRecordOptions,
  "client" | "clock" | "random" | "namespace" | "job" | "shard" | "signal"
>;

async function readChunks(options: ReadOptions): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  while (chunks.length < maxChunks) {
    const found = await readChunk(options, chunks.length);
    if (found === undefined) break;
    chunks.push(found);
  }
  return chunks;
}

async function readChunk(options: ReadOptions, index: number): Promise<Chunk | undefined> {
  const { client, namespace, job, shard } = options;
  return await persistently(options, async (signal) => {
    try {
      return await client.get<Chunk>(CONFIG_MAPS, chunkName(job, shard, index), { namespace }, {
        signal,
      });
    } catch (error) {
      if (error instanceof KodamaError && error.kind === "notFound") return undefined;
      throw error;
    }
  });
}

/** Creates a ConfigMap; it may have been created by an attempt whose answer was lost. */
async function create(options: ShardRecordOptions, index: number, lines: string): Promise<Chunk> {
  const { client, namespace, job, owner, shard, holder, labels } = options;
  const chunk: Chunk = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: chunkName(job, shard, index),
      namespace,
      labels: { ...labels, ...runLabels(job, "record"), [shardLabel]: String(shard) },
      annotations: { [holderAnnotation]: holder },
      ownerReferences: [owner],
    },
    data: { lines },
  };
  try {
    return await persistently(
      options,
      (signal) => client.create<Chunk>(CONFIG_MAPS, chunk, { namespace }, { signal }),
    );
  } catch (error) {
    if (!(error instanceof KodamaError) || error.kind !== "conflict") throw error;
    const current = await readChunk(options, index);
    if (current !== undefined && isOurs(current, chunk)) return current;
    throw takenError(options);
  }
}

/** Replaces a ConfigMap unless another process has changed it. */
async function replace(options: ShardRecordOptions, chunk: Chunk): Promise<Chunk> {
  const { client, namespace } = options;
  const { name = "" } = chunk.metadata;
  try {
    return await persistently(
      options,
      (signal) => client.update<Chunk>(CONFIG_MAPS, name, chunk, { namespace }, { signal }),
    );
  } catch (error) {
    if (!(error instanceof KodamaError)) throw error;
    if (error.kind !== "conflict") throw error;
    const current = await persistently(
      options,
      (signal) => client.get<Chunk>(CONFIG_MAPS, name, { namespace }, { signal }),
    );
    // The answer to an earlier attempt was lost.
    if (isOurs(current, chunk)) return current;
    throw takenError(options);
  }
}

function isOurs(current: Chunk, written: Chunk): boolean {
  const parts = ({ metadata: { annotations } }: Chunk) =>
    [annotations?.[holderAnnotation], annotations?.[closedAnnotation]].join();
  return parts(current) === parts(written) && textOf(current) === textOf(written);
}

async function persistently<T>(
  { clock, signal, random }: Pick<ShardRecordOptions, "clock" | "signal" | "random">,
  attempt: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const restart = new RestartErrors(clock);
  return await retry(attempt, {
    policy: outagePolicy.follow,
    clock,
    signal,
    mayRetry: (error) => restart.mayRetry(error),
    ...(random === undefined ? {} : { random }),
  });
}
