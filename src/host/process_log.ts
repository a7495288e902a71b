/**
 * The log of this process: to standard error, to a file, or both. The targets are decided when the settings are read;
 * records before that wait. Writes to the file are synchronous, so that the last record before a crash is in it.
 */
import {
  isLogged,
  type Log,
  type LogFormat,
  type LogLevel,
  logLine,
  type LogRecord,
} from "../base/log.ts";
import { redact } from "../exec/redact.ts";
import { printable } from "../terminal/printable.ts";
import type { OutputStream } from "../terminal/terminal.ts";

/** At this size a file is renamed to `FILE.1`, and the file before to `FILE.2`. */
const maxFileBytes = 5 * 1024 * 1024;

/** Files that remain beside the current file. */
const oldFiles = 2;

/** Records that wait at most. */
const maxWaiting = 1000;

/** A target, and the records for it. */
interface LogTarget {
  /** Undefined if nothing is. */
  level: LogLevel | undefined;
  format: LogFormat;
  /** Standard error if undefined. */
  file: string | undefined;
  /** Only the records of this category. */
  category?: string;
}

/** The dependencies of the log. */
interface ProcessLogParts {
  stderr: OutputStream;
  now: () => Date;
}

/** A log. */
export class ProcessLog {
  /** The running command, for the records. */
  command = "";
  #waiting: LogRecord[] | undefined = [];
  #targets: LogTarget[] = [];
  readonly #listeners = new Set<(record: LogRecord) => void>();
  #brokenFile = false;
  #readTargets: (() => Promise<readonly LogTarget[]>) | undefined;
  #opening: Promise<void> | undefined;

  constructor(private readonly parts: ProcessLogParts) {}

  /** Adds a record. */
  readonly log: Log = (level, category, message) => {
    const { command } = this;
    const record = { at: this.parts.now(), level, category, command, message };
    for (const listener of this.#listeners) listener(redacted(record));
    if (this.#waiting === undefined) return this.#write(record);
    if (this.#waiting.length < maxWaiting) this.#waiting.push(record);
    void this.opened();
  };

  /**
   * Gives all later records to a listener that shows them, whatever is written. Until it is disposed of, nothing is
   * written to a terminal, which is the listener's.
   */
  listen(listener: (record: LogRecord) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Returns whether records of a level are written anywhere, as far as is known by now. */
  includes(level: LogLevel): boolean {
    return this.#targets.some((one) => one.level !== undefined && isLogged(level, one.level));
  }

  /** Writes further records to a target, once for equal targets. Records that wait do so for all targets. */
  add(target: LogTarget): void {
    const text = JSON.stringify(target);
    if (this.#targets.some((one) => JSON.stringify(one) === text)) return;
    this.#targets.push(target);
  }

  /** Decides the targets; waiting records are written. */
  open(targets: readonly LogTarget[]): void {
    this.#targets.push(...targets.filter(({ level }) => level !== undefined));
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const record of waiting) this.#write(record);
  }

  /**
   * The same with targets that are read from settings, as soon as a record waits or {@link opened} is called. Only the
   * first call counts.
   */
  openBy(targets: () => Promise<readonly LogTarget[]>): void {
    this.#readTargets ??= targets;
    if (this.#waiting !== undefined && this.#waiting.length > 0) void this.opened();
  }

  /** Resolves when no record waits any more; at once if nothing decides about targets. */
  async opened(): Promise<void> {
    this.#opening ??= this.#readTargets?.().then((all) => this.open(all), (error) => {
      this.open([]);
      this.#warn(error);
    });
    await this.#opening;
  }

  #write(raw: LogRecord): void {
    const targets = this.#targets.filter(({ level, category = raw.category }) =>
      level !== undefined && isLogged(raw.level, level) && category === raw.category
    );
    if (targets.length === 0) return;
    const record = redacted(raw);
    for (const { format, file } of targets) {
      const line = logLine(record, format);
      if (file === undefined) this.#print(line);
      else this.#append(file, line);
    }
  }

  /**
   * On a terminal a line replaces the current line, which may be a status line, and returns to the line's beginning by
   * itself, since the terminal may be in raw mode.
   */
  #print(line: string): void {
    const { stderr } = this.parts;
    if (this.#listeners.size > 0 && stderr.isTerminal) return;
    const [before, after] = stderr.isTerminal ? ["\r\x1b[K", "\r\n"] : ["", "\n"];
    stderr.write(`${before}${printable(line)}${after}`).catch(() => {});
  }

  #append(file: string, line: string): void {
    if (this.#brokenFile) return;
    try {
      rotate(file);
      Deno.writeTextFileSync(file, `${line}\n`, { append: true, mode: 0o600 });
    } catch (error) {
      this.#brokenFile = true;
      this.#warn(error);
    }
  }

  #warn(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const { stderr, now } = this.parts;
    const message = `no log is written: ${printable(reason)}`;
    const { command } = this;
    for (const listener of this.#listeners) {
      listener({ at: now(), level: "warning", category: "log", command, message });
    }
    if (this.#listeners.size > 0 && stderr.isTerminal) return;
    stderr.write(`warning: ${message}\n`).catch(() => {});
  }
}

function rotate(file: string): void {
  let size: number;
  try {
    ({ size } = Deno.statSync(file));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    Deno.mkdirSync(file.slice(0, file.lastIndexOf("/")) || "/", { recursive: true, mode: 0o700 });
    return;
  }
  if (size < maxFileBytes) return;
  for (let at = oldFiles; at > 0; at--) {
    try {
      Deno.renameSync(at === 1 ? file : `${file}.${at - 1}`, `${file}.${at}`);
    } catch (error) {
      // There are fewer old files; or another kodama has just done it.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Returns a record without possible secrets. */
function redacted(record: LogRecord): LogRecord {
  const [message = ""] = redact([record.message]).args;
  return { ...record, message };
}
