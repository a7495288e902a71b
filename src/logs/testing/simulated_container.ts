/** A container on a simulated node: it writes, restarts and ends while it is read, and its links break anywhere. */
import { KodamaError } from "../../base/errors.ts";
import type { ContainerState } from "../containers.ts";
import type { FollowedContainer, LogQuery } from "../reading.ts";

/** The next event, whenever a reader waits for bytes. */
export type Happening =
  /** A line is written N milliseconds later. */
  | { kind: "line"; afterMs: number; text: string }
  /** The node's clock goes back. */
  | { kind: "clockBack"; byMs: number }
  /** The container ends, and another instance starts. */
  | { kind: "restart" }
  /** The connection breaks after N more bytes. */
  | { kind: "cut"; afterBytes: number }
  /** Like `cut`, but a followed body ends as if it were complete: a proxy ends what lasts too long. */
  | { kind: "quietCut"; afterBytes: number };

const beginMs = Date.UTC(2026, 0, 1, 12, 0, 0, 500);
const encoder = new TextEncoder();

interface Written {
  atMs: number;
  text: string;
}

/** Follows its script; after that the pod has ended. */
export class SimulatedContainer implements FollowedContainer {
  readonly #script: Happening[];
  readonly #chunkBytes: number;
  readonly #instances: Written[][] = [[]];
  #nowMs = beginMs;

  constructor(script: readonly Happening[], options: { chunkBytes: number }) {
    this.#script = [...script];
    this.#chunkBytes = options.chunkBytes;
  }

  /** All lines written by all instances. */
  get written(): string[] {
    return this.#instances.flat().map(({ text }) => text);
  }

  get #over(): boolean {
    return this.#script.length === 0;
  }

  open = (query: LogQuery): Promise<AsyncIterable<Uint8Array>> => {
    const at = this.#instances.length - (query.previous ? 2 : 1);
    if (at < 0) {
      return Promise.reject(new KodamaError("server", "previous terminated container not found"));
    }
    return Promise.resolve(this.#stream(at, query));
  };

  state = (): Promise<ContainerState> => {
    const instance = this.#instances.length - 1;
    return Promise.resolve(
      this.#over ? { kind: "ended", instance, final: true } : { kind: "running", instance },
    );
  };

  changed = (): Promise<void> => {
    this.#happen();
    return Promise.resolve();
  };

  async *#stream(instance: number, query: LogQuery): AsyncGenerator<Uint8Array> {
    const { follow, tailLines, sinceTime } = query;
    const log = this.#instances[instance] as Written[];
    // Servers truncate the time to whole seconds.
    const sinceMs = sinceTime === undefined ? 0 : Math.floor(Date.parse(sinceTime) / 1000) * 1000;
    let at = tailLines === undefined ? 0 : Math.max(0, log.length - tailLines);
    for (;;) {
      const lines = log.slice(at).filter(({ atMs }) => atMs >= sinceMs);
      at = log.length;
      const all = encoder.encode(
        lines.map(({ atMs, text }) => `${stamp(atMs)} ${text}\n`).join(""),
      );
      const cut = this.#cutWithin(all);
      const bytes = cut === undefined ? all : all.subarray(0, cut.afterBytes);
      for (let begin = 0; begin < bytes.length; begin += this.#chunkBytes) {
        yield bytes.slice(begin, begin + this.#chunkBytes);
      }
      if (cut?.kind === "cut" || (cut !== undefined && !follow)) {
        throw new KodamaError("unreachable", "the link broke");
      }
      if (cut?.kind === "quietCut") return;
      const ended = instance < this.#instances.length - 1 || this.#over;
      if (at === log.length && (!follow || ended)) return;
      this.#happen();
    }
  }

  /** The next break of the link, somewhere in these bytes. */
  #cutWithin(bytes: Uint8Array): Extract<Happening, { afterBytes: number }> | undefined {
    const [next] = this.#script;
    if (next?.kind !== "cut" && next?.kind !== "quietCut") return undefined;
    this.#script.shift();
    return { ...next, afterBytes: Math.min(next.afterBytes, bytes.length) };
  }

  #happen(): void {
    const next = this.#script.shift();
    if (next?.kind === "clockBack") this.#nowMs -= next.byMs;
    if (next?.kind === "restart") this.#instances.push([]);
    if (next?.kind === "line") {
      this.#nowMs += next.afterMs;
      this.#instances.at(-1)?.push({ atMs: this.#nowMs, text: next.text });
    }
  }
}

function stamp(atMs: number): string {
  return new Date(atMs).toISOString().replace("Z", "000000Z");
}
