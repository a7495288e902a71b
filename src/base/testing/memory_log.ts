/** A log in memory: a test asserts its records. */
import assert from "node:assert/strict";
import { type Log, type LogLevel, logLevels } from "../log.ts";

/** Collects records. */
export class MemoryLog {
  readonly records: { level: LogLevel; category: string; message: string }[] = [];

  /** The log to hand in. */
  readonly log: Log = (level, category, message) => {
    this.records.push({ level, category, message });
  };

  /** Fails the test unless a record of the level matches, and returns it. */
  assertLogged(level: LogLevel, message: RegExp): { category: string; message: string } {
    const found = this.records.find((one) => one.level === level && message.test(one.message));
    const all = this.records.map((one) => `${one.level} ${one.category}: ${one.message}`);
    assert.ok(found, `no ${level} matches ${message}:\n${all.join("\n")}`);
    return found;
  }

  /** The number of records of each level that has some. */
  counts(): Partial<Record<LogLevel, number>> {
    return Object.fromEntries(
      logLevels.map((level) => [level, this.records.filter((one) => one.level === level).length])
        .filter(([, count]) => count !== 0),
    );
  }
}
