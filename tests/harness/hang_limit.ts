/**
 * How long a test waits for an event before it reports what it has seen instead. It says nothing about speed: no machine
 * is so slow that an event that comes at all takes as long. Without it a test that fails would never end.
 */
export const hangLimitMs = 300_000;

/** The same as an argument of kubectl. */
export const hangTimeout = `--timeout=${hangLimitMs / 1000}s`;
