/** Faults that a user requests for a forward's connections: delays, a limited rate, and connections that are cut. */
import { parseDuration } from "../../base/duration.ts";
import { KodamaError } from "../../base/errors.ts";
import type { Clock } from "../../base/clock.ts";
import { parseQuantity } from "../../base/quantity.ts";

/** An end of a connection: the program on this machine. */
interface Duplex {
  read(): Promise<Uint8Array | null>;
  write(bytes: Uint8Array): Promise<void>;
  closeWrite(): Promise<void>;
  close(): void;
}

/** The faults of connections. */
export interface Faults {
  /** Added before the pod's bytes reach the program. */
  latencyMs: number;
  /** The latency varies by up to this much, either way. */
  jitterMs: number;
  /** Bytes per second, each way; undefined: no limit. */
  bandwidth: number | undefined;
  /** The share of connections, from 0 to 1, that is closed before a byte. */
  drop: number;
  /** The share of connections that is cut within the first 64 KiB of the pod's bytes. */
  reset: number;
}

/** The parts that faults need. */
interface FaultParts {
  clock: Clock;
  /** Returns a number from 0 to below 1. */
  random(): number;
  /** A connection was closed or cut. */
  onFault?(kind: "drop" | "reset"): void;
}

const names = ["latency", "jitter", "bandwidth", "drop", "reset"] as const;

/** Delayed bytes of a connection. */
const maxDelayedBytes = 4 * 2 ** 20;
const resetWithinBytes = 64 * 1024;

/**
 * Returns the faults in `latency=200ms,jitter=50ms,bandwidth=1Mi,drop=1%,reset=0.5%`.
 *
 * @throws KodamaError `usage` if a part isn't of this form.
 */
export function parseFaults(text: string): Faults {
  const faults: Faults = { latencyMs: 0, jitterMs: 0, bandwidth: undefined, drop: 0, reset: 0 };
  for (const part of text.split(",")) {
    const [name = "", value = ""] = part.split("=", 2).map((one) => one.trim());
    const fails = (reason: string) => new KodamaError("usage", `fault "${part}": ${reason}`);
    if (name === "latency" || name === "jitter") {
      const ms = value === "0" ? 0 : parseDuration(value);
      if (ms === undefined) throw fails("a duration is written as in 200ms or 1.5s");
      if (name === "latency") faults.latencyMs = ms;
      else faults.jitterMs = ms;
    } else if (name === "bandwidth") {
      const bytes = parseQuantity(value.replace(/B?(?:\/s)?$/, ""));
      if (bytes === undefined || !(bytes >= 1)) {
        throw fails("bytes per second are written as in 500k or 1Mi");
      }
      faults.bandwidth = bytes;
    } else if (name === "drop" || name === "reset") {
      const percent = /^(\d{1,3}(?:\.\d{1,6})?)%$/.exec(value)?.[1];
      if (percent === undefined || Number(percent) > 100) {
        throw fails("a share of the connections is written as in 1%");
      }
      faults[name] = Number(percent) / 100;
    } else throw fails(`the names are ${names.join(", ")}`);
  }
  return faults;
}

/** Returns the program's end of a connection with these faults. Its bytes, if any pass, stay in order and complete. */
export function withFaults(program: Duplex, faults: Faults, parts: FaultParts): Duplex {
  if (parts.random() < faults.drop) {
    program.close();
    parts.onFault?.("drop");
    return closedDuplex;
  }
  const isReset = parts.random() < faults.reset;
  const resetAfter = isReset ? Math.floor(parts.random() * resetWithinBytes) : Infinity;
  return new FaultyDuplex(program, faults, { ...parts, resetAfter });
}

const closedDuplex: Duplex = {
  read: () => Promise.resolve(null),
  write: () => Promise.reject(new Error("the connection was dropped")),
  closeWrite: () => Promise.resolve(),
  close: () => {},
};

/** Delays bytes without holding up those behind them: a delay isn't a limit of the rate. */
class FaultyDuplex implements Duplex {
  readonly #parts: FaultParts;
  #untilReset: number;
  readonly #up: Pace;
  readonly #down: Pace;
  /** The last delivery; rejects if a delivery failed. */
  #delivered: Promise<void> = Promise.resolve();
  #delayedBytes = 0;
  #dueMs = 0;
  #wakeWriter: (() => void) | undefined;
  #failure: { error: unknown } | undefined;
  #isClosed = false;

  constructor(
    private readonly program: Duplex,
    private readonly faults: Faults,
    { resetAfter, ...parts }: FaultParts & { resetAfter: number },
  ) {
    this.#parts = parts;
    this.#untilReset = resetAfter;
    this.#up = new Pace(faults.bandwidth, parts.clock);
    this.#down = new Pace(faults.bandwidth, parts.clock);
  }

  async read(): Promise<Uint8Array | null> {
    const bytes = await this.program.read();
    if (bytes !== null) await this.#sleepUntil(this.#up.next(bytes.length));
    return bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    const allowed = Math.min(bytes.length, this.#untilReset);
    this.#untilReset -= allowed;
    if (allowed > 0) await this.#deliverLater(bytes.slice(0, allowed));
    if (this.#untilReset > 0) return;
    await this.#delivered.catch(() => {});
    this.close();
    this.#parts.onFault?.("reset");
    this.#failure = { error: new Error("the connection was cut") };
    throw this.#failure.error;
  }

  async closeWrite(): Promise<void> {
    await this.#delivered;
    if (this.#failure !== undefined) throw this.#failure.error;
    await this.program.closeWrite();
  }

  close(): void {
    this.#isClosed = true;
    this.#wakeWriter?.();
    this.program.close();
  }

  async #deliverLater(bytes: Uint8Array): Promise<void> {
    const { latencyMs, jitterMs } = this.faults;
    const { clock, random } = this.#parts;
    const jitter = jitterMs === 0 ? 0 : (2 * random() - 1) * jitterMs;
    const due = Math.max(clock.elapsedMs() + latencyMs + jitter, this.#down.next(bytes.length));
    // Later bytes never overtake earlier bytes.
    this.#dueMs = Math.max(this.#dueMs, due);
    const dueMs = this.#dueMs;
    this.#delayedBytes += bytes.length;
    const before = this.#delivered;
    this.#delivered = (async () => {
      await before;
      await this.#sleepUntil(dueMs);
      if (!this.#isClosed) await this.program.write(bytes);
      this.#delayedBytes -= bytes.length;
      this.#wakeWriter?.();
    })();
    this.#delivered.catch((error: unknown) => {
      this.#failure ??= { error };
      this.#wakeWriter?.();
    });
    while (this.#delayedBytes > maxDelayedBytes && this.#failure === undefined && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
  }

  async #sleepUntil(atMs: number): Promise<void> {
    const { clock } = this.#parts;
    const delayMs = atMs - clock.elapsedMs();
    if (delayMs <= 0 || this.#isClosed) return;
    await new Promise<void>((resolve) => void clock.timer(delayMs, resolve));
  }
}

/** When bytes may pass at a limited rate. */
class Pace {
  #freeAtMs = 0;

  constructor(
    private readonly bytesPerSecond: number | undefined,
    private readonly clock: Clock,
  ) {}

  /** Returns the time at which this many further bytes have passed. */
  next(bytes: number): number {
    if (this.bytesPerSecond === undefined) return 0;
    const startMs = Math.max(this.clock.elapsedMs(), this.#freeAtMs);
    this.#freeAtMs = startMs + bytes / this.bytesPerSecond * 1000;
    return this.#freeAtMs;
  }
}
