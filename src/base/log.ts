/** Log records: this program's actions and their reasons, for a look afterwards. Off unless it is switched on. */

/** From the most severe. */
export const logLevels = ["error", "warning", "info", "debug", "trace"] as const;

/**
 * `info`: commands, their ends, and decisions of the gate. `debug`: also each request to an API server. `trace`: also
 * the choice of protocols, retries and reconnects.
 */
export type LogLevel = typeof logLevels[number];

/** The form of a line; `short` is time of day and message. */
export type LogFormat = "text" | "json" | "short";

/** Takes a record; `category` is the module that it comes from: `kube`, `gate`, `command`. */
export type Log = (level: LogLevel, category: string, message: string) => void;

/** A record. */
export interface LogRecord {
  at: Date;
  level: LogLevel;
  category: string;
  /** The running command: `runs list`. */
  command: string;
  message: string;
}

/** Returns whether records of a level are written if those up to `limit` are. */
export function isLogged(level: LogLevel, limit: LogLevel): boolean {
  return logLevels.indexOf(level) <= logLevels.indexOf(limit);
}

/** Returns a record as a line without its end. */
export function logLine({ at, ...record }: LogRecord, format: LogFormat): string {
  const time = at.toISOString();
  if (format === "short") return `${time.slice(11, 23)} ${record.message}`;
  if (format === "json") return JSON.stringify({ time, ...record });
  const { level, category, command, message } = record;
  const source = command === "" ? category : `${category} (${command})`;
  return `${time} ${level.padEnd(7)} ${source}: ${message.replaceAll(/\r?\n/g, "\\n")}`;
}
